"""Rounding to a floating-point format."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.channels.base import Channel
from attnlab.parts import Declined
from attnlab.shapes import Array, Sample
from attnlab.solvers.formats import Format, largest, stored


@dataclass(frozen=True)
class Rounding(Channel):
    """`o` rounded once to `format`, as by a head that computes in float64 and stores its output so.

    Every coordinate moves by at most `2^-p` of itself (p significant binary digits), whatever its size, down
    to the least normal number; below it the steps stay as they are. Declines outputs beyond the largest
    number of the format, which would arrive as infinity.
    """

    format: Format = "bfloat16"

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        return f"the output rounded to {self.format}"

    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
        rounded = stored(outputs, self.format)
        most, bound = float(np.abs(rounded).max(initial=0.0)), largest(self.format)
        if most > bound:
            raise Declined(f"outputs up to {most:.3g}, and {self.format} ends at {bound:.3g}")
        return rounded
