"""Values that carry the position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Shaped
from attnlab.parts import NonNegative
from attnlab.shapes import Array


@dataclass(frozen=True)
class Positional(Shaped):
    """`V = (C + s P) / sqrt(1 + s^2)`, s = `scale`: Gaussian content, fresh in every trial, and a fixed code.

    P is the sinusoidal code (Vaswani et al. 2017), the same in all trials, of mean square about 1: an
    observer who never sees V can read the position off it. At s = 0 the values are Gaussian; otherwise rows
    have different means and no Gaussian law holds.
    """

    says: ClassVar[str] = "values with a positional code"
    density: ClassVar[bool] = True

    scale: NonNegative = 1.0

    def values(self, trials: int, rng: np.random.Generator) -> Array:
        content = rng.standard_normal((trials, self.n, self.d))
        return np.asarray((content + self.scale * self.code()) / np.sqrt(1 + self.scale**2))

    def code(self) -> Array:
        """The positional code (n, d): sines in even columns, cosines in odd ones, times sqrt 2."""
        column = np.arange(self.d)
        angle = np.arange(self.n)[:, None] / 10000.0 ** (2 * (column // 2) / self.d)
        return np.sqrt(2) * np.where(column % 2 == 0, np.sin(angle), np.cos(angle))
