"""From given weights along a random null direction of the values, to the border of the simplex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.collisions.base import INDEPENDENT, Construction, decline_unless, only_where
from attnlab.shapes import Array, Collision, Sample
from attnlab.solvers.null_space import affine_basis, null_dimension, null_projection


@dataclass(frozen=True)
class NullStep(Construction):
    """`b = a + t z` with `V^T z = 0, sum z = 0`, as far as b stays nonnegative.

    z is a random direction of the null space, in whichever sense goes farther. Where some weights are zero
    most directions lead out of the simplex at once: such trials are not found. The step is one random
    witness, no maximum (Brunner et al. 2020 show that it exists, without the bound `b >= 0`).
    """

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n) -> pairs (a, b) on the simplex."""
        basis = affine_basis(sample.values, sample.mask)
        movable = null_dimension(basis, sample.mask) > 0
        decline_unless(movable, INDEPENDENT)
        z = null_projection(rng.standard_normal(weights.shape), basis, sample.mask)
        z = np.where(movable[:, None], z, 0.0)  # elsewhere it is rounding
        forth, back = reach(weights, z), reach(weights, -z)
        step = np.where(forth >= back, forth, -back)
        moved = np.maximum(weights + step[:, None] * z, 0.0)
        moved /= moved.sum(axis=1, keepdims=True)
        found = movable & (np.abs(moved - weights).sum(axis=1) > 1e-9)
        patterns = only_where(found, np.stack([weights, moved], axis=1))
        return Collision(patterns, sample.values, "simplex", found)


def reach(weights: Array, direction: Array) -> Array:
    """(B,): the largest t with `a + t z >= 0`; a z with no negative entry has sum 0, hence is 0: t = 0."""
    falling = direction < 0
    ratio = np.where(falling, weights, np.inf) / np.where(falling, -direction, 1.0)
    nearest = ratio.min(axis=1)
    return np.asarray(np.where(np.isfinite(nearest), nearest, 0.0))
