"""All vertices of the polytope of weights with one output, by trying every basis: for small sizes only."""

from __future__ import annotations

import itertools

import numpy as np

from attnlab.shapes import Array

_NEAREST = 1e-15
"""How far below 0 a weight of a vertex may come out: the rounding of a small system."""


def fibre_vertices(weights: Array, values: Array) -> Array:
    """(c, n): the vertices of `{b >= 0, sum b = 1, V^T b = V^T a}` for weights (n,), values (n, d), n >= d + 1.

    A vertex rests on affinely independent values, at most d + 1: each choice of d + 1 positions is solved, and
    the nonnegative solutions are kept. Values in general position. Their number is C(n, d + 1).
    """
    n, d = values.shape
    rows = np.vstack([values.T, np.ones(n)])
    bases = np.array(list(itertools.combinations(range(n), d + 1)))
    matrices = rows[:, bases].transpose(1, 0, 2)
    right = np.broadcast_to((rows @ weights)[:, None], (len(bases), d + 1, 1))
    solved = np.linalg.solve(matrices, right)[..., 0]
    kept = solved.min(axis=1) >= -_NEAREST
    vertices = np.zeros((int(kept.sum()), n))
    np.put_along_axis(vertices, bases[kept], np.maximum(solved[kept], 0.0), axis=1)
    return vertices
