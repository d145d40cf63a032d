"""Coordinates in which a set of rows has mean 0 and covariance 1, and the maps there and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.shapes import Array, Mask


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


def whitening(rows: Array, mask: Mask) -> Whitening:
    """rows (B, n, f), mask (B, n) True where visible -> Whitening, by a singular value decomposition.

    A singular value counts as zero below `max(n, f) eps` of the size that the visible rows have with their
    mean: what lies there is the rounding of the rows themselves.
    """
    seen = mask[..., None]
    visible = mask.sum(axis=1).astype(float)[:, None]
    shown = np.where(seen, rows, 0.0)
    centre = shown.sum(axis=1) / visible
    centred = np.where(seen, rows - centre[:, None], 0.0)
    # Once more: the rounding of a far centre may exceed the least directions that count.
    centred = np.where(seen, centred - centred.sum(axis=1, keepdims=True) / visible[..., None], 0.0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    deviations = sizes / np.sqrt(visible)
    largest = np.abs(shown).max(axis=(1, 2), initial=0.0)[:, None]
    kept = deviations > max(rows.shape[1:]) * np.finfo(float).eps * largest
    kept &= np.arange(sizes.shape[1]) < visible - 1  # m rows with mean 0 have m - 1 directions at most
    return Whitening(
        span=left * np.where(kept, np.sqrt(visible), 0.0)[:, None],
        centre=centre,
        whiten=np.swapaxes(right, 1, 2) * np.where(kept, 1.0 / np.where(kept, deviations, 1.0), 0.0)[:, None],
        unwhiten=right * np.where(kept, deviations, 0.0)[..., None],
    )


def minimum_norm_weights(outputs: Array, values: Array, mask: Mask) -> Array:
    """The b of least norm among those with `sum b = 1` and `V^T b` nearest to o: (B, d), (B, n, d) -> (B, n).

    With m visible positions `b = 1/m + c`, `sum c = 0`: the two are orthogonal, so c is the minimum-norm
    solution of `(V - mean)^T c = o - mean`, whatever the scale of the values. Given `o = V^T a` this is the
    effective attention with the sum constraint: a less its part in the null space of [V 1]^T (Brunner et al.
    2020). Signed; equal to a iff the visible values are affinely independent or a has no such part.
    """
    basis = whitening(values, mask)
    coordinates = np.matmul((outputs - basis.centre)[:, None], basis.whiten)
    change = np.matmul(basis.span, np.swapaxes(coordinates, 1, 2))[..., 0]
    return np.asarray(np.where(mask, (1.0 + change) / mask.sum(axis=1, keepdims=True), 0.0))
