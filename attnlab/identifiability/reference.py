"""Slow, plain twins of the kernels: linear programmes as they are written, and exact rational arithmetic.

The tests and benchmarks hold the fast code against these; nothing else uses them.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from attnlab.shapes import Array, Mask

LOST_MASS = 1e-6
"""More mass than this off the support means other weights share the output."""


def _least(cost: Array, matrix: Array, right: Array) -> float:
    """`min cost.x` over x >= 0 with `matrix x = right`."""
    result = linprog(
        cost,
        A_eq=matrix,
        b_eq=right,
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if result.status != 0 or result.fun is None:
        raise FloatingPointError(f"linprog: {result.message}")
    return float(result.fun)


def mass_off_support(support: Mask, values: Array) -> float:
    """How much weight can leave the support at a fixed output, from *uniform* weights on it.

    support (n,), values (n, d). The weights are unique iff it is 0 and the support is affinely independent.
    Uneven weights would hide small moves below any tolerance; the verdict does not depend on them, so the
    programme is free to take even ones. Coordinates and the row of ones are brought to one scale first.
    """
    centred = values - values.mean(axis=0)
    spread = np.abs(centred).max(axis=0)
    matrix = np.vstack([(centred / np.where(spread > 0, spread, 1.0)).T, np.ones(len(values))])
    even = support / support.sum()
    return -_least(np.where(support, 0.0, -1.0), matrix, matrix @ even)


def is_unique_by_programme(support: Mask, values: Array) -> bool:
    """The twin of is_unique for one instance: affine independence by rank, the rest by one programme."""
    chosen = values[support]
    independent = np.linalg.matrix_rank(chosen[1:] - chosen[0]) == len(chosen) - 1
    return bool(independent) and mass_off_support(support, values) <= LOST_MASS


def is_unique_exactly(support: Mask, values: Array) -> bool:
    """The same in exact rational arithmetic on the doubles as they are: support (n,), values (n, d).

    Eliminate the supporting columns of `[1 V]^T`: the weights are unique iff that succeeds (independence)
    and what is left, W, has no `x >= 0, x != 0` with `W x = 0`.
    """
    rows = [[Fraction(1)] * len(values), *([Fraction(float(x)) for x in column] for column in values.T)]
    left = list(rows)
    for j in np.flatnonzero(support):
        pivot = next((row for row in left if row[j] != 0), None)
        if pivot is None:
            return False
        left = [
            [x - row[j] / pivot[j] * y for x, y in zip(row, pivot, strict=True)]
            for row in left
            if row is not pivot
        ]
    others = np.flatnonzero(~support)
    if not others.size:
        return True
    return not _nonnegative_null_vector([[row[j] for j in others] for row in left], len(others))


def _nonnegative_null_vector(matrix: list[list[Fraction]], columns: int) -> bool:
    """Is there x >= 0 with sum 1 and `matrix x = 0`? First phase of the simplex with Bland's rule, exact."""
    one, zero = Fraction(1), Fraction(0)
    table = [[*row, zero] for row in matrix] + [[one] * columns + [one]]
    basis = [columns + i for i in range(len(table))]
    while True:
        artificial = [row for row, name in zip(table, basis, strict=True) if name >= columns]
        gain = [sum((row[j] for row in artificial), zero) for j in range(columns + 1)]
        if gain[columns] == 0:
            return True
        enter = next((j for j in range(columns) if gain[j] > 0 and j not in basis), None)
        if enter is None:
            return False
        ratios = [(row[columns] / row[enter], basis[i], i) for i, row in enumerate(table) if row[enter] > 0]
        r = min(ratios)[2]
        pivot = table[r][enter]
        table[r] = [x / pivot for x in table[r]]
        for i, row in enumerate(table):
            if i != r and row[enter] != 0:
                f = row[enter]
                table[i] = [x - f * y for x, y in zip(row, table[r], strict=True)]
        basis[r] = enter


def intervals_by_programmes(weights: Array, values: Array) -> Array:
    """The twin of fibre_intervals for one instance: weights (n,), values (n, d) -> (n, 2), 2n programmes."""
    matrix = np.vstack([values.T, np.ones(len(values))])
    bounds = np.empty((len(values), 2))
    for i in range(len(values)):
        for side, sign in ((0, 1.0), (1, -1.0)):
            cost = np.zeros(len(values))
            cost[i] = sign
            bounds[i, side] = sign * _least(cost, matrix, matrix @ weights)
    return bounds
