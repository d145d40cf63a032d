"""The first token coordinates, as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.projections.base import Projection
from attnlab.shapes import Array, Examples


@dataclass(frozen=True)
class Identity(Projection):
    """`v_i` is the first `width` coordinates of `x_i`; at width m the token itself."""

    says: ClassVar[str] = "the first coordinates"

    def directions(self, train: Examples, rng: np.random.Generator) -> Array:
        return np.eye(train.outputs.shape[1], self.width)
