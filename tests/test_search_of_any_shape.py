"""The search's kernel takes rows by twos and fours: it finds what there is at odd sizes, and where J is hard."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from test_twin_query import minpack

from attnlab.shapes import Array
from attnlab.solvers.twin_query import SAME, Twins, twins
from attnlab.solvers.whitening import whitening

N, TRIALS = 24, 2


def drawn(f: int, d: int, temperature: float, n: int = N, trials: int = TRIALS) -> tuple[Array, ...]:
    """Spans of features and values, the weights of a query at this temperature, and their outputs."""
    rng = np.random.default_rng(100 * f + d)
    every = np.ones((trials, n), dtype=bool)
    span, known = (whitening(rng.standard_normal((trials, n, m)), every).span for m in (f, d))
    queries = rng.standard_normal((trials, f, 1)) / (temperature * np.sqrt(f))
    a = softmax(np.matmul(span, queries)[..., 0], axis=1)
    return span, known, a, np.matmul(a[:, None], known)[:, 0]


def search(span: Array, known: Array, targets: Array, starts: int) -> Twins:
    return twins(span, known, np.ones(span.shape[:2], bool), targets, starts=starts, tolerance=1e-9)


@pytest.mark.parametrize("f", range(1, 12))
@pytest.mark.parametrize("d", range(1, 12))
def test_every_shape_has_its_query_found(f: int, d: int) -> None:
    """One exists, so one is found; each that is said to be one has the output; where d > f it is the given one."""
    span, known, a, targets = drawn(f, d, 1.0)
    found = search(span, known, targets, 64)
    assert (found.count > 0).all()
    for b in range(TRIALS):
        for p in found.parameters[b, : found.count[b]]:
            assert np.linalg.norm(softmax(span[b] @ p) @ known[b] - targets[b]) <= 1e-9
        if d > f:
            assert 0.5 * np.abs(softmax(span[b] @ found.parameters[b, 0]) - a[b]).sum() <= SAME


def test_sharp_weights_make_no_search_give_up_what_minpack_finds() -> None:
    """Their Jacobian is nearly singular, where steps by its Gram matrix lack digits."""
    trials = 12
    span, known, _, targets = drawn(8, 8, 0.05, n=32, trials=trials)
    ours = search(span, known, targets, 16).count.sum()
    theirs = sum(minpack(span[b], known[b], targets[b]) for b in range(trials))
    assert theirs > 0 and ours >= 0.8 * theirs


def test_a_start_is_given_up_where_it_runs_away() -> None:
    """An output beyond the hull has none; a search says so, and all its starts were run."""
    span, known, _, targets = drawn(7, 7, 1.0)
    found = search(span, known, 1e3 + targets, 64)
    assert (found.count == 0).all() and (found.tried == 64).all()
