"""How many other queries share the output of a given one, on average over Gaussian values (Kac 1943, Rice 1944).

For keys K, a query q and values of independent standard Gaussians with as many dimensions as the keys (d = e),
the number N of other q' with `V^T softmax(K q') = V^T softmax(K q)` has

    E N = E|det G_e| * integral (2 pi |b - a|^2)^(-e/2) sqrt(det(K^T C P C K)) dq'

with `b = softmax(K q')`, `C = diag b - b b^T`, P the projection off b - a and G_e an e x e Gaussian matrix. The
power is the density of `V^T (b - a)` at 0; given that it is 0, V is P times a Gaussian matrix, and the rest is the
mean of `|det V^T C K|`. Over a part of the domain it counts the rivals there. As N is a whole number,
`P(N > 0) <= E N`: at least a share 1 - E N of draws has no rival, for Gaussian values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from attnlab.arrays import Array, generator, lengths, numbers, require, whole, yes_or_no
from attnlab.theory.two_patterns import Apart, apart, volume

LARGEST = 4
"""Dimensions up to here: beyond, the proposals below miss most of the integral."""
SCALES = 0.5 * 2.0 ** np.arange(6)
"""Spreads of the logits from which queries are drawn."""
FREEDOM = 3
"""Degrees of freedom of the t distributions they are drawn from."""
LINE = 60
"""Where e = 1, corners a decade; twice as many move the number by less than 1e-6."""
LEAST = 20
"""Draws that an estimate must be worth, for an error of a fifth or so."""
PIECE = 2**15
"""Weights worked on at once: they stay in the cache."""
FAR = 1e290
"""Logits beyond this overflow in their differences."""
NEAREST, FARTHEST = 1e-7, 50.0
"""The corners' first distance, over the keys' width: nothing turns below; their last, over the least gap."""


@dataclass(frozen=True)
class ExpectedRivals:
    """value: E N; error: its standard error (0 where e = 1, good to 1e-6); effective: draws it is worth."""

    value: float
    error: float
    effective: float


def expected_rivals(
    query: ArrayLike,
    keys: ArrayLike,
    *,
    other_top: bool = False,
    draws: int = 20_000,
    rng: np.random.Generator | int | None = None,
) -> ExpectedRivals:
    """E N for a query (e,), temperature included, and keys (n, e), e <= 4, over Gaussian values (n, e).

    other_top: only rivals none of whose largest weights is a largest one of the query. e = 1 as the length of a
    curve, at any scale of the query; else by importance sampling from `draws` queries of t distributions around 0
    and around the query. rng, a generator or a seed, draws them: with none, the same ones each call. Raises
    ValueError for other shapes, e > 4, keys that do not span e dimensions, products of query and keys beyond the
    floats, fewer than 2 draws, and FloatingPointError where the draws are worth fewer than 20: sharp queries of 3
    or 4 dimensions, whose rivals lie along thin ridges that the draws may miss.

    >>> import attnlab
    >>> round(attnlab.expected_rivals([1.0], keys=[[0.0], [1.0], [3.0]]).value, 3)
    0.284
    """
    found = estimated_rivals(query, keys, other_top=other_top, draws=draws, rng=rng)
    if 0 < found.effective < LEAST:
        raise FloatingPointError(
            f"expected draws worth {LEAST} or more, got {found.effective:.3g} of {draws} (estimate "
            f"{found.value:.3g} +- {found.error:.3g}): too few of them meet the rivals; more draws may do, or a "
            "less sharp query"
        )
    return found


def estimated_rivals(
    query: ArrayLike,
    keys: ArrayLike,
    *,
    other_top: bool = False,
    draws: int = 20_000,
    rng: np.random.Generator | int | None = None,
) -> ExpectedRivals:
    """`expected_rivals`, whatever the draws are worth: unbiased, so for a mean over many queries, not for one."""
    q, k = numbers(query, "query"), numbers(keys, "keys")
    require(k.ndim == 2 and q.shape == k.shape[1:], "query (e,) and keys (n, e)", f"{q.shape} and {k.shape}")
    require(bool(np.isfinite(q).all() and np.isfinite(k).all()), "finite query and keys", "NaN or infinity")
    n, e = k.shape
    require(1 <= e <= LARGEST, f"1 <= e <= {LARGEST}: more dimensions need other proposals", f"e = {e}")
    draws, other_top = whole(draws, "draws", 2), yes_or_no(other_top, "other_top")
    source = generator(0 if rng is None else rng)
    span, given = whitened(q, k)
    if e == 1:
        return ExpectedRivals(_on_a_line(span, given, other_top), 0.0, math.inf)
    points, away, density = proposals(given, draws, source)
    step = max(1, PIECE // n)
    pieces = [slice(first, first + step) for first in range(0, draws, step)]
    found = np.concatenate(
        [_rate(apart(span, given, points[at], away[at]), other_top) / density[at] for at in pieces]
    )
    error = float(found.std(ddof=1) / np.sqrt(draws))
    total = float(found.sum())
    effective = total**2 / float((found**2).sum()) if total > 0 else 0.0
    return ExpectedRivals(total / draws, error, effective)


def whitened(q: Array, k: Array) -> tuple[Array, Array]:
    """Keys (n, e) of unit variance, and the query in the coordinates in which it has the same products."""
    n, e = k.shape
    with np.errstate(over="ignore", invalid="ignore"):
        away = k - k.mean(axis=0)
    require(bool(np.isfinite(away).all()), "keys whose differences are floats", "larger ones")
    spread = np.linalg.svd(away / np.sqrt(n), full_matrices=False)[1:]
    clear = len(spread[0]) == e and bool(spread[0][-1] > 1e-10 * spread[0][0])
    require(clear, f"keys that span {e} dimensions", f"spreads {spread[0]}")
    to_query = spread[1].T / spread[0]  # queries of logit spread 1
    with np.errstate(over="ignore", invalid="ignore"):
        span, given = away @ to_query, spread[0] * (spread[1] @ q)
    usable = bool(np.isfinite(span).all() and np.abs(given).max() <= FAR)
    require(
        usable, f"products of query and keys up to {FAR:g}", "larger ones, or keys too small to divide by"
    )
    return span, np.asarray(given)


def _rate(there: Apart, other_top: bool) -> Array:
    """The rate of rivals (S,) per unit volume."""
    e = there.slope.shape[2]
    j = np.arange(1, e + 1)
    gaussian = float(np.exp((0.5 * np.log(2) + gammaln((j + 1) / 2) - gammaln(j / 2)).sum()))
    rate = gaussian * (2 * np.pi) ** (-e / 2) * volume(there)
    return np.where(there.other, rate, 0.0) if other_top else np.asarray(rate)


def _on_a_line(span: Array, given: Array, other_top: bool) -> float:
    """e = 1: the length of the curve that `b - a`, as a direction up to its sign, runs through, over pi.

    That is the integral of the rate, and a polygon has it without a derivative: its error falls with the square
    of the steps, which halving them once takes away. Its corners lie at distances from 0 and from the query in
    geometric progression, since b changes at either in units of one over the gaps of the keys, from the widest
    to the least.
    """
    q = abs(float(given[0]))
    k = span if given[0] >= 0 else -span
    gaps = np.diff(np.sort(k[:, 0]))
    low, high = NEAREST / gaps.sum(), FARTHEST / gaps[gaps > 0].min()
    steps = np.geomspace(low, high, math.ceil(LINE * math.log10(high / low)))
    inner = steps[steps < q / 2]
    short = _halved(np.concatenate([-steps[::-1], [0.0], inner, [q / 2]] if q > 0 else [-steps[::-1]]))
    near, beyond = _halved(np.concatenate([[-q / 2], -inner[::-1]])), _halved(steps)
    legs = [(short, short - q), *([(q + near, near)] if q > 0 else []), (q + beyond, beyond)]
    there = [apart(k, np.array([q]), points[:, None], away[:, None]) for points, away in legs]
    length = sum(_length(leg, other_top) for leg in there)
    if not other_top:  # from the last corner before the query to the first beyond, where b - a changes sign
        length += float(_angle(there[-2].unit[-1:], there[-1].unit[:1])[0])
    return length / math.pi


def _halved(corners: Array) -> Array:
    """The corners and the middles between them, in turn."""
    halved = np.repeat(corners, 2)[:-1]
    halved[1::2] = corners[:-1] + np.diff(corners) / 2
    return halved


def _length(leg: Apart, other_top: bool) -> float:
    """The length of the leg whose corners stand at the even places: the polygon with the middles, extrapolated."""
    with_middles = _angle(leg.unit[:-1], leg.unit[1:])
    without = _angle(leg.unit[:-2:2], leg.unit[2::2])
    length = (4 * (with_middles[::2] + with_middles[1::2]) - without) / 3
    return float(length[leg.other[1::2]].sum() if other_top else length.sum())


def _angle(one: Array, other: Array) -> Array:
    """The angles (S,) between lines along unit vectors (S, n), exact where small."""
    apart_by = np.minimum(np.linalg.norm(one - other, axis=1), np.linalg.norm(one + other, axis=1))
    return np.asarray(2 * np.arcsin(apart_by / 2))


def proposals(given: Array, draws: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Queries (S, e) from a mixture of t distributions around 0 and around the query.

    The queries, how far they are from the given one, (S, e), and their densities (S,).
    """
    e = len(given)
    scales = np.concatenate([SCALES, SCALES / 8])
    around = np.repeat([False, True], len(SCALES))
    which = np.arange(draws) % len(scales)
    normal = rng.standard_normal((draws, e)) / np.sqrt(rng.chisquare(FREEDOM, draws) / FREEDOM)[:, None]
    drawn = normal * scales[which, None]
    at_query = around[which, None]
    points, away = np.where(at_query, given + drawn, drawn), np.where(at_query, drawn, drawn - given)
    constant = gammaln((FREEDOM + e) / 2) - gammaln(FREEDOM / 2) - e / 2 * np.log(FREEDOM * np.pi)
    density = np.zeros(draws)
    for from_query, scale in zip(around, scales, strict=True):
        distance = np.minimum(lengths(away if from_query else points) / scale, 1e100)  # beyond it is 0
        density += np.exp(constant - e * np.log(scale) - (FREEDOM + e) / 2 * np.log1p(distance**2 / FREEDOM))
    return points, away, density / len(scales)
