"""From weights in a direction of sum 0, as far as the simplex goes."""

from __future__ import annotations

import numpy as np

from attnlab.shapes import Array


def reach(weights: Array, direction: Array) -> Array:
    """(B,): the largest t with `a + t z >= 0`; a z with no negative entry has sum 0, hence is 0: t = 0."""
    falling = direction < 0
    ratio = np.where(falling, weights, np.inf) / np.where(falling, -direction, 1.0)
    nearest = ratio.min(axis=1)
    return np.asarray(np.where(np.isfinite(nearest), nearest, 0.0))


def step(weights: Array, direction: Array, length: Array) -> Array:
    """`a + t z` for t (B,) from `reach`: nonnegative, exactly zero where the border is met."""
    falling = direction < 0
    moved = np.maximum(weights + length[:, None] * direction, 0.0)
    met = falling & (weights <= length[:, None] * -direction * (1 + 1e-12))
    return np.asarray(np.where(met, 0.0, moved))
