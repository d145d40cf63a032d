"""Arrays in, one number per trial out.

`a` (B, n) are true weights, on the simplex; `b` (B, n) is an estimate or a second pattern, which may be
signed where a decoder ignores `b >= 0`. Entropies and divergences are in bits. A boolean result is a rate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import entr, xlog1py

from attnlab.arrays import lengths, root_mean_square
from attnlab.shapes import Array, Mask

TIE = 1e-9
"""Weights this close to the largest, relatively, count as largest too: rounding must not pick a winner."""


def total_variation(a: Array, b: Array) -> Array:
    """`1/2 sum |a_i - b_i|`: 0 for equal weights, 1 for disjoint supports, more only if b is signed."""
    return np.asarray(0.5 * np.abs(a - b).sum(axis=-1))


def jsd_bits(a: Array, b: Array) -> Array:
    """Jensen-Shannon divergence in bits: at most 1, with equality iff the supports are disjoint (Lin 1991).

    It is the divergence, not its square root. A signed b is read as an observer who knows `b >= 0` would read
    it: its positive part, normalised. Weights that sum to 1 have one; NaN stays NaN.

    With `s = a + b` and `t = (a - b) / s` it is `1/4 sum s ((1 + t) log(1 + t) + (1 - t) log(1 - t))`. Every
    term is nonnegative, so there is nothing to clip, and no half of a subnormal number is ever taken.
    """
    read = np.maximum(b, 0.0)
    read /= read.max(axis=-1, keepdims=True)  # so that the sum cannot overflow
    read /= read.sum(axis=-1, keepdims=True)
    total = a + read
    t = np.divide(a - read, total, where=total != 0, out=np.zeros_like(total))
    near = np.abs(t) < 0.5  # there the two logarithms cancel to first order
    small = t * near
    excess = 2 * small * np.arctanh(small) + np.log1p(-(small**2))
    if not near.all():
        far = ~near
        large = t[far]
        excess[far] = xlog1py(1 + large, large) + xlog1py(1 - large, -large)
    return np.asarray((total * excess).sum(axis=-1) / (4 * np.log(2)))


def entropy_bits(a: Array) -> Array:
    """Shannon entropy in bits: 0 for one-hot weights, log2 n for uniform ones."""
    return np.asarray(entr(a).sum(axis=-1) / np.log(2))


def largest(a: Array) -> Mask:
    """Which entries are the largest of their row; several where they tie (TIE)."""
    peak = a.max(axis=-1, keepdims=True)
    return np.asarray(a >= peak - TIE * np.abs(peak))


def top1(a: Array, b: Array) -> Mask:
    """Whether the position b puts first is one of those a puts first; of b's ties the earliest is its first."""
    first = largest(b).argmax(axis=-1)[..., None]
    return np.asarray(np.take_along_axis(largest(a), first, axis=-1)[..., 0])


def top1_chance(a: Array, mask: Mask) -> Array:
    """The rate of `top1` for a position drawn uniformly from the visible ones."""
    return np.asarray(largest(a).sum(axis=-1) / mask.sum(axis=-1))


def argmax_flip(a: Array, b: Array) -> Mask:
    """Whether no position is largest in both patterns; ties count as agreement."""
    return np.asarray(~(largest(a) & largest(b)).any(axis=-1))


def support_size(a: Array) -> Array:
    """The number of positions with positive weight, as a float."""
    return np.asarray((a > 0).sum(axis=-1), dtype=float)


def support_recall(a: Array, b: Array, mask: Mask) -> Array:
    """The share of a's k attended positions among the k largest of b.

    NaN where a attends to every visible position: any b would score 1. Entries of b that differ by rounding are
    ranked in the order of their positions.
    """
    attended = a > 0
    size = attended.sum(axis=-1)
    peak = np.abs(np.where(mask, b, 0.0)).max(axis=-1, keepdims=True)
    steps = np.rint(np.where(mask, b, 0.0) / (TIE * np.where(peak > 0, peak, 1.0)))
    order = np.argsort(-np.where(mask, steps, -np.inf), axis=-1, kind="stable")
    ranked = np.take_along_axis(attended, order, axis=-1)
    found = (ranked & (np.arange(a.shape[-1]) < size[..., None])).sum(axis=-1)
    return np.where(size < mask.sum(axis=-1), found / size, np.nan)


def support_chance(a: Array, mask: Mask) -> Array:
    """The expected `support_recall` of a random ranking of the visible positions: k over their number."""
    size, visible = support_size(a), mask.sum(axis=-1)
    return np.where(size < visible, size / visible, np.nan)


def negative_mass(b: Array) -> Array:
    """`sum max(-b_i, 0)`: how far an estimate is from being weights at all."""
    return np.asarray(np.maximum(-b, 0.0).sum(axis=-1))


def tail_mass(a: Array, count: int) -> Array:
    """The mass outside the `count` largest weights."""
    kept = max(a.shape[-1] - count, 0)
    return np.asarray(np.sort(a, axis=-1)[..., :kept].sum(axis=-1))


def correlation(a: Array, b: Array, mask: Mask) -> Array:
    """Pearson's, over the visible positions of each row; NaN where either is the same everywhere."""
    count = mask.sum(axis=-1, keepdims=True)
    x, y = (
        np.where(mask, one - np.where(mask, one, 0.0).sum(axis=-1, keepdims=True) / count, 0.0)
        for one in (a, b)
    )
    size = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    found = np.divide((x * y).sum(axis=-1), size, where=size > 1e-15, out=np.full(size.shape, np.nan))
    return np.asarray(found.clip(-1.0, 1.0))


def few_visible(mask: Mask, d: int) -> Mask:
    """Whether at most d + 1 positions are visible: there generic values leave one set of weights (Q1)."""
    return np.asarray(mask.sum(axis=-1) <= d + 1)


def full_support(a: Array, mask: Mask) -> Mask:
    """Whether every visible position has weight; what underflowed to zero has none."""
    return np.asarray(((a > 0) | ~mask).all(axis=-1))


def by_visible(law: Callable[[int], float], mask: Mask) -> Array:
    """A law of the number of visible positions, for every trial: mask (B, n) -> (B,)."""
    counts, place = np.unique(mask.sum(axis=-1), return_inverse=True)
    return np.array([law(int(count)) for count in counts])[place]


def relative_gap(left: Array, right: Array, values: Array, mask: Mask | None = None) -> Array:
    """`|o_left - o_right|` (B, d) relative to the root mean square size of the visible values (B, n, d).

    mask (B, n), everywhere if None. Absolute where all values are zero.
    """
    size = root_mean_square(values, mask)
    return lengths((left - right) / np.where(size > 0, size, 1.0)[..., None])
