"""Heads whose rows share values: no row has them copied, and what a batch answers is what its rows do."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from attnlab import decode
from attnlab.identifiability import is_unique
from attnlab.identifiability.alike import pieces, share
from attnlab.problems import Problems
from attnlab.shapes import Array, Mask

RNG = np.random.default_rng(12)


def heads(count: int, n: int, d: int) -> tuple[Array, Array, Mask]:
    """Sparse weights (count, n, n), values (count, 1, n, d) and the causal mask (n, n)."""
    values, causal = RNG.standard_normal((count, 1, n, d)), np.tril(np.ones((n, n), dtype=bool))
    a = np.where(causal & (RNG.random((count, n, n)) < 2 * d / n / 3), RNG.random((count, n, n)), 0.0)
    a[:, np.arange(n), np.arange(n)] = 1.0
    return a / a.sum(axis=-1, keepdims=True), values, causal


@pytest.mark.parametrize("kind", [np.float64, np.float16])
def test_heads_are_judged_as_each_alone(kind: type) -> None:
    weights, values, mask = heads(3, 60, 8)
    whole = is_unique(weights.astype(kind), values.astype(kind), mask)
    for h in range(3):
        alone = is_unique(weights[h].astype(kind), values[h, 0].astype(kind), mask)
        for field in ("unique", "undecided", "margin"):
            np.testing.assert_array_equal(getattr(whole, field)[h], getattr(alone, field))
    assert whole.unique.any() and whole.not_unique.any()


def test_values_that_rows_share_come_once() -> None:
    """In pieces: those of a head for all of its rows; those of rows that have their own, a row each."""
    weights, values, mask = heads(3, 60, 8)
    shared = Problems.of(values, mask, weights=weights)
    assert share(shared)
    found = list(pieces(shared, sharing=True))
    assert [v.shape for _, _, v, _ in found] == 3 * [(1, 60, 8)]
    np.testing.assert_array_equal(np.concatenate([trials for trials, *_ in found]), np.arange(180))
    own = Problems.of(np.repeat(values[0], 60, axis=0), mask, weights=weights[0])
    assert not share(own) and not share(Problems.of(values[0, 0], mask, weights=weights[0]))


def test_decoding_a_head_takes_no_memory_for_every_row() -> None:
    """Causal rows of one head: values for each would be 268 MB, and several times that on the way."""
    n, d = 1024, 32
    values, mask = RNG.standard_normal((n, d)), np.tril(np.ones((n, n), dtype=bool))
    outputs = RNG.standard_normal((n, d))
    tracemalloc.start()
    found = decode(outputs, values, decoder="nearest_value", mask=mask)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5e8
    for row in (0, 500, 1023):
        alone = decode(outputs[row], values, decoder="nearest_value", mask=mask[row])
        np.testing.assert_array_equal(found.weights[row], alone.weights)


def test_nothing_to_decode_is_decoded() -> None:
    found = decode(np.zeros((2, 0, 3)), RNG.standard_normal((2, 1, 5, 3)))
    assert found.weights.shape == (2, 0, 5) and found.residual.shape == found.converged.shape == (2, 0)
