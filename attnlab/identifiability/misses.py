"""Q3 with value dimensions to spare: other weights whose output is nearly the same, or the same once rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnlab.arrays import Array, Mask
from attnlab.attention import output, softmax_weights
from attnlab.solvers.formats import BITS, EXPONENTS, Format, stored
from attnlab.solvers.whitening import whitening
from attnlab.theory.misses import AWAY

SAME = 0.01
"""Ends of two descents nearer than this in total variation are one minimum."""
CLEAR = 1e-12
"""An output nearer than this to where rounding changes, relative to the values, is not said to round anywhere."""
FLAT = 1e-12
"""A direction in which the values differ by less, relative to their size, is rounding."""


@dataclass(frozen=True)
class Misses:
    """Minima of the distance from the given output, at weights that are others; (B, S), nearest first.

    distance (B, S): in the units of the values, inf beyond the last; weights (B, S, n); count (B,).
    """

    distance: Array
    weights: Array
    count: NDArray[np.int64]


def near_misses(
    weights: Array, values: Array, keys: Array, mask: Mask, *, away: float = AWAY, starts: int = 64
) -> Misses:
    """Where `|V^T softmax(K q') - o|` has a minimum over q', found from so many starts, `away` from the weights.

    weights (B, n) with the output o, values (B, n, d), keys (B, n, e), mask (B, n); away: in total variation.
    Minima that the search missed may be nearer: the distances are bounds from above, and the counts from below.
    Some lie at infinity, where the weights of some positions vanish: the descent goes as far as it gains.
    """
    outputs = output(weights, values)
    ends, found = _descents(outputs, values, keys, mask, starts)
    distance = np.linalg.norm(np.matmul(ends, values) - outputs[:, None], axis=2)
    apart = 0.5 * np.abs(ends - weights[:, None]).sum(axis=2)
    distance = np.where(found & (apart >= away), distance, np.inf)
    order = np.argsort(distance, axis=1, kind="stable")
    distance = np.take_along_axis(distance, order, axis=1)
    ends = np.take_along_axis(ends, order[..., None], axis=1)
    for later in range(1, distance.shape[1]):
        other = 0.5 * np.abs(ends[:, :later] - ends[:, later, None]).sum(axis=2)
        again = ((other < SAME) & np.isfinite(distance[:, :later])).any(axis=1)
        distance[again, later] = np.inf
    return Misses(distance, ends, np.isfinite(distance).sum(axis=1))


def lost_by_rounding(
    weights: Array,
    values: Array,
    keys: Array,
    mask: Mask,
    format: Format,
    *,
    away: float = AWAY,
    starts: int = 64,
) -> Mask:
    """(B,): whether other softmax weights over the keys were found whose output has the same bits once rounded.

    Sought where the distance from the rounded output is least, in units of half a step in every coordinate; then
    looked at: `away` from the weights, and rounding to the same, clear of the borders. None found proves nothing.
    Arguments as of `near_misses`.
    """
    arrived = stored(output(weights, values), format)
    step = _half_steps(arrived, format)
    ends, found = _descents(arrived / step, values / step[:, None], keys, mask, starts)
    reached = np.matmul(ends, values)
    clear = CLEAR * np.abs(values).max(axis=(1, 2), keepdims=True)
    same = np.ones(found.shape, dtype=bool)
    for moved in (-clear, clear):
        same &= (stored(reached + moved, format) == arrived[:, None]).all(axis=2)
    apart = 0.5 * np.abs(ends - weights[:, None]).sum(axis=2) >= away
    return np.asarray((found & same & apart).any(axis=1))


def resolved(weights: Array, values: Array, format: Format) -> Array:
    """(B,): two outputs farther apart than this never have the same bits in the format: steps, as one length."""
    return np.asarray(
        2 * np.linalg.norm(_half_steps(stored(output(weights, values), format), format), axis=1)
    )


def _half_steps(numbers: Array, format: Format) -> Array:
    """Half the distance between neighbours of the format at these of its numbers."""
    exponent = np.where(numbers == 0, -10_000, np.frexp(numbers)[1])
    return np.ldexp(1.0, np.maximum(exponent, EXPONENTS[format][0] + 1) - BITS[format] - 1)


def _descents(outputs: Array, values: Array, keys: Array, mask: Mask, starts: int) -> tuple[Array, Mask]:
    """The weights (B, S, n) where descents to the outputs end, and which there are (B, S).

    Distances are those of the values as given: their coordinates are turned, shifted and scaled together.
    """
    from attnlab.solvers.twin_query import twins  # compiled: imported when first used

    share = mask / mask.sum(axis=1, keepdims=True)
    centre = np.matmul(share[:, None], values)
    around = np.where(mask[..., None], values - centre, 0.0)
    turn = np.swapaxes(np.linalg.svd(around, full_matrices=False)[2], 1, 2)  # largest first, zeros last
    size = np.sqrt((around**2).mean(axis=(1, 2), keepdims=True))
    unit = np.where(size > 0, size, 1.0)
    of_keys = whitening(keys, mask)
    turned = np.matmul(around / unit, turn)
    turned *= np.abs(turned).max(axis=1, keepdims=True) > FLAT
    target = np.matmul((outputs[:, None] - centre) / unit, turn)[:, 0]
    found = twins(of_keys.span, turned, mask, target, starts=starts, enough=starts, tolerance=np.inf)
    scores = np.matmul(np.nan_to_num(found.parameters), np.swapaxes(of_keys.span, 1, 2))
    there = np.arange(scores.shape[1]) < found.count[:, None]
    return softmax_weights(scores, np.broadcast_to(mask[:, None], scores.shape)), there
