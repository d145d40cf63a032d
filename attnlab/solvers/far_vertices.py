"""Vertices of the polytope of all weights with one output, far from the given ones in divergence.

`F = {b >= 0, A b = A a}`, the rows of A orthonormal. The Jensen-Shannon divergence from a is convex in b, so its
maximum over F is at a vertex. From a vertex the search goes to the adjacent one of the largest divergence until
none is larger: a local maximum in a stronger sense than that of linear programmes, whose slopes see only the
start of an edge (and are infinite where a weight is 0). Edges are ranked by slope times length, the slope taken
half way to a; the few best are evaluated, and all of them before the search stops. Then a number of positions
are brought in by force, and it starts again from there.

A is shifted a little (`_SHIFT`) so that no vertex is degenerate on the way. Every vertex that counts is solved
anew for the right side itself and checked: nonnegative and on the output, or it does not count.
"""

from __future__ import annotations

import numpy as np

from attnlab.shapes import Array, Mask
from attnlab.solvers.arithmetic import handed


def far_vertices(weights: Array, basis: Array, mask: Mask, draws: Array) -> Array:
    """The farthest vertex found of each trial, (B, n); the weights themselves where none was.

    weights (B, n) on the simplex; basis (B, n, m): an orthonormal basis of the columns of [V 1] with zeros beyond
    the rank, from `affine_basis`; mask (B, n); draws (B, r, n): in each of r rounds the positions of the largest
    draws are brought in before the search goes on.
    """
    from attnlab.solvers import far_vertices_kernels  # compiled: imported when first used

    far = np.array(weights, dtype=np.float64)
    n = weights.shape[1]
    shift = np.asarray(1 + np.random.Generator(np.random.PCG64(0)).random(n))
    far_vertices_kernels.far_vertices(
        handed(weights, np.float64),
        handed(basis, np.float64),
        handed(mask, np.bool_),
        handed(np.argsort(-draws, axis=2, kind="stable"), np.int64),
        handed(shift, np.float64),
        far,
    )
    return far
