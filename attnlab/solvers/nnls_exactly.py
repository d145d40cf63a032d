"""Simplex-constrained least squares in whole numbers, for the few problems that 32 digits do not resolve.

Where coordinates differ in size by 1e15 and values by as much, entries of one problem differ by 1e30 and slopes by
1e60: twice the precision cannot tell there whether a position should enter. Every double is a whole number times a
power of two, so the same active set (Lawson & Hanson 1974, ch. 23, with the sum 1 as an equation) runs without any
rounding: every step lowers the objective, no support comes twice, and it ends at the optimum.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from attnlab.shapes import Array, Mask

DIMENSIONS = 16
"""Value dimensions up to which it is asked: 2 to 20 ms an instance at 8 and 0.02 to 0.6 s at 16, about 30 times as
much at twice the dimension."""


def simplex_least_squares(
    outputs: Array, values: Array, mask: Mask, rows: NDArray[np.int64], weights: Array, certified: Mask
) -> None:
    """Fill weights[rows] (., n) with the optimum, rounded once, and certified[rows]; see nnls.

    It starts from the weights that are there.
    """
    for b in rows:
        places = np.flatnonzero(mask[b])
        apart = _whole(values[b % len(values)][places], outputs[b])
        started = {int(p): Fraction(x) for p, x in enumerate(weights[b, places].tolist()) if x > 0}
        found = _active_set(apart, started)
        if found is None:  # the columns of the start are dependent: from the nearest value instead
            nearest = min(range(len(places)), key=lambda j: _dot(apart[j], apart[j]))
            found = _active_set(apart, {nearest: Fraction(1)})
        assert found is not None, "a single column is independent, and so is whatever lowers the objective"
        weights[b] = 0.0
        weights[b, places[list(found)]] = [float(x) for x in found.values()]
        certified[b] = True


def _whole(values: Array, output: Array) -> list[list[int]]:
    """`v_j - o` as whole numbers, all in one unit, a power of two."""
    ratios = [[x.as_integer_ratio() for x in row] for row in [*values.tolist(), output.tolist()]]
    unit = max(below for row in ratios for _, below in row)
    *all_v, o = [[above * (unit // below) for above, below in row] for row in ratios]
    apart = [[x - y for x, y in zip(v, o, strict=True)] for v in all_v]
    shared = math.gcd(*(x for row in apart for x in row)) or 1
    return [[x // shared for x in row] for row in apart]


def _dot(x: list[int], y: list[int]) -> int:
    return sum(p * q for p, q in zip(x, y, strict=True))


def _active_set(apart: list[list[int]], b: dict[int, Fraction]) -> dict[int, Fraction] | None:
    """The b >= 0 of sum 1 that minimises `|sum b_j apart_j|`, from one on independent columns; None if not."""
    total = sum(b.values())
    b = {j: x / total for j, x in b.items()}
    entering: int | None = None
    while True:  # ends: each round lowers the objective, so no support comes back
        refitted = _refit(apart, b)
        if refitted is None:
            assert entering is None, "a column that lowers the objective is independent of the others"
            return None
        b = refitted
        scale = math.lcm(*(x.denominator for x in b.values()))
        shares = {j: x.numerator * (scale // x.denominator) for j, x in b.items()}
        left = [sum(shares[j] * apart[j][i] for j in b) for i in range(len(apart[0]))]
        objective = _dot(left, left)
        slopes = {j: _dot(row, left) * scale - objective for j, row in enumerate(apart) if j not in b}
        lower = [j for j, slope in slopes.items() if slope < 0]
        if not lower:
            return b
        # Steepest by the length of the column
        entering = min(lower, key=lambda j: -Fraction(slopes[j] ** 2, _dot(apart[j], apart[j]) or 1))
        b[entering] = Fraction(0)


def _refit(apart: list[list[int]], b: dict[int, Fraction]) -> dict[int, Fraction] | None:
    """Walk from b to the best of sum 1 on its columns, dropping those that reach 0; None if dependent."""
    while True:  # ends: each round drops a column or is the last
        best = _best(apart, list(b))
        if best is None:
            return None
        below = [j for j in b if best[j] < 0]
        if not below:
            return {j: x for j, x in best.items() if x > 0}
        step = min(b[j] / (b[j] - best[j]) for j in below)
        b = {j: x + step * (best[j] - x) for j, x in b.items()}
        b = {j: x for j, x in b.items() if x > 0}


def _best(apart: list[list[int]], columns: list[int]) -> dict[int, Fraction] | None:
    """The b of sum 1, any sign, that minimises `|sum b_j apart_j|` on these columns; None if dependent."""
    first, *others = columns
    base = apart[first]
    steps = [[x - y for x, y in zip(apart[j], base, strict=True)] for j in others]
    gram = [[_dot(x, y) for y in steps] + [-_dot(x, base)] for x in steps]
    moved = _solved(gram)
    if moved is None:
        return None
    return {first: 1 - sum(moved, Fraction(0)), **dict(zip(others, moved, strict=True))}


def _solved(rows: list[list[int]]) -> list[Fraction] | None:
    """x with `A x = b`, A positive definite, from `[A b]` by fraction-free elimination (Bareiss 1968)."""
    size, before = len(rows), 1
    for k in range(size):
        pivot = rows[k][k]
        if pivot == 0:
            return None
        for i in range(k + 1, size):
            head = rows[i][k]
            rows[i] = [(pivot * x - head * y) // before for x, y in zip(rows[i], rows[k], strict=True)]
        before = pivot
    x = [Fraction(0)] * size
    for k in range(size - 1, -1, -1):
        known = sum((rows[k][j] * x[j] for j in range(k + 1, size)), Fraction(0))
        x[k] = (rows[k][size] - known) / rows[k][k]
    return x
