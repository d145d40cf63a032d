"""The closest pair of rows, by all differences, in memory of one trial."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnlab.shapes import Array, Mask
from attnlab.solvers.arithmetic import handed
from attnlab.solvers.compiling import inner, kernel

_TIE = 1e-9
"""Squared distances that differ by less than this, relatively, are equal."""


def closest(values: Array, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two visible positions whose values are nearest to each other, the earlier one first; (0, 0) for one.

    values (B, n, d), mask (B, n) -> (B,) and (B,). Distances are summed from differences, which a common offset
    does not drown. Of pairs as near as each other, but for rounding, the first counts.
    """
    trials = values.shape[0]
    first, second = np.zeros(trials, dtype=np.int64), np.zeros(trials, dtype=np.int64)
    _fill(
        handed(values, np.float64),
        handed(mask, np.bool_),
        first,
        second,
    )
    return first, second


@inner
def _gather(values, visible, columns, place):  # type: ignore[no-untyped-def]
    """columns (d, N): the visible values over their largest entry, so that no square overflows; N."""
    n, d = values.shape
    size, N = 0.0, 0
    for j in range(n):
        if visible[j]:
            place[N] = j
            N += 1
            for i in range(d):
                size = max(size, abs(values[j, i]))
    scale = size if size > 0.0 else 1.0
    for t in range(N):
        for i in range(d):
            columns[i, t] = values[place[t], i] / scale
    return N


@kernel
def _fill(values, mask, first, second):  # type: ignore[no-untyped-def]
    trials, n, d = values.shape
    columns, squares, place = np.empty((d, n)), np.empty(n), np.empty(n, np.int64)
    for b in range(trials):
        N = _gather(values[b], mask[b], columns, place)
        least = np.inf
        for j in range(N):
            squares[j + 1 : N] = 0.0
            for i in range(0, d - 3, 4):  # four at a time: the sums are read and written a quarter as often
                u, v, w, x = columns[i], columns[i + 1], columns[i + 2], columns[i + 3]
                p, q, r, s = u[j], v[j], w[j], x[j]
                for k in range(j + 1, N):
                    squares[k] += (u[k] - p) ** 2 + (v[k] - q) ** 2 + (w[k] - r) ** 2 + (x[k] - s) ** 2
            for i in range(d - d % 4, d):
                line, here = columns[i], columns[i, j]
                for k in range(j + 1, N):
                    squares[k] += (line[k] - here) ** 2
            for k in range(j + 1, N):
                if squares[k] < least * (1.0 - _TIE) or least == np.inf:
                    least, first[b], second[b] = squares[k], place[j], place[k]
