"""Supporting values that nearly coincide: the verdict is that of exact arithmetic, in whatever order they come."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.identifiability import fibre_intervals, is_unique, top_certified
from attnlab.oracles.programmes import is_unique_exactly
from attnlab.shapes import Array


def clustered(n: int, d: int, step: float, rng: np.random.Generator) -> Array:
    """Gaussian rows; one comes twice and one three times, `step` apart."""
    values = rng.standard_normal((n, d))
    for copy, of in ((3, 1), (4, 2), (5, 4)):
        values[copy] = values[of] + step * rng.standard_normal(d)
    return values


@pytest.mark.parametrize("step", [1e-15, 1e-13, 1e-12, 1e-11, 1e-10, 1e-8])
@pytest.mark.parametrize(("n", "d", "k"), [(6, 5, 6), (7, 9, 7), (10, 9, 6)])
def test_any_order_has_the_exact_verdict(n: int, d: int, k: int, step: float) -> None:
    """All of n <= d + 1 positions, and k of more; `step` to 1e-12 was unique in one order, not in another."""
    rng = np.random.default_rng(n)
    for _ in range(3):
        values, weights = clustered(n, d, step, rng), np.zeros(n)
        weights[:k] = rng.dirichlet(np.full(k, 0.3))
        exact = is_unique_exactly(weights > 0, values)
        orders = [rng.permutation(n) for _ in range(12)]
        shuffled = np.stack([values[order] for order in orders])
        a = np.stack([weights[order] for order in orders])
        found, top = is_unique(a, shuffled), top_certified(a, shuffled)
        assert not (found.not_unique if exact else found.unique).any()
        if k == n:  # where others may enter, directions as short as these are too doubtful
            assert (found.unique == exact).all()
        if exact:
            assert not top.refuted.any()
            assert np.ptp(fibre_intervals(a, shuffled)[found.unique], axis=-1).max(initial=0.0) == 0.0


def test_equal_supporting_values_are_never_unique() -> None:
    rng = np.random.default_rng(1)
    values = clustered(6, 5, 0.0, rng)
    for _ in range(12):
        assert is_unique(np.full(6, 1 / 6), values[rng.permutation(6)]).not_unique
