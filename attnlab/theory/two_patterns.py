"""Two softmax patterns of one family, told apart however sharp both are: what the law of rivals is made of.

`b - a`, `a = softmax(K q)`, `b = softmax(K q')`, loses its digits where it is formed by subtraction and both
patterns are sharp, as does `C K`, `C = diag b - b b^T`. Here everything small is a logarithm, seen from the
position that has the most weight: `b_i - a_i = +-max(a_i, b_i) (1 - exp(-|log b_i - log a_i|))`, and the
logarithms differ by `(k_i - k_t).(q' - q)` less what the sum of the odds gained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.arrays import Array, Mask
from attnlab.metrics import TIE


@dataclass(frozen=True)
class Apart:
    """At S queries q': unit (S, n), `(b - a) / |b - a|`; slope (S, n, e), `C K / |b - a|`; other (S,): whether no
    position has the largest weight in both; some (S,): whether the two differ at all (unit and slope are 0 where
    not)."""

    unit: Array
    slope: Array
    other: Mask
    some: Mask


def apart(span: Array, given: Array, points: Array, away: Array) -> Apart:
    """keys span (n, e), the query q given (e,), queries q' points (S, e), which are `away` (S, e) from q.

    Near q it is `away` that has the digits, far from it `points`.
    """
    log_a = log_softmax(given[None] @ span.T)
    shift = away @ (span - span[log_a.argmax()]).T
    log_b, change = _changed(log_a, span, points, away, shift)
    with np.errstate(divide="ignore"):  # log 0 where a weight is the same in both
        size = np.maximum(log_a, log_b) + np.log(-np.expm1(-np.abs(change)))
    most = size.max(axis=1, keepdims=True)
    some = np.isfinite(most[:, 0])
    most = np.where(some[:, None], most, 0.0)
    scaled = np.sign(change) * np.exp(size - most)
    top = log_a.argmax()  # what it lost the others won, be that far below the rounding of 1
    scaled[:, top] = 0.0
    scaled[:, top] = -scaled.sum(axis=1)
    norm = np.where(some, np.linalg.norm(scaled, axis=1), 1.0)[:, None]
    slope = _slope(log_b, span, most) / norm[..., None]
    top_a, top_b = (log >= log.max(axis=1, keepdims=True) - TIE for log in (log_a, log_b))
    return Apart(scaled / norm, np.where(some[:, None, None], slope, 0.0), ~(top_a & top_b).any(axis=1), some)


def volume(there: Apart) -> Array:
    """The volume (S,) that the columns of `P C K` span, over `|b - a|^e`, P the projection off b - a.

    Column by column, each projected off `b - a` and those before it, twice: a difference of Gram matrices would
    leave the square root of the rounding.
    """
    found = there.some.astype(float)
    off = [there.unit]
    for column in np.moveaxis(there.slope, 2, 0):
        for before in (*off, *off):
            column = column - (before * column).sum(axis=1, keepdims=True) * before
        length = np.linalg.norm(column, axis=1)
        found *= length
        off.append(column / np.where(length > 0, length, 1.0)[:, None])
    return found


def log_softmax(scores: Array) -> Array:
    """log softmax (S, n); of a weight near 1 it is the small number it is, to its last digits."""
    top = scores.argmax(axis=1)[:, None]
    below = scores - np.take_along_axis(scores, top, axis=1)
    odds = np.exp(below)
    np.put_along_axis(odds, top, 0.0, axis=1)
    return np.asarray(below - np.log1p(odds.sum(axis=1, keepdims=True)))


def _changed(log_a: Array, span: Array, points: Array, away: Array, shift: Array) -> tuple[Array, Array]:
    """log b and `log b - log a`, both (S, n); shift: the change of the scores, seen from the top of a."""
    far = np.abs(away).max(axis=1) >= np.abs(points).max(axis=1)
    far &= np.abs(shift).max(axis=1) > 1
    log_b, change = np.empty_like(shift), shift
    log_b[far] = log_softmax(points[far] @ span.T)
    change[far] = log_b[far] - log_a
    near = ~far
    change[near] -= _gained(log_a, shift[near])
    log_b[near] = log_a + change[near]
    return log_b, change


def _gained(log_a: Array, shift: Array) -> Array:
    """`log sum a exp(shift)` (S, 1), to relative rounding also where it is small."""
    moved = log_a + shift
    most = moved.max(axis=1, keepdims=True)
    whole = most + np.log(np.exp(moved - most).sum(axis=1, keepdims=True))
    small = np.exp(log_a) * np.expm1(np.minimum(shift, 1.0))
    large = shift > 1
    if large.any():  # a lone weight may grow far and the whole stay small
        small = np.where(large, np.exp(np.minimum(moved, 1.0)) - np.exp(log_a), small)
    small = np.log1p(np.maximum(small.sum(axis=1, keepdims=True), -0.9))
    return np.where(np.abs(whole) < 0.5, small, whole)


def _slope(log_b: Array, span: Array, scale: Array) -> Array:
    """`C K` (S, n, e) in units of exp(scale): `b_i (k_i - mean)`, seen from the top of b, last."""
    top = log_b.argmax(axis=1)
    seen = span - span[top][:, None]
    mean = np.matmul(np.exp(log_b)[:, None], seen)
    slope = np.exp(np.minimum(log_b - scale, 700.0))[..., None] * (seen - mean)
    rows = np.arange(len(top))
    slope[rows, top] = 0.0
    slope[rows, top] = -slope.sum(axis=1)
    return np.asarray(slope)
