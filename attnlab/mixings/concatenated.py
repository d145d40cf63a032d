"""The outputs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.mixings.base import Mixing
from attnlab.shapes import Array


@dataclass(frozen=True)
class Concatenated(Mixing):
    """`y = (o_1, .., o_h)`: whoever reads it has every head's own output."""

    says: ClassVar[str] = "outputs side by side"

    def mixture(self, heads: int, d: int, trials: int, rng: np.random.Generator) -> Array:
        return np.tile(np.eye(heads * d), (trials, 1, 1))
