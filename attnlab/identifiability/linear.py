"""Q1: what the output says about the weights when only their sum is known to be 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.identifiability.batches import Batch
from attnlab.shapes import Array, Mask, require

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Nullity:
    """Ranks and null dimensions of V and of `[V 1]`; arrays over the leading axes.

    rank, null: of V (n - rank directions leave V^T a unchanged); affine_rank, affine_null: of `[V 1]` (those
    that also leave the sum unchanged); gap, affine_gap: the smallest singular value kept over the largest one
    dropped, infinite if none was dropped or it is 0. A gap near 1 means the rank is a matter of opinion.
    """

    rank: NDArray[np.int64]
    null: NDArray[np.int64]
    gap: Array
    affine_rank: NDArray[np.int64]
    affine_null: NDArray[np.int64]
    affine_gap: Array


def nullity(values: ArrayLike, mask: ArrayLike | None = None) -> Nullity:
    """Rank and null dimension of the values, with and without the row of ones.

    Masked rows are dropped first: padding would add null directions that no attention can use. A singular
    value counts if it exceeds `max(n, d + 1) eps sigma_max`. Generic values: affine_null = max(0, n - d - 1)
    (Brunner et al. 2020, with the row of ones counted).

    values (..., n, d), mask (..., n) True where visible. Raises ValueError for shapes that do not fit or
    numbers that are not finite.
    """
    v, visible = _visible(values, mask)
    seen = visible.sum(axis=-1)
    rank, gap = _rank(v)
    affine_rank, affine_gap = _rank(_with_ones(v, visible))
    return Nullity(rank, seen - rank, gap, affine_rank, seen - affine_rank, affine_gap)


def effective_attention(
    weights: ArrayLike, values: ArrayLike, sum_constraint: bool = True, mask: ArrayLike | None = None
) -> Array:
    """The part of the weights that the output can see: their projection onto the columns of `[V 1]`.

    `Vt Vt^+ a` with `Vt = [V 1]`, or `V V^+ a` without the sum constraint (Brunner et al. 2020). It has the
    same output, is idempotent, equals a where n <= rank, and is signed; only with the ones does it sum to 1.
    weights (..., n), values (..., n, d), mask (..., n) -> (..., n), zero where masked. Errors as in nullity.
    """
    a = np.asarray(weights, dtype=np.float64)
    v, visible = _visible(values, mask)
    matrix = _with_ones(v, visible) if sum_constraint else v
    require(a.shape[-1] == v.shape[-2], f"weights (..., {v.shape[-2]})", a.shape)
    require(bool(np.isfinite(a).all()), "finite weights", "NaN or infinity")
    left, singular, _ = np.linalg.svd(matrix, full_matrices=False)
    kept = np.where((singular > _tolerance(matrix, singular))[..., None, :], left, 0.0)
    inner = np.matmul(np.where(visible, a, 0.0)[..., None, :], kept)
    return np.asarray(np.matmul(inner, np.swapaxes(kept, -1, -2))[..., 0, :])


def _visible(values: ArrayLike, mask: ArrayLike | None) -> tuple[Array, Mask]:
    v = np.asarray(values, dtype=np.float64)
    require(v.ndim >= 2, "values (..., n, d)", v.shape)
    batch = Batch.of(np.zeros(v.shape[-2]), v, mask)
    require(bool(np.isfinite(v).all()), "finite values", "NaN or infinity")
    visible = np.broadcast_to(batch.mask, (*batch.lead, v.shape[-2]))
    # a zero row, its one zeroed too, adds nothing to the rank: the same as leaving the position out
    return np.where(visible[..., None], v, 0.0), visible


def _with_ones(values: Array, visible: Mask) -> Array:
    return np.concatenate([values, visible[..., None].astype(np.float64)], axis=-1)


def _tolerance(matrix: Array, singular: Array) -> Array:
    return np.asarray(max(matrix.shape[-2:]) * _EPS * singular.max(axis=-1, keepdims=True, initial=0.0))


def _rank(matrix: Array) -> tuple[NDArray[np.int64], Array]:
    singular: Array = np.linalg.svd(matrix, compute_uv=False).astype(np.float64, copy=False)
    rank = (singular > _tolerance(matrix, singular)).sum(axis=-1)
    padded = np.concatenate([singular, np.zeros((*singular.shape[:-1], 1))], axis=-1)
    dropped = np.take_along_axis(padded, rank[..., None], axis=-1)[..., 0]
    kept = np.take_along_axis(padded, np.maximum(rank - 1, 0)[..., None], axis=-1)[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return rank, np.where(dropped > 0, kept / dropped, np.inf)
