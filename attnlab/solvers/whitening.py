"""The directions a set of rows has: one decision of rank for all that asks for it, and coordinates along them.

Each coordinate is first divided by its largest size (a power of two: exact), so that units play no part and every
entry is known to about one spacing s of its float type. The rounding of n rows in f coordinates then has a
Frobenius norm of at most `s/2 sqrt(n f)`, and by Weyl's inequality no singular value moves by more: below that,
times a few roundings of the computation that made the rows, a direction is rounding. The decomposition itself
adds `max(n, f) eps`, in float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgesdd

from attnlab.arrays import EPS
from attnlab.shapes import Array, Mask

Counts = NDArray[np.int64] | int
"""Of each trial (B, 1), or of all."""
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
    visible = _visible(mask)
    scaled, exponents = _in_units(rows, mask, visible)
    units = np.ldexp(1.0, exponents)
    centre = _about_mean(scaled, mask, visible) if centred else np.zeros_like(units)
    left, sizes, right = np.linalg.svd(scaled, full_matrices=False)
    root = np.sqrt(visible)
    deviations = sizes / root
    kept, _ = _counted(deviations, scaled.shape, visible - centred, spacing)
    shrink = np.divide(1.0, deviations, where=kept, out=np.zeros_like(deviations))
    return Whitening(
        span=left * (kept * root)[:, None],
        centre=centre * units,
        whiten=(right / units[:, None]).transpose(0, 2, 1) * shrink[:, None],
        unwhiten=right * units[:, None] * (kept * deviations)[..., None],
    )


def projected(
    weights: Array, rows: Array, mask: Mask, spacing: float = EPS["float64"], with_ones: bool = True
) -> Array:
    """Weights (B, n) on the columns of the rows, or of `[rows 1]`: what these can see of them, 0 where masked.

    Arguments as in `whitening`.
    """
    visible = _visible(mask)
    scaled, _ = _in_units(rows, mask, visible)
    if with_ones:
        _about_mean(scaled, mask, visible)
    left, sizes = _left(scaled)
    kept, _ = _counted(sizes / visible**0.5, scaled.shape, visible - with_ones, spacing)
    along = np.matmul(weights[:, None], left)
    along *= kept[:, None]
    seen = np.matmul(along, left.swapaxes(1, 2))[:, 0]
    if with_ones:  # they are orthogonal to rows of mean 0
        seen += np.add.reduce(weights, axis=1, keepdims=True) / visible
    return seen if isinstance(visible, int) else np.asarray(seen * mask)


def ranks(
    rows: Array, mask: Mask, spacing: float = EPS["float64"]
) -> tuple[tuple[NDArray[np.int64], Array], tuple[NDArray[np.int64], Array]]:
    """How many directions the rows have, and how many about their mean; each (B,) with its gap (B,).

    The first is the rank of the rows, the second is one less than that of `[rows 1]`. gap: the least deviation
    kept over the largest dropped, or over the tolerance where that is larger; infinite if none is kept. A gap near
    1: the rank is a matter of opinion. Arguments as in `whitening`.
    """
    visible = _visible(mask)
    scaled, _ = _in_units(rows, mask, visible)
    root = np.sqrt(visible)
    plain = np.linalg.svd(scaled, compute_uv=False) / root
    _about_mean(scaled, mask, visible)
    about_mean = np.linalg.svd(scaled, compute_uv=False) / root
    return _decided(plain, scaled.shape, visible, spacing), _decided(
        about_mean, scaled.shape, visible - 1, spacing
    )


def _in_units(rows: Array, mask: Mask, visible: Counts) -> tuple[Array, NDArray[np.int32]]:
    """The rows in units of each coordinate's size, a copy, 0 where masked; and the units' powers of two (B, f)."""
    shown = rows if isinstance(visible, int) else np.where(mask[..., None], rows, 0.0)
    largest = np.abs(shown).max(axis=1)
    exponents = np.maximum(np.frexp(largest)[1], -1000)
    units = np.ldexp(1.0, -exponents)[:, None]
    return np.multiply(shown, units, out=None if shown is rows else shown), exponents


def _about_mean(shown: Array, mask: Mask, visible: Counts) -> Array:
    """Take the mean of the visible rows out of them, in place; the mean (B, f)."""
    every = isinstance(visible, int)
    share = np.full((1, 1, visible), 1 / visible) if every else (mask / visible)[:, None]
    centre = np.matmul(share, shown)
    shown -= centre
    # Once more: the rounding of a far centre may exceed the least directions that count.
    shown -= np.matmul(share, shown)
    if not every:
        shown *= mask[..., None]
    return np.asarray(centre[:, 0])


def _left(rows: Array) -> tuple[Array, Array]:
    """Left singular vectors (B, n, r) and singular values (B, r) of rows (B, n, f)."""
    if len(rows) == 1:  # LAPACK alone: what numpy does around it costs a lone problem a third of the call
        left, sizes, _, failed = dgesdd(rows[0], full_matrices=0)
        if not failed:
            return left[None], sizes[None]
    left, sizes, _ = np.linalg.svd(rows, full_matrices=False)
    return left, sizes


def _visible(mask: Mask) -> Counts:
    """How many positions are visible (B, 1); one number where all are, which is as good and sooner counted."""
    return mask.shape[1] if mask.all() else mask.sum(axis=1, keepdims=True)


def _counted(deviations: Array, shape: tuple[int, ...], most: Counts, spacing: float) -> tuple[Mask, float]:
    """Which directions count, `most` (B, 1) of them (m rows with mean 0 have m - 1); and the tolerance."""
    _, n, f = shape
    tolerance = max(max(n, f) * EPS["float64"], ROUNDINGS * math.sqrt(f) * spacing)
    kept = deviations > tolerance
    if isinstance(most, int) and most >= deviations.shape[1]:
        return kept, tolerance
    return kept & (np.arange(deviations.shape[1]) < most), tolerance


def _decided(
    deviations: Array, shape: tuple[int, ...], most: Counts, spacing: float
) -> tuple[NDArray[np.int64], Array]:
    """How many directions count (B,), and the gap (B,)."""
    kept, tolerance = _counted(deviations, shape, most, spacing)
    least = np.where(kept, deviations, np.inf).min(axis=1, initial=np.inf)
    dropped = np.where(kept, 0.0, deviations).max(axis=1, initial=0.0)
    return kept.sum(axis=1), np.asarray(least / np.maximum(dropped, tolerance))


def least_weights(span: Array, coordinates: Array, total: Array | float, mask: Mask) -> Array:
    """The b (B, n) of least norm with `sum b = total` (B, 1) and `span^T b = coordinates` (B, r).

    With m visible positions `b = (total + span coordinates) / m`: span^T span = m I, and its columns are
    orthogonal to the ones.
    """
    moved = np.matmul(span, coordinates[..., None])[..., 0]
    return np.asarray(mask * ((total + moved) / mask.sum(axis=1, keepdims=True)))


def minimum_norm_weights(outputs: Array, values: Array, mask: Mask, spacing: float = EPS["float64"]) -> Array:
    """The b of least norm among those with `sum b = 1` and `V^T b` nearest to o: (B, d), (B, n, d) -> (B, n).

    Whatever the scale and the offset of the values. Given `o = V^T a` this is the effective attention with the
    sum constraint: a less its part in the null space of [V 1]^T (Brunner et al. 2020). Signed; equal to a iff
    the visible values are affinely independent or a has no such part.
    """
    basis = whitening(values, mask, spacing)
    coordinates = np.matmul((outputs - basis.centre)[:, None], basis.whiten)[:, 0]
    return least_weights(basis.span, coordinates, 1.0, mask)
