"""A lone problem takes shorter ways than a batch: the answers are the same."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.identifiability import effective_attention, nullity


@pytest.mark.parametrize("sum_constraint", [True, False])
@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("hidden", [0, 5, 11])
@pytest.mark.parametrize("size", [1.0, 1e-200, 1e200])
def test_a_lone_problem_is_one_of_a_batch(
    sum_constraint: bool, copies: int, hidden: int, size: float
) -> None:
    rng = np.random.default_rng(hidden)
    values = size * np.repeat(rng.standard_normal((4, 12 // copies, 5)), copies, axis=1)
    weights = rng.dirichlet(np.ones(12), 4)
    mask = np.argsort(rng.random((4, 12)), axis=1, kind="stable") >= hidden
    values[~mask] = np.nan
    together = effective_attention(weights, values, mask, sum_constraint=sum_constraint)
    ranks = nullity(values, mask).affine_rank
    for trial in range(4):
        own = (weights[trial], values[trial], mask[trial])
        alone = effective_attention(*own, sum_constraint=sum_constraint)
        np.testing.assert_allclose(alone, together[trial], rtol=0, atol=1e-12)
        assert not alone[~mask[trial]].any()
        assert nullity(own[1], own[2]).affine_rank == ranks[trial]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e301, 1e-301])
def test_a_lone_problem_is_looked_at_as_closely(wrong: float) -> None:
    values = np.full((6, 2), wrong)
    with pytest.raises(ValueError, match="values"):
        effective_attention(np.full(6, 1 / 6), values)
