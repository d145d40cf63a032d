"""One sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.mixings.base import Mixing
from attnlab.shapes import Array


@dataclass(frozen=True)
class Summed(Mixing):
    """`y = o_1 + .. + o_h`: the heads write into the same d dimensions."""

    says: ClassVar[str] = "outputs summed"

    def mixture(self, heads: int, d: int, trials: int, rng: np.random.Generator) -> Array:
        return np.tile(np.eye(d), (trials, 1, heads))
