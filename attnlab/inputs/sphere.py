"""Values on a sphere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Shaped
from attnlab.shapes import Array


@dataclass(frozen=True)
class Sphere(Shaped):
    """Values uniform on the sphere of radius sqrt(d), as after a normalisation without gain.

    For d >= 2 every value is a vertex of the hull: hard attention is determined at any n. The Gaussian law for
    a support of k does not hold (it gives less than 1 already for k = 1).
    """

    says: ClassVar[str] = "values of one length"
    exchangeable: ClassVar[bool] = True

    def values(self, trials: int, rng: np.random.Generator) -> Array:
        drawn = rng.standard_normal((trials, self.n, self.d))
        return np.asarray(drawn * np.sqrt(self.d) / np.linalg.norm(drawn, axis=2, keepdims=True))
