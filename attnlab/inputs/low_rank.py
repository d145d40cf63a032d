"""Values in a subspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Shaped
from attnlab.parts import Count, Declined
from attnlab.shapes import Array


@dataclass(frozen=True)
class LowRank(Shaped):
    """Gaussian values in a random subspace of dimension r = `rank`, fresh in every trial.

    Everything happens at d = r: the threshold is n <= r + 1, the null dimension n - r - 1, and the Gaussian
    laws hold with r in place of d, never with d.
    """

    says: ClassVar[str] = "values of low rank"
    exchangeable: ClassVar[bool] = True

    rank: Count = 4

    def values(self, trials: int, rng: np.random.Generator) -> Array:
        if self.rank > self.d:
            raise Declined(f"values of rank {self.rank} need d >= {self.rank}, got d = {self.d}")
        coordinates = rng.standard_normal((trials, self.n, self.rank))
        directions = rng.standard_normal((trials, self.rank, self.d)) / np.sqrt(self.rank)
        return np.matmul(coordinates, directions)
