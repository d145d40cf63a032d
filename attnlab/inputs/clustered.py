"""Values in clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from attnlab.inputs.base import Shaped
from attnlab.parts import Count, NonNegative
from attnlab.shapes import Array, Sample

Members = NDArray[np.int64]


@dataclass(frozen=True)
class Clustered(Shaped):
    """Gaussian centres, one of `clusters` for each position, with Gaussian scatter of relative size `spread`.

    Near-synonyms: positions of one cluster are hard to tell apart although nothing is exactly repeated, so
    thresholds are those of generic values while margins are about `spread`. At spread 0 the values of a
    cluster are equal. No Gaussian law holds.
    """

    says: ClassVar[str] = "values in clusters"
    exchangeable: ClassVar[bool] = True

    clusters: Count = 4
    spread: NonNegative = 0.1

    def values(self, trials: int, rng: np.random.Generator) -> Array:
        return self._values(trials, rng, None)[0]

    def multihead(self, heads: int, trials: int, rng: np.random.Generator) -> tuple[Sample, ...]:
        """Positions that are near-synonyms are so in every head, around a centre of its own."""
        drawn: list[Sample] = []
        member = None
        for _ in range(heads):
            queries = rng.standard_normal((trials, self.e))
            keys = rng.standard_normal((trials, self.n, self.e))
            values, member = self._values(trials, rng, member)
            drawn.append(Sample(queries=queries, keys=keys, values=values))
        return tuple(drawn)

    def _values(self, trials: int, rng: np.random.Generator, member: Members | None) -> tuple[Array, Members]:
        """The values (B, n, d), and the cluster of each position (B, n), drawn where it is not given."""
        centres = rng.standard_normal((trials, self.clusters, self.d))
        if member is None:
            member = rng.integers(self.clusters, size=(trials, self.n))
        scatter = self.spread * rng.standard_normal((trials, self.n, self.d))
        drawn = np.take_along_axis(centres, member[..., None], axis=1) + scatter
        return np.asarray(drawn / np.sqrt(1 + self.spread**2)), member
