"""Q3 of weights that underflowed: what is certain is certain of one object, the exact softmax of the query."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.attention import softmax_weights
from attnlab.identifiability import lost_by_degree, softmax_rivals

WEIGHTS = [1.0, 3.0143060424616157e-44, 0.0, 0.0]
VALUES = [
    [1.8098120166525875, 1.421498864233383],
    [1.9393172194007193, -0.27112135751271105],
    [-0.31936775413860047, 0.12594017366178434],
    [-0.7054866656471424, 0.4570093548932762],
]
KEYS = [
    [-2.055990084051312, -0.28802525896035686],
    [-0.5983450414595048, -1.9939690580208196],
    [-0.4572284701572062, 0.4813268350609503],
    [-0.2854741846830426, 0.5177422996442892],
]


def test_two_stored_weights_of_a_softmax_over_four_positions() -> None:
    found = softmax_rivals(WEIGHTS, VALUES, KEYS)
    assert found.of_keys and lost_by_degree(WEIGHTS, VALUES, KEYS)
    assert found.lost and not found.kept
    few = softmax_rivals(WEIGHTS[:3], VALUES[:3], KEYS[:3])
    assert few.kept and not few.lost, "three values leave no other weights, whatever underflowed"


@pytest.mark.parametrize("e", [1, 2, 3])
def test_nothing_is_kept_and_lost(e: int) -> None:
    rng = np.random.default_rng(e)
    underflowed = 0
    for n in (2, 3, 5, 8, 12):
        for temperature in (1e-3, 3e-3, 1e-2, 1e-1):
            keys = rng.standard_normal((6, n, e))
            noise = rng.choice([0.0, 0.1, 0.5], size=(6, 1, 1))
            values = keys @ rng.standard_normal((e, e)) + noise * rng.standard_normal((6, n, e))
            scores = np.matmul(keys, rng.standard_normal((6, e, 1)))[..., 0] / temperature
            a = softmax_weights(scores, np.ones((6, n), dtype=bool))
            found = softmax_rivals(a, values, keys)
            assert not (found.kept & (found.lost | lost_by_degree(a, values, keys))).any()
            underflowed += int((a == 0).any(axis=1).sum())
    assert underflowed > 20
