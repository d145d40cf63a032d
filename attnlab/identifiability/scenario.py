"""The asker's two scenarios under the softmax: nearly all weight on word s by one query, on word t by another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from attnlab.arrays import Array, Mask, require
from attnlab.attention import softmax_weights
from attnlab.problems import Problems
from attnlab.solvers.kantorovich import confirmed
from attnlab.solvers.whitening import whitening

SPREADS = (1.0, 3.0, 6.0)
"""Logit spreads of the first guesses: towards s and towards t."""
POLISH = 8
"""Newton steps that bring the outputs together to rounding; they converge in 3 or 4."""
SHARE = 1 - 1e-9
"""Of the weight at the computed query that the exact one next to it has at least."""


@dataclass(frozen=True)
class Scenario:
    """The largest c lies between; arrays over the leading axes.

    found (...,): the c of two confirmed queries, 0 where none were found; bound (...,): c* of any weights on the
    simplex, NaN where its programme did not close; queries (..., 2, e): the two, NaN where none.
    """

    found: Array
    bound: Array
    queries: Array


def softmax_scenario(
    first: ArrayLike, second: ArrayLike, values: ArrayLike, keys: ArrayLike, mask: ArrayLike | None = None
) -> Scenario:
    """The largest c such that two queries put weight >= c on word s and on word t and have one output: a bracket.

    From below by a search (sequential quadratic programmes from three pairs of queries, towards k_s and towards
    k_t), each pair confirmed by Kantorovich's theorem; from above by the largest c of any two patterns on the
    simplex, `c* = 2 / (2 + L)`. A c of 1/2 or less is no collision on the simplex; two different softmax
    patterns may have less. With more value than key dimensions two queries with one output are not expected.

    first, second (...): positions s != t; values (..., n, d), keys (..., n, e), mask (..., n). Raises ValueError
    for shapes that do not fit, numbers that are not finite, positions that are equal, masked or none.
    """
    from attnlab.solvers.exchange import exchange  # compiled: imported when first used

    problems = Problems.of(values, mask, keys=keys)
    flat = problems.whole()
    rows = np.arange(len(flat.mask))
    s, t = (_positions(given, problems.lead, flat.mask) for given in (first, second))
    require(bool((s != t).all()), "two different positions", "equal ones")
    best = exchange(flat.values, flat.mask, s, t)
    bound = np.where(best.converged, 2 / (2 + best.length), np.nan)
    found, queries = np.zeros(len(rows)), np.full((len(rows), 2, flat.given_keys.shape[2]), np.nan)
    for b in rows:
        seen = flat.mask[b]
        place = np.cumsum(seen) - 1
        found[b], queries[b] = _search(
            flat.given_keys[b, seen], flat.values[b, seen], int(place[s[b]]), int(place[t[b]])
        )
    lead = problems.lead
    return Scenario(found.reshape(lead), bound.reshape(lead), queries.reshape(*lead, *queries.shape[1:]))


def _positions(given: ArrayLike, lead: tuple[int, ...], mask: Mask) -> NDArray[np.int64]:
    position = np.broadcast_to(np.asarray(given, dtype=np.int64), lead).reshape(-1)
    inside = bool(((position >= 0) & (position < mask.shape[1])).all())
    require(inside, f"positions from 0 to {mask.shape[1] - 1}", position)
    require(bool(mask[np.arange(len(mask)), position].all()), "visible positions", "a masked one")
    return position


def _search(keys: Array, values: Array, s: int, t: int) -> tuple[float, Array]:
    """The largest confirmed c of the tries, and its queries (2, e)."""
    every = np.ones((1, len(keys)), dtype=bool)
    of_keys, of_values = whitening(keys[None], every), whitening(values[None], every)
    span, known = of_keys.span[0], of_values.span[0][:, of_values.span[0].any(axis=0)]
    best, queries = 0.0, np.full((2, keys.shape[1]), np.nan)
    for spread in SPREADS:
        towards = [span[i] / max(float(np.linalg.norm(span[i])), 1e-300) * spread for i in (s, t)]
        p, r = _polished(span, known, *_optimum(span, known, s, t, np.concatenate(towards)))
        c = SHARE * min(_weights(span, p)[s], _weights(span, r)[t])
        pair = np.stack([of_keys.whiten[0] @ p, of_keys.whiten[0] @ r])
        if c > best and confirmed(keys, values, pair[0], pair[1]):
            best, queries = float(c), pair
    return best, queries


def _weights(span: Array, p: Array) -> Array:
    return softmax_weights(span @ p, np.ones(len(span), dtype=bool))


def _slope(span: Array, a: Array, rows: Array) -> Array:
    """The derivative of `rows^T softmax(span p)` in p: (r, f)."""
    return np.asarray(((rows - a @ rows) * a[:, None]).T @ span)


def _optimum(span: Array, known: Array, s: int, t: int, start: Array) -> tuple[Array, Array]:
    """`max c` subject to `log a_s >= log c`, `log b_t >= log c` and equal outputs, from a pair of queries."""
    f = span.shape[1]

    def outputs(x: Array) -> Array:
        return np.asarray((_weights(span, x[:f]) - _weights(span, x[f : 2 * f])) @ known)

    def of_outputs(x: Array) -> Array:
        ahead = _slope(span, _weights(span, x[:f]), known)
        behind = _slope(span, _weights(span, x[f : 2 * f]), known)
        return np.hstack([ahead, -behind, np.zeros((known.shape[1], 1))])

    def spare(x: Array) -> Array:
        a, b = _weights(span, x[:f]), _weights(span, x[f : 2 * f])
        return np.log(np.maximum([a[s], b[t]], 1e-300)) - x[-1]

    def of_spare(x: Array) -> Array:
        a, b = _weights(span, x[:f]), _weights(span, x[f : 2 * f])
        none = np.zeros(f)
        return np.stack([[*(span[s] - a @ span), *none, -1.0], [*none, *(span[t] - b @ span), -1.0]])

    x = np.append(start, 0.0)
    x[-1] = float(spare(x).min())
    equal: Any = {"type": "eq", "fun": outputs, "jac": of_outputs}
    enough: Any = {"type": "ineq", "fun": spare, "jac": of_spare}
    options: Any = {"maxiter": 200, "ftol": 1e-9}
    search: Any = minimize  # its overloads know no functions of plain arrays
    end: Array = search(
        lambda x: -float(x[-1]),
        x,
        jac=lambda x: np.append(np.zeros(2 * f), -1.0),
        method="SLSQP",
        bounds=[(-60.0, 60.0)] * (2 * f) + [(-700.0, 0.0)],
        constraints=[equal, enough],
        options=options,
    ).x
    return end[:f], end[f : 2 * f]


def _polished(span: Array, known: Array, p: Array, r: Array) -> tuple[Array, Array]:
    """The pair, the second query moved by Newton until the outputs agree."""
    target = _weights(span, p) @ known
    for _ in range(POLISH):
        b = _weights(span, r)
        r = r + np.linalg.pinv(_slope(span, b, known), rcond=1e-12) @ (target - b @ known)
        if not np.isfinite(r).all() or np.abs(r).max(initial=0.0) > 1e3:
            return p, p
    return p, r
