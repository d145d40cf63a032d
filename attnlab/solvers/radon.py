"""The affine dependence of d + 2 points in dimension d (Radon 1921)."""

from __future__ import annotations

import numpy as np

from attnlab.shapes import Array, Mask
from attnlab.solvers.null_space import affine_basis, null_projection

SINGULAR = 1e-10
"""Points count as leaving more than one line of dependences where their system is this near to singular."""


def dependence(points: Array, along: Array) -> Array:
    """z (B, d + 2) with `sum z = 0`, `sum_i z_i p_i = 0`, largest entry 1 in size.

    points (B, d + 2, d). Generic points have exactly one such line, and the last entry of z is positive. One LU
    factorisation of the first d + 1 points gives it: its backward error stays small relative to z. Where these
    are singular, several lines may do, and which one a factorisation gives hangs on rounding: there z is the
    projection of `along` (B, d + 2), a vector that is not itself a combination of the rows.
    """
    trials, count, d = points.shape
    centred = points - points.mean(axis=1, keepdims=True) if d else points
    size = np.abs(centred).max(axis=(1, 2), initial=0.0)[:, None, None]
    scaled = centred / np.where(size > 0, size, 1.0)
    lifted = np.concatenate([scaled, np.ones((trials, count, 1))], axis=2).transpose(0, 2, 1)
    z, single = _by_elimination(lifted)
    if not single.all():
        rest = ~single
        visible = np.ones((int(rest.sum()), count), dtype=bool)
        z[rest] = null_projection(along[rest], affine_basis(points[rest], visible), visible)
    largest = np.abs(z).max(axis=1, keepdims=True)
    z = np.where(np.abs(z) > 16 * count * np.finfo(float).eps * largest, z, 0.0)  # smaller is rounding
    return np.asarray(z / np.where(largest > 0, largest, 1.0))


def _by_elimination(lifted: Array) -> tuple[Array, Mask]:
    """z (B, m + 1) with `lifted z = 0` and last entry 1, lifted (B, m, m + 1); and where that is well posed.

    A second right side, of no special direction, is solved with the same factors: near a singular matrix its
    solution is as long as the inverse.
    """
    trials, m, _ = lifted.shape
    probe = np.broadcast_to(np.sqrt(2.0 + np.arange(m))[:, None], (trials, m, 1))
    right = np.concatenate([-lifted[:, :, -1:], probe], axis=2)
    regular = np.ones(trials, dtype=bool)
    try:
        solved = np.linalg.solve(lifted[:, :, :-1], right)
    except np.linalg.LinAlgError:  # a pivot that is exactly zero, somewhere in the batch
        least = np.linalg.svd(lifted[:, :, :-1], compute_uv=False)[:, -1]
        regular = least > SINGULAR
        solved = np.zeros((trials, m, 2))
        solved[regular] = np.linalg.solve(lifted[regular, :, :-1], right[regular])
    long = np.abs(solved[:, :, 1]).max(axis=1)
    single = regular & np.isfinite(solved).all(axis=(1, 2)) & (long * SINGULAR < 1)
    z = np.concatenate([np.where(single[:, None], solved[:, :, 0], 0.0), np.ones((trials, 1))], axis=1)
    return z, single
