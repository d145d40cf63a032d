"""The interval of one weight, exactly, at sizes too large for pivots in fractions: a basis that is proved right.

HiGHS names the positions with weight at an optimum. Whether they are an optimal basis is then a matter of two
linear systems, solved in whole numbers: the weights they must have are not negative, and no reduced cost is of the
wrong sign (the dual certificate; Dantzig 1951). Where the floats were off by a few pivots, these are made exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from attnlab.shapes import Array

PIVOTS = 40
"""Exact pivots from the floats' basis, at most."""
Whole = list[list[int]]


def interval_by_basis(weights: Array, values: Array, at: int) -> tuple[float, float]:
    """The twin of fibre_intervals for one position: weights (n,), values (n, d), the doubles as they are.

    Raises ArithmeticError where no optimal basis was proved.
    """
    rows = [_whole(values[:, c]) for c in range(values.shape[1])] + [[1] * len(values)]
    given = _whole(weights)
    right = [sum(a * w for a, w in zip(row, given, strict=True)) for row in rows]
    ends = []
    for sense in (1, -1):
        cost = [sense * int(i == at) for i in range(len(given))]
        basis = _named(weights, values, cost)
        ends.append(sense * _optimum(rows, right, cost, basis) / sum(given))
    return float(ends[0]), float(ends[1])


def _whole(numbers: Array) -> list[int]:
    """Floats over their common unit, a power of two."""
    exact = [Fraction(float(number)) for number in numbers]
    unit = max(number.denominator for number in exact)
    return [int(number * unit) for number in exact]


def _named(weights: Array, values: Array, cost: Sequence[int]) -> list[int]:
    """The positions that hold the weight at the optimum the floats find."""
    centred = (values - weights @ values) / np.abs(values).max(axis=0)
    matrix = np.vstack([centred.T, np.ones(len(weights))])
    right = np.append(np.zeros(values.shape[1]), 1.0)
    found = linprog(cost, A_eq=matrix, b_eq=right, method="highs-ds", options={"presolve": False})
    if found.x is None:
        raise ArithmeticError(f"HiGHS: {found.message}")
    return sorted(int(i) for i in np.argsort(-found.x, kind="stable")[: len(right)])


def _optimum(rows: Whole, right: list[int], cost: list[int], basis: list[int]) -> Fraction:
    """The least `cost.x` over `x >= 0, rows x = right`, from a basis that is optimal or nearly."""
    for _ in range(PIVOTS):
        square = [[row[j] for j in basis] for row in rows]
        x, scale = _solved(square, right)
        y, unit = _solved([list(column) for column in zip(*square, strict=True)], [cost[j] for j in basis])
        reduced = {
            j: cost[j] * unit - sum(a * b for a, b in zip(y, (row[j] for row in rows), strict=True))
            for j in range(len(cost))
            if j not in basis
        }
        entering = next((j for j, price in reduced.items() if price < 0), None)
        leaving = next((at for at, number in enumerate(x) if number < 0), None)
        if entering is None and leaving is None:
            return Fraction(sum(cost[j] * number for j, number in zip(basis, x, strict=True)), scale)
        if leaving is None and entering is not None:
            along, _ = _solved(square, [row[entering] for row in rows])
            stops = [(Fraction(x[at], step), basis[at], at) for at, step in enumerate(along) if step > 0]
            at = min(stops)[2]
        else:
            assert leaving is not None
            line, _ = _solved(
                [list(column) for column in zip(*square, strict=True)],
                [int(at == leaving) for at in range(len(x))],
            )
            slopes = {j: sum(a * row[j] for a, row in zip(line, rows, strict=True)) for j in reduced}
            if entering is not None:  # neither feasible nor dual feasible: first the one, at any cost
                reduced = dict.fromkeys(reduced, 0)
            at, entering = leaving, min((Fraction(reduced[j], -s), j) for j, s in slopes.items() if s < 0)[1]
        basis = [*basis[:at], entering, *basis[at + 1 :]]
    raise ArithmeticError(f"expected an optimal basis within {PIVOTS} exact pivots")


def _solved(matrix: Whole, right: list[int]) -> tuple[list[int], int]:
    """x times a positive scale, and the scale, with `matrix x = right`: Bareiss elimination, without fractions."""
    size = len(matrix)
    A = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    before = 1
    for s in range(size):
        pivot = next((i for i in range(s, size) if A[i][s]), None)
        if pivot is None:
            raise ArithmeticError("expected a regular basis")
        A[s], A[pivot] = A[pivot], A[s]
        for i in range(size):
            if i != s:
                A[i] = [(A[s][s] * a - A[i][s] * b) // before for a, b in zip(A[i], A[s], strict=True)]
        before = A[s][s]
    sign = 1 if before > 0 else -1
    return [sign * row[-1] for row in A], abs(before)
