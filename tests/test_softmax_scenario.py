"""The asker's scenario under the softmax: what is found is confirmed, and below what the simplex allows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from attnlab.identifiability import softmax_scenario


@pytest.mark.parametrize(("n", "d", "e"), [(6, 1, 1), (8, 2, 2), (12, 2, 4), (12, 3, 3)])
def test_two_queries_reach_what_is_found(n: int, d: int, e: int) -> None:
    rng = np.random.default_rng(n)
    values, keys = rng.standard_normal((6, n, d)), rng.standard_normal((6, n, e))
    scenario = softmax_scenario(0, 1, values, keys)
    assert (scenario.found <= scenario.bound + 1e-9).all()
    assert (scenario.found > 0).any()
    for b in np.flatnonzero(scenario.found > 0):
        one, other = softmax(scenario.queries[b] @ keys[b].T, axis=1)
        assert min(one[0], other[1]) == pytest.approx(scenario.found[b], rel=1e-6)
        np.testing.assert_allclose(one @ values[b], other @ values[b], atol=1e-10)
        assert np.abs(one - other).sum() > 1e-6


def test_equal_values_let_the_softmax_reach_one_as_the_simplex_does() -> None:
    keys = np.array([[-1.0], [1.0], [0.2]])
    values = np.array([[1.0], [1.0], [0.0]])
    scenario = softmax_scenario(0, 1, values, keys)
    assert scenario.bound == pytest.approx(1) and 0.9 < scenario.found < 1


def test_tied_keys_allow_no_such_pair_and_positions_are_asked_for() -> None:
    rng = np.random.default_rng(0)
    keys = rng.standard_normal((3, 10, 2))
    assert not softmax_scenario(0, 1, keys, keys).found.any()
    with pytest.raises(ValueError, match="different positions"):
        softmax_scenario(1, 1, keys, keys)
    with pytest.raises(ValueError, match="positions from 0 to 9"):
        softmax_scenario(0, 10, keys, keys)
