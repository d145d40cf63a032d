"""A random subspace of token space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.projections.base import Projection
from attnlab.shapes import Array, Examples


@dataclass(frozen=True)
class Random(Projection):
    """The span of Gaussian columns: uniform among all subspaces of this width, as W_V before training.

    Drawing orthonormal columns instead gives the same law, so there is no separate orthogonal projection.
    """

    says: ClassVar[str] = "a random projection"

    def directions(self, train: Examples, rng: np.random.Generator) -> Array:
        return rng.standard_normal((train.outputs.shape[1], self.width))
