"""How many other queries nearly share the output of a given one, on average over Gaussian values (Kac, Rice).

With d > e value dimensions a random query of e shares its output exactly with none, almost surely; what is left
are near misses: queries q' at which `|o(q') - o(q)|` has a minimum of at most eps. There the difference is normal
to the surface that the outputs form, so for small eps their number N has

    E N = eps^(d-e) omega_(d-e) E sqrt(det G^T G) * integral (2 pi |b - a|^2)^(-d/2) sqrt(det(K^T C P C K)) dq'

with `b = softmax(K q')`, `C = diag b - b b^T`, P the projection off b - a, G a d x e Gaussian matrix and omega_s
the volume of the unit ball in s dimensions: the law of rivals (`attnlab.theory.rivals`), per unit volume of the
d - e spare dimensions. The integral is over the queries whose weights are at least `away` from a, in total
variation: at q itself it diverges, as q is no other query. Small is an eps far below the least `|b - a|` there.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import gammaln

from attnlab.arrays import Array, generator, numbers, require, whole
from attnlab.theory.rivals import LARGEST, proposals, whitened
from attnlab.theory.two_patterns import apart, log_softmax, volume

AWAY = 0.25
"""The total variation from which weights are others, and no neighbours of the given ones."""
POINTS = 400
"""Of the line on either side, where e = 1: twice as many move the number by less than 1e-6."""
NEAREST, FARTHEST = 1e-7, 60.0
"""How far from where the weights are away: the first point, over the keys' width; the last, over the least gap."""


def expected_misses(
    query: ArrayLike,
    keys: ArrayLike,
    d: int,
    *,
    away: float = AWAY,
    draws: int = 20_000,
    rng: np.random.Generator | int | None = None,
) -> float:
    """c in `E N = c eps^(d-e)`, for a query (e,), temperature included, keys (n, e), e <= 4, and values (n, d).

    By quadrature where e = 1, else from `draws` queries of t distributions around 0 and around the query: then for
    a mean over many queries, not for one. d >= e; at d = e it is the number of rivals that are away. Raises
    ValueError as `expected_rivals` does, for fewer dimensions than keys have, and unless 0 < away < 1.

    >>> from attnlab.theory.misses import expected_misses
    >>> round(expected_misses([1.0], keys=[[0.0], [1.0], [3.0]], d=2), 3)
    0.326
    """
    q, k, d = numbers(query, "query"), numbers(keys, "keys"), whole(d, "d", 1)
    require(k.ndim == 2 and q.shape == k.shape[1:], "query (e,) and keys (n, e)", f"{q.shape} and {k.shape}")
    require(bool(np.isfinite(q).all() and np.isfinite(k).all()), "finite query and keys", "NaN or infinity")
    draws, source = whole(draws, "draws", 2), generator(0 if rng is None else rng)
    e = k.shape[1]
    require(1 <= e <= min(d, LARGEST), f"1 <= e <= {min(d, LARGEST)}", f"e = {e}")
    require(0 < away < 1, "0 < away < 1", away)
    span, given = whitened(q, k)
    if e == 1:
        found = _on_a_line(span, given, d, away)
    else:
        points, off, density = proposals(given, draws, source)
        found = float((_rate(span, given, points, off, d, away) / density).mean())
    return _constant(d, e) * found


def _constant(d: int, e: int) -> float:
    """`omega_(d-e) E sqrt(det G^T G) (2 pi)^(-d/2)`: the root is a product of e independent chi variables."""
    j = d - e + np.arange(1, e + 1)
    mean = float((0.5 * np.log(2) + gammaln((j + 1) / 2) - gammaln(j / 2)).sum())
    ball = 0.5 * (d - e) * math.log(math.pi) - float(gammaln((d - e) / 2 + 1))
    return math.exp(mean + ball - 0.5 * d * math.log(2 * math.pi))


def _rate(span: Array, given: Array, points: Array, off: Array, d: int, away: float) -> Array:
    """`|b - a|^-d sqrt(det(K^T C P C K))` (S,) at queries (S, e), 0 where the weights are not away."""
    a, b = np.exp(log_softmax(given[None] @ span.T)), np.exp(log_softmax(points @ span.T))
    far = 0.5 * np.abs(b - a).sum(axis=1) >= away
    rate = np.zeros(len(points))
    size = np.linalg.norm(b[far] - a, axis=1)
    e = span.shape[1]
    rate[far] = volume(apart(span, given, points[far], off[far])) * size ** (e - d)
    return rate


def _on_a_line(span: Array, given: Array, d: int, away: float) -> float:
    """e = 1: along a line the total variation grows with the distance, so the queries that are away are two rays.

    On each by the trapezoid rule in the logarithm of the distance from its end, where the integrand falls off both
    ways: like the distance, and at least exponentially.
    """
    a = np.exp(log_softmax(given[None] @ span.T))[0]
    gaps = np.diff(np.sort(span[:, 0]))
    low, high = NEAREST / gaps.sum(), FARTHEST / gaps[gaps > 0].min() + abs(float(given[0]))
    total = 0.0
    for side in (-1.0, 1.0):

        def excess(x: float, side: float = side) -> float:
            b = np.exp(log_softmax((given + side * x)[None] @ span.T))[0]
            return float(0.5 * np.abs(b - a).sum()) - away

        if excess(high) <= 0:  # the weights are at that end already
            continue
        start = float(brentq(excess, 0.0, high, xtol=1e-14))
        u = np.linspace(math.log(low), math.log(high), POINTS)
        x = start * (1 + 1e-12) + np.exp(u)
        off = side * x[:, None]
        values = _rate(span, given, given + off, off, d, away) * np.exp(u)
        total += float(values.sum() * (u[1] - u[0]))
    return total
