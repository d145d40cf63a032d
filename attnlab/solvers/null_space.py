"""The affine geometry of values: which changes of the weights leave the output and their sum as they are.

`V^T z = 0, sum z = 0` holds iff z is orthogonal to the columns of [V 1]. All that follows uses an orthonormal
basis of these columns: it does not change when the values are shifted, scaled or linearly mapped, and its rank
is the affine rank of the values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnlab.shapes import Array, Mask
from attnlab.solvers.whitening import whitening


def affine_basis(values: Array, mask: Mask) -> Array:
    """An orthonormal basis of the columns of [V 1], restricted to the visible positions.

    values (B, n, d), mask (B, n) -> (B, n, min(n, d) + 1); rows of masked positions are zero, and so are the
    columns beyond the rank.
    """
    ones = mask[..., None].astype(float)
    basis = np.concatenate([whitening(values, mask).span, ones], axis=2)
    return np.asarray(basis / np.sqrt(mask.sum(axis=1))[:, None, None])


def rank(basis: Array) -> NDArray[np.int64]:
    """(B,): the rank of [V 1], from `affine_basis`."""
    return np.asarray(basis.any(axis=1).sum(axis=1), dtype=np.int64)


def null_dimension(basis: Array, mask: Mask) -> NDArray[np.int64]:
    """(B,): how many independent z there are with `V^T z = 0, sum z = 0`; generic: max(0, n - d - 1)."""
    return np.asarray(mask.sum(axis=1) - rank(basis), dtype=np.int64)


def null_projection(vectors: Array, basis: Array, mask: Mask) -> Array:
    """The vectors (B, n) projected on the null space; masked entries become zero.

    Projecting twice brings the remainder in the column space down to rounding (Giraud et al. 2005).
    """
    projected = np.where(mask, vectors, 0.0)[..., None]
    for _ in range(2):
        projected = projected - np.matmul(basis, np.matmul(basis.transpose(0, 2, 1), projected))
    return np.asarray(np.where(mask, projected[..., 0], 0.0))
