"""r pairwise disjoint weight vectors with one output (Tverberg 1966)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from attnlab.collisions.base import Construction, apart, decline_unless, only_where
from attnlab.parts import Between, Declined
from attnlab.shapes import Array, Collision, Sample

LARGEST = 400
"""The largest (r - 1)(d + 1) that is searched: seconds for one trial, growing with its cube."""


@dataclass(frozen=True)
class Tverberg(Construction):
    """`patterns` disjoint weight vectors over (r - 1)(d + 1) + 1 random visible positions, found exactly.

    Every pair among them has total variation 1. The given weights play no part. For generic values no more
    than `floor((n - 1) / (d + 1)) + 1` patterns exist. Declines where fewer positions are visible, and where
    the lifted problem, (r - 1)(d + 1) dimensions, is beyond an exact search.
    """

    version: ClassVar[int] = 2
    says: ClassVar[str] = "three or more patterns without a common position"
    rival: ClassVar[str] = "Q2"

    patterns: Annotated[int, Between(2)] = 3

    @property
    def uses(self) -> tuple[str, ...]:
        return ()

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n), unused -> r patterns on the simplex, disjoint."""
        from attnlab.solvers.tverberg import partition  # compiled: imported when first used

        size = (self.patterns - 1) * (sample.d + 1)
        enough = np.asarray(sample.mask.sum(axis=1) > size)
        decline_unless(enough, f"{self.patterns} disjoint patterns need n >= (r - 1)(d + 1) + 1 = {size + 1}")
        if size > LARGEST:
            raise Declined(f"(r - 1)(d + 1) = {size} > {LARGEST}: too large for an exact search")
        draws = np.where(sample.mask, rng.random(sample.mask.shape), np.inf)
        patterns, found = np.zeros((sample.trials, self.patterns, sample.n)), enough.copy()
        for b in np.flatnonzero(enough):
            chosen = np.argsort(draws[b], kind="stable")[: size + 1]
            parts, met = partition(sample.values[b : b + 1, chosen], self.patterns, rng)
            patterns[b][:, chosen] = parts[0]
            found[b] = met[0]
        found &= apart(patterns)
        return Collision(only_where(found, patterns), sample.values, "simplex", found)
