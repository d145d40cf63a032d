"""The closest pair of rows, by all differences, in memory of one trial."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from attnlab.shapes import Array, Mask

_TIE = 1e-9
"""Squared distances that differ by less than this, relatively, are equal."""
_BLOCK = 8
"""Coordinates summed between two looks at whether the pair is already out."""


def closest(values: Array, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two visible positions whose values are nearest to each other, the earlier one first; (0, 0) for one.

    values (B, n, d), mask (B, n) -> (B,) and (B,). Distances are summed from differences, which a common offset
    does not drown. Of pairs as near as each other, but for rounding, the first counts.
    """
    trials = values.shape[0]
    first, second = np.zeros(trials, dtype=np.int64), np.zeros(trials, dtype=np.int64)
    _fill(
        np.ascontiguousarray(values, dtype=np.float64),
        np.ascontiguousarray(mask, dtype=np.bool_),
        first,
        second,
    )
    return first, second


@njit(cache=True)
def _scaled(values, visible, rows):  # type: ignore[no-untyped-def]
    """rows (n, d): the values over their largest entry, so that no square overflows or underflows."""
    n, d = values.shape
    size = 0.0
    for j in range(n):
        for i in range(d):
            size = max(size, abs(values[j, i]) if visible[j] else 0.0)
    scale = size if size > 0.0 else 1.0
    for j in range(n):
        for i in range(d):
            rows[j, i] = values[j, i] / scale if visible[j] else 0.0


@njit(cache=True)
def _square(left, right, least):  # type: ignore[no-untyped-def]
    """The squared distance of two rows, or some number of at least `least` if it is that large."""
    d, total = left.shape[0], 0.0
    for start in range(0, d, _BLOCK):
        for i in range(start, min(start + _BLOCK, d)):
            difference = left[i] - right[i]
            total += difference * difference
        if total >= least:
            return total
    return total


@njit(cache=True)
def _fill(values, mask, first, second):  # type: ignore[no-untyped-def]
    trials, n, d = values.shape
    rows = np.empty((n, d))
    for b in range(trials):
        _scaled(values[b], mask[b], rows)
        least = np.inf
        for j in range(n):
            for k in range(j + 1, n):
                if mask[b, j] and mask[b, k]:
                    total = _square(rows[j], rows[k], least)
                    if total < least * (1.0 - _TIE) or least == np.inf:
                        least, first[b], second[b] = total, j, k
