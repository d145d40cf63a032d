"""The affine geometry of values: which changes of the weights leave the output and their sum as they are.

`V^T z = 0, sum z = 0` holds iff z is orthogonal to the columns of [V 1]. All that follows uses an orthonormal
basis of these columns: it does not change when the values are shifted, scaled or linearly mapped, and its rank
is the affine rank of the values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnlab.arrays import EPS
from attnlab.shapes import Array, Mask
from attnlab.solvers.whitening import whitening


def affine_basis(values: Array, mask: Mask, spacing: float = EPS["float64"]) -> Array:
    """An orthonormal basis of the columns of [V 1], restricted to the visible positions.

    values (B, n, d), mask (B, n) -> (B, n, min(n, d) + 1); the ones come first, and columns beyond the rank
    are zero, as are the rows of masked positions. Directions that are barely more than the rounding of the
    values come out of the decomposition with a mean, so they are made orthogonal to the ones once more.
    spacing: that of the float type whose rounding is to count as none. Constructions of collisions leave it at
    float64's: their outputs agree for the numbers as they are.
    """
    ones = mask[..., None].astype(float)
    columns = np.concatenate([ones, whitening(values, mask, spacing).span], axis=2)
    used = np.asarray(columns.any(axis=1))
    orthonormal = np.linalg.qr(columns)[0]
    shape = (len(values), mask.shape[1], columns.shape[2])
    basis = np.zeros(shape)
    basis[:, :, : orthonormal.shape[2]] = orthonormal  # one column fewer where n <= d: it is beyond the rank
    return np.where(mask[..., None] & used[:, None], basis, 0.0)


def rank(basis: Array) -> NDArray[np.int64]:
    """(B,): the rank of [V 1], from `affine_basis`."""
    return np.asarray(basis.any(axis=1).sum(axis=1), dtype=np.int64)


def null_dimension(basis: Array, mask: Mask) -> NDArray[np.int64]:
    """(B,): how many independent z there are with `V^T z = 0, sum z = 0`; generic: max(0, n - d - 1)."""
    return np.asarray(mask.sum(axis=1) - rank(basis), dtype=np.int64)


def null_projection(vectors: Array, basis: Array, mask: Mask) -> Array:
    """The vectors (B, n) projected on the null space; masked entries become zero.

    Projecting twice brings the remainder in the column space down to rounding (Giraud et al. 2005). Entries
    that are no more than the rounding of the vector become zero: their signs mean nothing, and a position
    that no dependence moves must not seem to fall.
    """
    shown = np.where(mask, vectors, 0.0)
    projected = shown[..., None]
    for _ in range(2):
        projected = projected - np.matmul(basis, np.matmul(basis.transpose(0, 2, 1), projected))
    z = projected[..., 0]
    rounding = (
        16 * mask.shape[1] * np.finfo(float).eps * np.abs(shown).max(axis=1, keepdims=True, initial=0.0)
    )
    return np.asarray(np.where(mask & (np.abs(z) > rounding), z, 0.0))
