"""A collision confirmed in exact rational arithmetic: every float is a rational number, so this is a proof.

Cost grows quickly with the size of the numbers: meant for small cases, and for values with few digits.
"""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np

from attnlab.oracles.rational import eliminate
from attnlab.shapes import Array, Collision

Rationals = list[Fraction]


def confirm_exactly(collision: Collision) -> Collision:
    """The collision, its `verified` saying that exact weights next to its patterns have exactly one output.

    Raises ValueError for softmax patterns, whose weights are irrational, and where no such weights are found.
    """
    if collision.constraint == "softmax":
        raise ValueError("expected weights that can be rational, got softmax patterns")
    for b in np.flatnonzero(collision.found):
        if exact_patterns(collision.patterns[b], collision.values[b]) is None:
            raise ValueError(f"trial {b}: no exact weights within {NEAR:g} of the patterns have one output")
    return dataclasses.replace(collision, verified="exact rational arithmetic")


NEAR = 1e-9
"""How far an exact weight may lie from the computed one."""


def exact_patterns(patterns: Array, values: Array) -> list[Rationals] | None:
    """Rational weights next to patterns (r, n) with exactly the same output: values (r, n, d), taken exactly.

    Each row of the result is nonnegative, sums to 1, and is zero wherever the pattern is. The unknowns are the
    weights on the supports, the equations `sum = 1` for each pattern and `V_j^T a_j = V_1^T a_1`. Starting from
    the computed weights, the equations are met by changing as few and as large ones as possible: Gauss-Jordan
    elimination whose pivots are entries times weights. None if that leaves the simplex or moves too far.
    """
    r, n = patterns.shape
    d = values.shape[2]
    unknowns = [(j, i) for j in range(r) for i in range(n) if patterns[j, i] > 0]
    weights = [Fraction(float(patterns[j, i])) for j, i in unknowns]
    exact = [[[Fraction(float(x)) for x in values[j, i]] for i in range(n)] for j in range(r)]
    rows: list[Rationals] = [[Fraction(int(j == k)) for j, _ in unknowns] for k in range(r)]
    right = [Fraction(1)] * r
    for k in range(1, r):
        for c in range(d):
            rows.append([exact[j][i][c] * ((j == k) - (j == 0)) for j, i in unknowns])
            right.append(Fraction(0))
    missed = [b - _dot(row, weights) for row, b in zip(rows, right, strict=True)]
    change = _smallest_change(rows, missed, weights)
    if change is None:
        return None
    moved = [w + x for w, x in zip(weights, change, strict=True)]
    if any(w < 0 for w in moved) or any(abs(x) > NEAR for x in change):
        return None
    result = [[Fraction(0)] * n for _ in range(r)]
    for (j, i), w in zip(unknowns, moved, strict=True):
        result[j][i] = w
    return result


def _dot(left: Rationals, right: Rationals) -> Fraction:
    return sum((x * y for x, y in zip(left, right, strict=True)), Fraction(0))


def _smallest_change(rows: list[Rationals], missed: Rationals, weights: Rationals) -> Rationals | None:
    """x with `rows x = missed`, zero off the pivots; None if the equations contradict each other."""
    system = [[*row, b] for row, b in zip(rows, missed, strict=True)]
    pivots: dict[int, int] = {}
    # ends: each round adds a row to the pivots or is the last
    while left := [i for i in range(len(system)) if i not in pivots.values()]:
        _, at, column = max((abs(system[i][j]) * w, i, j) for i in left for j, w in enumerate(weights))
        if system[at][column] == 0:
            break
        pivots[column] = at
        eliminate(system, at, column)
    if any(system[i][-1] != 0 for i in range(len(system)) if i not in pivots.values()):
        return None
    return [system[pivots[j]][-1] if j in pivots else Fraction(0) for j in range(len(weights))]
