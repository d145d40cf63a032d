"""Rounding to a format of few bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np

from attnlab.channels.base import Channel
from attnlab.parts import Declined
from attnlab.shapes import Array, Sample
from attnlab.solvers.formats import STEPS, Floating, Whole, largest, stored, whole_steps


@dataclass(frozen=True)
class Rounding(Channel):
    """`o` rounded once to `format`, as by a head that computes in float64 and stores its output so.

    In a float every coordinate moves by at most `2^-p` of itself (p significant binary digits), whatever its size,
    down to the least normal number; below it the steps stay as they are. Declines outputs beyond the largest
    number of the format, which would arrive as infinity. int8 and int4 are whole multiples, -127 to 127 and -7 to
    7, of a step of the output's own: its largest coordinate over 127 or 7, which arrives with it.
    """

    placed: ClassVar[bool] = False
    format: Floating | Whole = "bfloat16"

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        return f"the output rounded to {self.format}"

    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
        steps = STEPS.get(self.format)
        if steps is not None:
            return whole_steps(outputs, steps)
        format = cast(Floating, self.format)
        rounded = stored(outputs, format)
        most, bound = float(np.abs(rounded).max(initial=0.0)), largest(format)
        if most > bound:
            raise Declined(f"outputs up to {most:.3g}, and {self.format} ends at {bound:.3g}")
        return rounded
