"""A residual stream and LayerNorm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from attnlab.channels.rms_norm import of_unit_size
from attnlab.channels.stream import Streamed
from attnlab.shapes import Array, Sample


@dataclass(frozen=True)
class LayerNorm(Streamed):
    """`(y - mean y) / sd(y)`, `y = o + weight x` (Ba, Kiros & Hinton 2016): mean and length are lost, no more.

    Two of d numbers: with d = 2 a sign is left, with d = 1 nothing. Without gain and without the small number that
    keeps a zero from being divided by: equal entries arrive as zeros.
    """

    scales: ClassVar[Literal["with the output", "not at all", "is lost"]] = "is lost"

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        return f"LayerNorm of {self.told}"

    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
        summed = self.summed(outputs, sample)
        flat = summed.max(axis=1) == summed.min(axis=1)  # their mean may be off by a rounding
        centred = summed - summed.mean(axis=1, keepdims=True)
        return of_unit_size(np.where(flat[:, None], 0.0, centred))
