"""From given weights along a random null direction of the values, to the border of the simplex."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.collisions.base import INDEPENDENT, Construction, apart, decline_unless, only_where
from attnlab.collisions.border import reach, step
from attnlab.shapes import Array, Collision, Sample
from attnlab.solvers.null_space import affine_basis, null_dimension, null_projection


@dataclass(frozen=True)
class NullStep(Construction):
    """`b = a + t z` with `V^T z = 0, sum z = 0`, as far as b stays nonnegative.

    z is a random direction of the null space, in whichever sense goes farther. Where some weights are zero
    most directions lead out of the simplex at once: such trials are not found. The step is one random
    witness, no maximum (Brunner et al. 2020 show that it exists, without the bound `b >= 0`).
    """

    version: ClassVar[int] = 2
    says: ClassVar[str] = "a random step from the weights"
    rival: ClassVar[str] = "Q2"

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n) -> pairs (a, b) on the simplex."""
        basis = affine_basis(sample.values, sample.mask)
        movable = null_dimension(basis, sample.mask) > 0
        decline_unless(movable, INDEPENDENT)
        z = null_projection(rng.standard_normal(weights.shape), basis, sample.mask)
        z = np.where(movable[:, None], z, 0.0)  # elsewhere it is rounding
        z = np.where((reach(weights, z) >= reach(weights, -z))[:, None], z, -z)
        moved = step(weights, z, reach(weights, z))
        moved /= moved.sum(axis=1, keepdims=True)
        patterns = np.stack([weights, moved], axis=1)
        found = movable & apart(patterns)
        return Collision(only_where(found, patterns), sample.values, "simplex", found)
