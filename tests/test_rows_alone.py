"""What a row of weights becomes at the door rests on that row: others beside it change no bit."""

from __future__ import annotations

import numpy as np

from attnlab.identifiability import fibre_intervals
from attnlab.problems import NEGLIGIBLE, Problems


def test_a_sum_that_is_off_is_mended_in_its_row_alone() -> None:
    rng = np.random.default_rng(5)
    weights, values = rng.dirichlet(np.ones(9), 40), rng.standard_normal((9, 3))
    off = weights.copy()
    off[7] *= 1 + 100 * NEGLIGIBLE
    ((_, piece),) = Problems.of(values, weights=off).pieces()
    for i, row in enumerate(off):
        ((_, alone),) = Problems.of(values, weights=row).pieces()
        np.testing.assert_array_equal(piece.given_weights[i], alone.given_weights[0])
    np.testing.assert_array_equal(np.delete(piece.given_weights, 7, axis=0), np.delete(weights, 7, axis=0))
    assert np.abs(piece.given_weights[7].sum() - 1) < NEGLIGIBLE


def test_intervals_hold_the_weights_as_they_were_given() -> None:
    """Where the sum is 1 to NEGLIGIBLE nothing is divided, whatever stands beside the row."""
    rng = np.random.default_rng(6)
    weights, values = rng.dirichlet(np.ones(9), 40), rng.standard_normal((9, 3))
    weights[0] *= 1 + 100 * NEGLIGIBLE
    found = fibre_intervals(weights, values)
    assert (found[1:, :, 0] <= weights[1:]).all() and (weights[1:] <= found[1:, :, 1]).all()
