"""A residual stream and RMSNorm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from attnlab.arrays import lengths
from attnlab.channels.stream import Streamed
from attnlab.shapes import Array, Sample


@dataclass(frozen=True)
class RmsNorm(Streamed):
    """`y / sqrt(mean y_j^2)`, `y = o + weight x` (Zhang & Sennrich 2019): the length of y is lost, no more.

    Without gain and without the small number that keeps a zero from being divided by: a zero arrives as zero.
    """

    scales: ClassVar[Literal["with the output", "not at all", "is lost"]] = "is lost"

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        return f"RMSNorm of {self.told}"

    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
        return of_unit_size(self.summed(outputs, sample))


def of_unit_size(rows: Array) -> Array:
    """Rows (B, d) over the root mean square of their entries; zeros stay."""
    size = lengths(rows)[:, None]
    return np.asarray(rows / np.where(size > 0, size, 1.0) * np.sqrt(rows.shape[1]))
