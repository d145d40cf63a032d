"""The affine geometry of values: which changes of the weights leave the output and their sum as they are.

`V^T z = 0, sum z = 0` holds iff z is orthogonal to the columns of [V 1]. All that follows uses an orthonormal
basis of these columns: it does not change when the values are shifted, scaled or linearly mapped, and its rank
is the affine rank of the values.
"""

from __future__ import annotations

import numpy as np

from attnlab.shapes import Array, Mask

EPS = float(np.finfo(np.float64).eps)


def affine_basis(values: Array, mask: Mask) -> Array:
    """An orthonormal basis of the columns of [V 1], restricted to the visible positions.

    values (B, n, d), mask (B, n) -> (B, n, min(n, d + 1)); rows of masked positions are zero, and so are the
    columns beyond the rank: `U.any(axis=1).sum(axis=1)` is the rank. A singular value counts as zero below
    `max(n, d + 1) eps` of the largest one, times how much larger the values are than their spread: what
    lies below that is the rounding of the values themselves.
    """
    trials, n, d = values.shape
    seen = mask[..., None]
    count = mask.sum(axis=1)[:, None, None]
    largest = np.abs(np.where(seen, values, 0.0)).max(axis=(1, 2), initial=0.0)[:, None, None]
    unit = np.where(seen, values, 0.0) / np.where(largest > 0, largest, 1.0)
    centred = np.where(seen, unit - unit.sum(axis=1, keepdims=True) / count, 0.0)
    spread = np.abs(centred).max(axis=(1, 2), initial=0.0)[:, None, None]
    spread = np.where(spread > n * EPS, spread, np.inf)  # equal up to rounding: only the ones remain
    left, singular, _ = np.linalg.svd(np.concatenate([centred / spread, seen.astype(float)], axis=2), False)
    magnify = np.maximum(1.0, 1.0 / spread[:, :, 0])
    tolerance = max(n, d + 1) * EPS * singular[:, :1] * magnify
    return np.asarray(left * (singular > tolerance)[:, None, :])


def rank(basis: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """(B,): the rank of [V 1], from `affine_basis`."""
    return np.asarray(basis.any(axis=1).sum(axis=1), dtype=np.int64)


def null_dimension(basis: Array, mask: Mask) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
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
