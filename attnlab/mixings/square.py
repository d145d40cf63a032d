"""The usual W_O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.mixings.base import Mixing
from attnlab.shapes import Array


@dataclass(frozen=True)
class Square(Mixing):
    """`y = W_O (o_1, .., o_h)` with W_O (h d, h d), entries N(0, 1/(h d)), fresh in every trial.

    It has an inverse, almost surely: what it sums can be told apart again by whoever knows it.
    """

    says: ClassVar[str] = "a square W_O"

    def mixture(self, heads: int, d: int, trials: int, rng: np.random.Generator) -> Array:
        width = heads * d
        return rng.standard_normal((trials, width, width)) / np.sqrt(width)
