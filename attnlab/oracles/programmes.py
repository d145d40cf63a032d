"""Slow, plain twins of the kernels: linear programmes as they are written, and exact rational arithmetic.

The tests and benchmarks hold the fast code against these; nothing else uses them.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from attnlab.oracles.rational import eliminate
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
    while True:  # ends: exact, and Bland's rule visits no basis twice
        artificial = [row for row, name in zip(table, basis, strict=True) if name >= columns]
        gain = [sum((row[j] for row in artificial), zero) for j in range(columns + 1)]
        if gain[columns] == 0:
            return True
        enter = next((j for j in range(columns) if gain[j] > 0 and j not in basis), None)
        if enter is None:
            return False
        ratios = [(row[columns] / row[enter], basis[i], i) for i, row in enumerate(table) if row[enter] > 0]
        r = min(ratios)[2]
        eliminate(table, r, enter)
        basis[r] = enter


def top_is_forced_exactly(weights: Array, values: Array) -> bool:
    """The twin of top_certified in exact rational arithmetic: weights (n,), values (n, d), doubles as they are.

    Position j can reach the top iff some `x >= 0, s >= 0`, not all 0, have `(V - o)^T x = 0` and
    `x_j - x_top = s`, o the exact output: x, scaled to sum 1, are weights with that output. For weights whose
    largest is not tied.
    """
    a = [Fraction(float(x)) for x in weights]
    exact = [[Fraction(float(x)) for x in row] for row in values]
    n, top = len(a), max(range(len(a)), key=lambda j: a[j])
    output = [_dot(a, list(column)) / sum(a) for column in zip(*exact, strict=True)]
    rows = [[exact[j][c] - o for j in range(n)] + [Fraction(0)] for c, o in enumerate(output)]
    for j in sorted(range(n), key=lambda j: -a[j]):
        ahead = [Fraction((i == j) - (i == top)) for i in range(n)] + [Fraction(-1)]
        if j != top and _nonnegative_null_vector([*rows, ahead], n + 1):
            return False
    return True


def is_face_exactly(support: Mask, values: Array) -> bool:
    """True if a supporting hyperplane, found in doubles, passes an exact check: a certificate at any size.

    A programme finds w with the widest margin against the directions that leave the support; in rational
    arithmetic w is then made orthogonal to the support's directions (which must be independent) and compared
    with every other value. False means that no certificate was found, not that there is none.
    """
    chosen, others = values[support], values[~support]
    step = others - chosen[np.linalg.norm(others[:, None] - chosen, axis=2).argmin(axis=1)]
    if not step.any(axis=1).all():
        return False  # a copy of a supporting value
    step = step / np.linalg.norm(step, axis=1, keepdims=True)
    along = chosen[1:] - chosen[0]
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    n, d = step.shape
    found = linprog(
        np.append(np.zeros(d), -1.0),
        A_ub=np.hstack([step, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=np.hstack([along, np.zeros((len(along), 1))]) if len(along) else None,
        b_eq=np.zeros(len(along)) if len(along) else None,
        bounds=[(-1.0, 1.0)] * d + [(None, None)],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.x is None:
        return False
    exact = [[Fraction(float(x)) for x in row] for row in values]
    inside, outside = np.flatnonzero(support), np.flatnonzero(~support)
    base = exact[inside[0]]
    frame: list[list[Fraction]] = []
    for j in inside[1:]:
        axis = _without([x - y for x, y in zip(exact[j], base, strict=True)], frame)
        if not any(axis):
            return False
        frame.append(axis)
    normal = _without([Fraction(float(x)) for x in found.x[:d]], frame)
    height = _dot(normal, base)
    return all(_dot(normal, exact[j]) < height for j in outside)


def _dot(left: list[Fraction], right: list[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(left, right, strict=True)), Fraction(0))


def _without(vector: list[Fraction], frame: list[list[Fraction]]) -> list[Fraction]:
    """The part of the vector orthogonal to all axes of an orthogonal frame."""
    for axis in frame:
        share = _dot(vector, axis) / _dot(axis, axis)
        vector = [x - share * y for x, y in zip(vector, axis, strict=True)]
    return vector


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
