"""Inverses and signs of determinants that hold for every matrix near the given one, or are not given at all.

Let X be a computed inverse of A and `theta = |I - A X| + |E X|` (row-sum norms, the rounding of the residual
itself included). If theta < 1/2, then for every A' with entries within E of A's the product `A' X = I - R` has
`|R| <= theta`, so A' is regular and `A'^-1 = X (I - R)^-1` (a Neumann series). So the whole box of matrices
lies on one side of the singular ones and their determinants have one sign; LU finds it, because what LU
factorises exactly is a matrix in the box, once the box holds LU's backward error, at most `e^3 2^(e-1) eps |A|`
with partial pivoting (Wilkinson 1961; Higham 2002, theorem 9.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnlab.shapes import Array, Mask
from attnlab.solvers.arithmetic import handed

EPS = float(np.finfo(np.float64).eps)
ENOUGH = 0.5
"""theta below this certifies: the series then converges, and `1 / (1 - theta) <= 2`."""


@dataclass(frozen=True)
class Inverses:
    """Of each matrix the inverse X (F, e, e), theta (F,) of its box, row sums (F, e) of |X|, LU's sign (F,)."""

    inverse: Array
    theta: Array
    rows: Array
    sign: NDArray[np.int64]

    @property
    def certain(self) -> Mask:
        """(F,): True where every matrix in the box is regular."""
        return np.asarray(self.theta < ENOUGH)

    @property
    def signs(self) -> NDArray[np.int64]:
        """(F,): the sign of the determinant of every matrix in the box; 0 where not certain."""
        return np.where(self.certain, self.sign, 0)

    def solve(self, right: Array) -> tuple[Array, Array]:
        """`A'^-1 right` for right (e,) or (F, e), and a bound of its error over the box: both (F, e).

        `A'^-1 r - X r = X ((I - R)^-1 - I) r`, entry by entry at most `|X_j|_1 2 theta |r|_max`. The bound holds
        where `certain`.
        """
        found = np.matmul(self.inverse, np.broadcast_to(right, self.inverse.shape[:2])[..., None])[..., 0]
        size = np.abs(right).max(axis=-1)
        rounding = (right.shape[-1] + 1) * EPS
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # where nothing is certain the bound may be infinite
            return found, self.rows * ((2 * self.theta + rounding) * size)[..., None]


def inverses(matrices: Array, error: float | Array) -> Inverses:
    """matrices (F, e, e), error (), (F, 1) or (F, e): the largest error of an entry, by column -> Inverses.

    Singular matrices come back uncertain, never as an exception. Columns are scaled to size 1 first: theta does
    not depend on their scale.
    """
    from attnlab.solvers.inverse_kernels import inverted  # compiled: imported when first used

    shape, e = matrices.shape[:2], matrices.shape[-1]
    X, theta, rows = np.empty(matrices.shape), np.empty(shape[0]), np.empty(shape)
    sign = np.empty(shape[0], dtype=np.int64)
    # |E X| <= sum over columns k of E_k |X_k|_1; LU's backward error and the rounding of A X count as such errors
    rounding = EPS * (1 + e + e**2 * 2.0 ** (e - 1))
    of_columns = handed(np.broadcast_to(np.asarray(error, dtype=np.float64), shape), np.float64)
    inverted(handed(matrices, np.float64), of_columns, rounding, X, theta, rows, sign)
    return Inverses(X, theta, rows, sign)


def signs(matrices: Array, error: float | Array) -> NDArray[np.int64]:
    """(F,): the sign of the determinant of every matrix within `error` of the given one; 0 where not certain.

    error as in `inverses`.
    """
    return inverses(matrices, error).signs
