"""The affine dependence of d + 2 points in dimension d (Radon 1921)."""

from __future__ import annotations

import numpy as np

from attnlab.shapes import Array


def dependence(points: Array) -> Array:
    """z (B, d + 2) with `sum z = 0`, `sum_i z_i p_i = 0`, largest entry 1 in size.

    points (B, d + 2, d). Generic points have exactly one such line. One LU factorisation of the first d + 1
    points gives it: its backward error stays small relative to z however near to singular they are; where
    they are singular exactly, the smallest singular vector of all d + 2 does.
    """
    trials, count, d = points.shape
    centred = points - points.mean(axis=1, keepdims=True) if d else points
    size = np.abs(centred).max(axis=(1, 2), initial=0.0)[:, None, None]
    scaled = centred / np.where(size > 0, size, 1.0)
    lifted = np.concatenate([scaled, np.ones((trials, count, 1))], axis=2).transpose(0, 2, 1)
    try:
        head = np.linalg.solve(lifted[:, :, :-1], -lifted[:, :, -1:])[..., 0]
        z = np.concatenate([head, np.ones((trials, 1))], axis=1)
        solved = bool(np.isfinite(z).all())
    except np.linalg.LinAlgError:
        solved = False
    if not solved:
        z = np.linalg.svd(lifted, full_matrices=True)[2][:, -1]
    return np.asarray(z / np.abs(z).max(axis=1, keepdims=True))
