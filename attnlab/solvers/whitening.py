"""The directions a set of rows has: one decision of rank for all that asks for it, and coordinates along them.

Each coordinate is first divided by its largest size (a power of two: exact), so that units play no part and every
entry is known to about one spacing s of its float type. The rounding of n rows in f coordinates then has a
Frobenius norm of at most `s/2 sqrt(n f)`, and by Weyl's inequality no singular value moves by more: below that,
times a few roundings of the computation that made the rows, a direction is rounding. The decomposition itself
adds `max(n, f) eps`, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnlab.arrays import EPS
from attnlab.shapes import Array, Mask

ROUNDINGS = 4.0
"""Equal rows computed in one float type, in different order, differ by a few spacings."""


@dataclass(frozen=True)
class Whitening:
    """`span = (rows - centre) whiten` and `rows - centre = span unwhiten`, over the visible rows.

    span (B, n, r), r = min(n, f): orthogonal columns of mean 0 and mean square 1, zero at masked rows; centre
    (B, f); whiten (B, f, r); unwhiten (B, r, f). Directions that the rows do not have are zeros in all of them.
    """

    span: Array
    centre: Array
    whiten: Array
    unwhiten: Array


def whitening(rows: Array, mask: Mask, spacing: float = EPS["float64"], centred: bool = True) -> Whitening:
    """rows (B, n, f), mask (B, n) True where visible -> Whitening, by a singular value decomposition.

    spacing: that of the float type the rows came in. centred False: about 0 instead of the mean.
    """
    scaled, centre, units = _scaled(rows, mask, centred)
    left, sizes, right = np.linalg.svd(scaled, full_matrices=False)
    visible = mask.sum(axis=1, keepdims=True)
    deviations = sizes / np.sqrt(visible)
    kept, _ = _decided(deviations, scaled.shape, visible - centred, spacing)
    shrink = np.where(kept, 1.0 / np.where(kept, deviations, 1.0), 0.0)
    return Whitening(
        span=left * np.where(kept, np.sqrt(visible), 0.0)[:, None],
        centre=centre * units,
        whiten=np.swapaxes(right / units[:, None], 1, 2) * shrink[:, None],
        unwhiten=right * units[:, None] * np.where(kept, deviations, 0.0)[..., None],
    )


def rank(
    rows: Array, mask: Mask, spacing: float = EPS["float64"], centred: bool = True
) -> tuple[NDArray[np.int64], Array]:
    """How many directions the rows have (B,), and the gap of that decision (B,). Arguments as in `whitening`.

    centred: about the mean, one less than the rank of `[rows 1]`; otherwise the rank of the rows. gap: the
    least deviation kept over the largest dropped, or over the tolerance where that is larger; infinite if none
    is kept. A gap near 1: the rank is a matter of opinion.
    """
    scaled, _, _ = _scaled(rows, mask, centred)
    visible = mask.sum(axis=1, keepdims=True)
    deviations = np.linalg.svd(scaled, compute_uv=False) / np.sqrt(visible)
    kept, gap = _decided(deviations, scaled.shape, visible - centred, spacing)
    return np.asarray(kept.sum(axis=1), dtype=np.int64), gap


def _scaled(rows: Array, mask: Mask, centred: bool) -> tuple[Array, Array, Array]:
    """The rows in units of each coordinate's size, less their mean if asked, 0 where masked; mean and units."""
    hidden = None if mask.all() else ~mask
    shown = rows if hidden is None else np.where(mask[..., None], rows, 0.0)
    largest = np.maximum(shown.max(axis=1, initial=0.0), -shown.min(axis=1, initial=0.0))
    units = np.ldexp(1.0, np.maximum(np.frexp(largest)[1], -1000))
    shown = shown / units[:, None]
    centre = np.zeros_like(units)
    if centred:
        share = (mask / mask.sum(axis=1, keepdims=True))[:, None]
        centre = np.matmul(share, shown)[:, 0]
        shown -= centre[:, None]
        # Once more: the rounding of a far centre may exceed the least directions that count.
        shown -= np.matmul(share, shown)
        if hidden is not None:
            shown[hidden] = 0.0
    return shown, centre, units


def _decided(
    deviations: Array, shape: tuple[int, ...], most: NDArray[np.int64], spacing: float
) -> tuple[Mask, Array]:
    """Which directions count, `most` (B, 1) of them (m rows with mean 0 have m - 1); and the gap (B,)."""
    _, n, f = shape
    tolerance = max(max(n, f) * EPS["float64"], ROUNDINGS * np.sqrt(f) * spacing)
    kept = (deviations > tolerance) & (np.arange(deviations.shape[1]) < most)
    least = np.where(kept, deviations, np.inf).min(axis=1, initial=np.inf)
    dropped = np.where(kept, 0.0, deviations).max(axis=1, initial=0.0)
    return kept, np.asarray(least / np.maximum(dropped, tolerance))


def least_weights(basis: Whitening, coordinates: Array, total: Array | float, mask: Mask) -> Array:
    """The b (B, n) of least norm with `sum b = total` (B, 1) and `span^T b = coordinates` (B, r).

    With m visible positions `b = (total + span coordinates) / m`: span^T span = m I, and its columns are
    orthogonal to the ones.
    """
    moved = np.matmul(basis.span, coordinates[..., None])[..., 0]
    return np.asarray(np.where(mask, (total + moved) / mask.sum(axis=1, keepdims=True), 0.0))


def minimum_norm_weights(outputs: Array, values: Array, mask: Mask, spacing: float = EPS["float64"]) -> Array:
    """The b of least norm among those with `sum b = 1` and `V^T b` nearest to o: (B, d), (B, n, d) -> (B, n).

    Whatever the scale and the offset of the values. Given `o = V^T a` this is the effective attention with the
    sum constraint: a less its part in the null space of [V 1]^T (Brunner et al. 2020). Signed; equal to a iff
    the visible values are affinely independent or a has no such part.
    """
    basis = whitening(values, mask, spacing)
    coordinates = np.matmul((outputs - basis.centre)[:, None], basis.whiten)[:, 0]
    return least_weights(basis, coordinates, 1.0, mask)
