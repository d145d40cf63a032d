"""A construction that declines says what is true of the trials at hand."""

from __future__ import annotations

import numpy as np
import pytest

import attnlab
from attnlab.arrays import Array
from attnlab.parts import Declined
from attnlab.solvers.null_space import affine_basis, null_dimension

N, D = 16, 3


def reason(kind: str, values: Array, weights: Array, **given: Array) -> str:
    with pytest.raises(Declined) as declined:
        attnlab.collide(values, kind, weights=weights, **given)  # type: ignore[arg-type]
    return str(declined.value)


@pytest.mark.parametrize("temperature", [0.1, 0.01, 0.001])
def test_what_few_positions_of_sharp_softmax_weights_are_declined_for(temperature: float) -> None:
    """Values are dependent while more than d + 1 weights are not 0; what can be left out is little."""
    keys = np.linspace(-1, 1, N)[:, None] * 20
    values = np.random.default_rng(0).standard_normal((N, D))
    weights = attnlab.attend([1.0], keys, values, temperature=temperature).weights
    attended = (weights > 0)[None]
    dependent = null_dimension(affine_basis(values[None], attended), attended)[0] > 0
    told = reason("caratheodory", values, weights)
    assert ("affinely independent" in told) == (not dependent) and ("less than 1e-09" in told) == dependent
    assert dependent == (attended.sum() > D + 1)


def test_both_reasons_of_few_positions_are_met() -> None:
    keys = np.linspace(-1, 1, N)[:, None] * 20
    values = np.random.default_rng(0).standard_normal((N, D))
    sharp, sharper = (attnlab.attend([1.0], keys, values, temperature=t).weights for t in (0.1, 0.001))
    assert (sharp > 0).all() and (sharper > 0).sum() <= D + 1
    assert reason("caratheodory", values, sharp) != reason("caratheodory", values, sharper)


def test_a_key_twice_does_not_stand_out_and_others_may_differ() -> None:
    keys = np.array([[1.0], [1.0], [0.0], [-1.0]])
    values = np.random.default_rng(0).standard_normal((4, D))
    told = reason("transplant", values, np.full(4, 0.25), keys=keys, queries=np.array([1.0]))
    assert "another has the same product" in told and "every" not in told
