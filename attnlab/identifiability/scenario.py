"""The asker's two scenarios under the softmax: nearly all weight on word s by one query, on word t by another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import Array, Mask, require, whole_numbers
from attnlab.attention import softmax_weights
from attnlab.problems import Problems
from attnlab.solvers.exponential_family import fit
from attnlab.solvers.kantorovich import confirmed_pair
from attnlab.solvers.two_queries import pairs, polished
from attnlab.solvers.whitening import whitening

TRIED = 4
"""Pairs of a search that are confirmed, from the largest c down, until one is."""
APART = 1e-3
"""Pairs nearer than this in total variation are taken for one query twice."""
FITTED = 1e-9
"""The residual of a fit, relative, at which its entropy counts."""


@dataclass(frozen=True)
class Scenario:
    """The largest c lies between; arrays over the leading axes.

    found (...,): the c of two confirmed queries, 0 where none were found; bound (...,): no two queries do better,
    NaN where the programme of the simplex did not close; simplex (...,): c* of any weights on the simplex, of
    which the bound is the smaller part; queries (..., 2, e): the two, NaN where none.
    """

    found: Array
    bound: Array
    simplex: Array
    queries: Array


def softmax_scenario(
    first: ArrayLike, second: ArrayLike, values: ArrayLike, keys: ArrayLike, mask: ArrayLike | None = None
) -> Scenario:
    """The largest c such that two queries put weight >= c on word s and on word t and have one output: a bracket.

    From below by a search (`attnlab.solvers.two_queries`), the pair confirmed by Kantorovich's theorem. From above
    by the largest c of any two patterns on the simplex, `c* = 2 / (2 + L)`, and by the keys: no query gives word
    s more than `exp(-H)`, H the largest entropy of weights with `K^T mu = k_s` (Gibbs' inequality; H = 0 for a
    vertex of conv K). A c of 1/2 or less is no collision on the simplex; two different softmax patterns may have
    less. Pairs have 2 e unknowns and d equations: beyond d = 2 e none is expected.

    first, second (...): positions s != t; values (..., n, d), keys (..., n, e), mask (..., n). Nothing is drawn.
    Raises ValueError for shapes that do not fit, numbers that are not finite, positions that are equal, masked or
    none.
    """
    from attnlab.solvers.exchange import exchange  # compiled: imported when first used

    problems = Problems.of(values, mask, keys=keys)
    flat = problems.whole()
    v, k, seen = flat.values, flat.given_keys, flat.mask
    s, t = (_positions(given, problems.lead, seen) for given in (first, second))
    require(bool((s != t).all()), "two different positions", "equal ones")
    best = exchange(v, seen, s, t)
    simplex = best.largest_c
    of_keys, of_values = whitening(k, seen), whitening(v, seen)
    bound = np.minimum(simplex, np.minimum(_most(of_keys.span, seen, s), _most(of_keys.span, seen, t)))
    found, queries = np.zeros(len(v)), np.full((len(v), 2, k.shape[2]), np.nan)
    tried, c = pairs(of_keys.span, of_values.span, seen, s, t)
    for b in range(len(v)):
        span = of_keys.span[b, seen[b]]
        known = of_values.span[b, seen[b]]
        place = (np.cumsum(seen[b]) - 1)[[s[b], t[b]]]
        for at in _candidates(span, tried[b], c[b]):
            pair = polished((span, known), tried[b, at]) @ of_keys.whiten[b].T
            reach = confirmed_pair(k[b, seen[b]], v[b, seen[b]], pair[0], pair[1])
            if reach is not None:
                found[b], queries[b] = _lesser(k[b, seen[b]], pair, place) * np.exp(-reach), pair
                break
    lead = problems.lead
    return Scenario(
        found.reshape(lead), bound.reshape(lead), simplex.reshape(lead), queries.reshape(*lead, 2, -1)
    )


def _most(span: Array, mask: Mask, word: NDArray[np.int64]) -> Array:
    """(B,): no query gives the word more weight. `log sum exp(k_i q) >= H(mu) + mu^T K q` for every mu and q."""
    target = span[np.arange(len(span)), word]
    fitted = fit(span, span, target, mask)
    mu = fitted.weights
    size = np.abs(span).max(axis=(1, 2), initial=1.0)
    good = np.abs(np.matmul(mu[:, None], span)[:, 0] - target).max(axis=1, initial=0.0) <= FITTED * size
    entropy = -(mu * np.log(np.where(mu > 0, mu, 1.0))).sum(axis=1)
    return np.where(good, np.exp(-entropy), 1.0)


def _candidates(span: Array, tried: Array, c: Array) -> NDArray[np.int64]:
    """The best starts whose queries differ, from the largest c down."""
    every = np.ones((len(c), len(span)), dtype=bool)
    one, other = (softmax_weights(tried[:, side] @ span.T, every) for side in range(2))
    apart = 0.5 * np.abs(one - other).sum(axis=1) > APART
    return np.argsort(-np.where(apart, c, 0.0), kind="stable")[: min(TRIED, int((apart & (c > 0)).sum()))]


def _lesser(keys: Array, pair: Array, place: NDArray[np.int64]) -> float:
    weights = softmax_weights(pair @ (keys - keys.mean(axis=0)).T, np.ones((2, len(keys)), dtype=bool))
    return float(min(weights[0, place[0]], weights[1, place[1]]))


def _positions(given: ArrayLike, lead: tuple[int, ...], mask: Mask) -> NDArray[np.int64]:
    position = np.broadcast_to(whole_numbers(given, "positions", 0, mask.shape[1] - 1), lead).reshape(-1)
    require(bool(mask[np.arange(len(mask)), position].all()), "visible positions", "a masked one")
    return position
