"""Values in clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Pattern, Patterned
from attnlab.parts import Count, NonNegative
from attnlab.shapes import Array


@dataclass(frozen=True)
class Clustered(Patterned):
    """Gaussian centres, one of `clusters` for each position, with Gaussian scatter of relative size `spread`.

    Near-synonyms: positions of one cluster are hard to tell apart although nothing is exactly repeated, so
    thresholds are those of generic values while margins are about `spread`. At spread 0 the values of a
    cluster are equal. No Gaussian law holds.
    """

    says: ClassVar[str] = "values in clusters"
    exchangeable: ClassVar[bool] = True

    clusters: Count = 4
    spread: NonNegative = 0.1

    def patterned(
        self, trials: int, rng: np.random.Generator, pattern: Pattern | None
    ) -> tuple[Array, Pattern]:
        """The values (B, n, d), and the cluster of each position (B, n), drawn where it is not given."""
        centres = rng.standard_normal((trials, self.clusters, self.d))
        if pattern is None:
            pattern = rng.integers(self.clusters, size=(trials, self.n))
        scatter = self.spread * rng.standard_normal((trials, self.n, self.d))
        drawn = np.take_along_axis(centres, pattern[..., None], axis=1) + scatter
        return np.asarray(drawn / np.sqrt(1 + self.spread**2)), pattern
