"""A residual stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.channels.stream import Streamed
from attnlab.shapes import Array, Sample


@dataclass(frozen=True)
class Residual(Streamed):
    """`o + weight x`, x the token of the last visible position: nothing is lost to who knows the words."""

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        return self.told

    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
        return self.summed(outputs, sample)
