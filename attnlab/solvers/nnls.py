"""Nonnegative least squares by active sets, and two questions it answers: hulls and faces.

One kernel (nnls_kernels) minimises `|C x - b|` over x >= 0 (Lawson & Hanson, Solving Least Squares Problems,
1974, ch. 23) on an orthonormal factor Q R of the passive columns. A column that enters is orthogonalised,
twice where digits cancel; one that leaves is rotated out. No normal equations, so nothing is squared.

- `simplex_least_squares`: the weights on the simplex whose output is nearest to a given one.
- `face_tests`: is the hull of the supporting values a face of the hull of all values? (The support then
  determines the weights: a sparse pattern is the only one with its output.) Solved as: is 0 in the hull of
  the unit directions that leave the support? Either answer comes with its certificate.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from attnlab.shapes import Array, Mask, require
from attnlab.solvers import nnls_exactly
from attnlab.solvers.arithmetic import handed


def simplex_least_squares(outputs: Array, values: Array, mask: Mask | None = None) -> tuple[Array, Mask]:
    """The weights on the simplex whose output is nearest to the given one, and whether that was certified.

    Minimises `|V^T b - o|` over b >= 0, sum b = 1, b zero at masked positions, through one nonnegative least
    squares problem: columns `(v_j - o, s)`, right side `(0, s)`, then `b = x / sum x`. With t = sum x and
    f = |V^T b - o|^2 its objective is `t^2 f + s^2 (1 - t)^2`, whose minimum over t, `s^2 f / (s^2 + f)`,
    grows with f: the minimiser is the same, and no penalty weight is needed. Where o lies in the hull of more
    than d + 1 values b is not unique: compare outputs, not weights.

    outputs (B, d), values (B, n, d) or (1, n, d) for values that all trials share, mask (B, n) bool, True
    where visible -> weights (B, n), certified (B,). Certified: the optimality conditions hold for the data as
    given, checked on a residual formed afresh. Where double precision cannot show that, or coordinates or values
    differ in size by more than 1e4, the problem is solved once more in twice the precision (nnls_doubled); and
    where that cannot show it either, in whole numbers (nnls_exactly), up to 16 value dimensions. Beyond these
    such a row, of coordinates and values that both differ by some 1e10, stays uncertified.
    Raises ValueError for wrong shapes, numbers that are not finite, a trial without a visible position.
    """
    from attnlab.solvers import nnls_kernels  # compiled: imported when first used

    trials, d = outputs.shape
    n = values.shape[1]
    require(values.shape in ((trials, n, d), (1, n, d)), f"values ({trials}, n, {d})", values.shape)
    visible = handed(np.ones((trials, n), np.bool_) if mask is None else mask, np.bool_)
    require(visible.shape == (trials, n), f"mask ({trials}, {n})", visible.shape)
    require(bool(visible.any(axis=1).all()), "a visible position in every trial", "none")
    require(
        bool(np.isfinite(outputs).all() and np.isfinite(values).all()), "finite numbers", "NaN or infinity"
    )
    o, v = handed(outputs, np.float64), handed(values, np.float64)
    weights, certified = np.empty((trials, n)), np.empty(trials, dtype=np.bool_)
    nnls_kernels.simplex_least_squares(o, v, visible, weights, certified)
    if not certified.all():
        from attnlab.solvers import nnls_doubled

        nnls_doubled.simplex_least_squares(o, v, visible, _left(certified), weights, certified)
        if d <= nnls_exactly.DIMENSIONS:
            nnls_exactly.simplex_least_squares(o, v, visible, np.flatnonzero(~certified), weights, certified)
    return weights, certified


def _left(certified: Mask) -> NDArray[np.int64]:
    """The rows that are not certified."""
    return handed(np.flatnonzero(~certified), np.int64)


@functools.lru_cache(maxsize=32)
def _every(n: int) -> Mask:
    """(1, n), all True: kept, for making one takes a tenth of a lone call."""
    return handed(np.ones((1, n), dtype=np.bool_), np.bool_)


def more_than_a_face(support: Mask, visible: Mask, dimensions: int) -> Mask:
    """(B,): positions too many for values of so many dimensions to be corners of a face: no face test is needed.

    support, visible (B, n). More than d + 1 values are dependent, and d + 1 that are not span all others.
    """
    held = np.count_nonzero(support & visible, axis=1)
    others = np.count_nonzero(visible, axis=1) > held
    return np.asarray((held > dimensions + 1) | ((held == dimensions + 1) & others))


def face_tests(support: Mask, values: Array, mask: Mask | None = None) -> tuple[NDArray[np.int8], Array]:
    """Is the hull of the supporting values a face of the hull of all visible ones, and are they independent?

    If and only if so, weights with that support are the only ones on the simplex with their output, whatever
    their sizes. Project out the k - 1 directions of the support; let u_j be
    the unit directions in which the other values leave it. The hull is a face iff some w has `w.u_j < 0` for
    all j, that is iff 0 is not in conv{u_j}. UNIQUE rests on such a w, NOT_UNIQUE on a convex combination
    that reaches 0 (or a value repeated, or in the affine hull of the support, or a dependent support).

    support (B, n) bool, values (B, n, d) or (1, n, d) shared, mask (B, n) bool or None -> verdict (B,) int8
    (UNIQUE 1, NOT_UNIQUE 0, UNDECIDED -1) and margin (B,): a certified distance from 0 to conv{u_j} where
    unique, 0 where not, and the distance reached, too small to certify anything, where undecided.
    Inputs are not checked here; see attnlab.identifiability.is_unique.
    """
    from attnlab.solvers import nnls_kernels  # compiled: imported when first used

    trials, n = support.shape
    if mask is None and trials == 1:
        visible = _every(n)
    else:
        visible = handed(np.ones((trials, n), np.bool_) if mask is None else mask, np.bool_)
    verdict, margin = np.empty(trials, dtype=np.int8), np.empty(trials)
    nnls_kernels.face_tests(
        handed(values, np.float64),
        handed(support, np.bool_),
        visible,
        verdict,
        margin,
    )
    return verdict, margin
