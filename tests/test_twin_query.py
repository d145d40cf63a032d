"""The search for queries with one output: as reliable as MINPACK's Levenberg-Marquardt from the same starts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import root
from scipy.special import softmax

from attnlab.shapes import Array
from attnlab.solvers.exponential_family import fit
from attnlab.solvers.levenberg_marquardt import solve
from attnlab.solvers.twin_query import SAME, start_points, twins
from attnlab.solvers.whitening import whitening

STARTS = 16


def problems(trials: int, n: int, e: int) -> tuple[Array, Array, Array]:
    """Spans of keys and values (B, n, e), and outputs (B, e) of queries at temperature 1."""
    rng = np.random.default_rng(7 * n + e)
    keys, values = rng.standard_normal((2, trials, n, e))
    every = np.ones((trials, n), dtype=bool)
    of_keys, of_values = whitening(keys, every).span, whitening(values, every).span
    queries = rng.standard_normal((trials, e, 1)) / np.sqrt(e)
    a = softmax(np.matmul(keys, queries)[..., 0], axis=1)
    return of_keys, of_values, np.matmul(a[:, None], of_values)[:, 0]


def minpack(span: Array, known: Array, target: Array) -> int:
    """How many distinct solutions MINPACK finds from the same starts."""

    def missed(p: Array) -> Array:
        return np.asarray(softmax(span @ p) @ known - target)

    def slope(p: Array) -> Array:
        a = softmax(span @ p)
        return np.asarray(((known - a @ known) * a[:, None]).T @ span)

    found: list[Array] = []
    search: Any = root  # its overloads know no functions of plain arrays
    for start in start_points(STARTS, span.shape[1]):
        with np.errstate(over="ignore", invalid="ignore"):
            end = search(missed, start, jac=slope, method="lm", options={"xtol": 1e-15}).x
        weights = softmax(span @ end)
        apart = [0.5 * np.abs(weights - other).sum() > SAME for other in found]
        if np.linalg.norm(missed(end)) <= 1e-9 and all(apart):
            found.append(weights)
    return len(found)


@pytest.mark.parametrize(("trials", "n", "e"), [(8, 64, 16), (3, 128, 32)])
def test_a_query_is_found_wherever_one_exists(trials: int, n: int, e: int) -> None:
    """Damped Newton found one in .97 and .88 of such problems."""
    span, known, targets = problems(trials, n, e)
    found = twins(span, known, np.ones((trials, n), bool), targets, starts=STARTS, tolerance=1e-9)
    assert (found.count > 0).all()
    for b in range(trials):
        for p in found.parameters[b, : found.count[b]]:
            assert np.linalg.norm(softmax(span[b] @ p) @ known[b] - targets[b]) <= 1e-9


def test_as_many_solutions_are_found_as_by_minpack() -> None:
    """But for a fifth: which solution a start leads to hangs on rounding."""
    trials, n, e = 10, 32, 8
    span, known, targets = problems(trials, n, e)
    found = twins(span, known, np.ones((trials, n), bool), targets, starts=STARTS, tolerance=1e-9)
    theirs = sum(minpack(span[b], known[b], targets[b]) for b in range(trials))
    assert theirs > trials and found.count.sum() >= 0.8 * theirs


@pytest.mark.parametrize(("f", "d"), [(6, 3), (1, 1), (4, 4)])
def test_any_shape_lands(f: int, d: int) -> None:
    """More features than values, one, and as many."""
    span, known, targets = drawn(f, d)
    found = twins(span, known, np.ones(span.shape[:2], bool), targets, starts=STARTS, tolerance=1e-12)
    assert (found.count > 0).all()


def test_fewer_features_than_values_land_near_their_query() -> None:
    """More equations than unknowns: the one query that meets them all, from enough starts."""
    span, known, targets = drawn(3, 6)
    found = twins(span, known, np.ones(span.shape[:2], bool), targets, tolerance=1e-12)
    assert (found.count == 1).all()


def drawn(f: int, d: int) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(10 * f + d)
    every = np.ones((5, 20), dtype=bool)
    span, known = (whitening(rng.standard_normal((5, 20, m)), every).span for m in (f, d))
    weights = softmax(np.matmul(span, rng.standard_normal((5, f, 1)))[..., 0], axis=1)
    return span, known, np.matmul(weights[:, None], known)[:, 0]


def test_an_output_beyond_the_hull_is_not_found() -> None:
    span, known, targets = problems(3, 32, 8)
    found = twins(span, known, np.ones((3, 32), bool), 100.0 * targets + 100.0, starts=STARTS)
    assert (found.count == 0).all() and (found.tried == STARTS).all()


def test_maximum_entropy_keeps_its_dual() -> None:
    """Near the border the error alone leads to the solution in some of the problems, the dual in all."""
    rng = np.random.default_rng(0)
    v, every = rng.standard_normal((40, 32, 8)), np.ones((40, 32), dtype=bool)
    a = softmax(rng.standard_normal((40, 32)) / 0.05, axis=1)
    o = np.matmul(a[:, None], v)[:, 0]
    by_error = np.abs(np.matmul(solve(v, v, o, every)[:, None], v)[:, 0] - o).max(axis=1) <= 1e-8
    assert fit(v, v, o, every).converged.all() and not by_error.all()
