"""The observer reads the sum itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.channels.base import Channel
from attnlab.shapes import Array, Sample


@dataclass(frozen=True)
class Exact(Channel):
    """`o`, in float64."""

    says: ClassVar[str] = "the output itself"
    unsaid: ClassVar[bool] = True
    lossless: ClassVar[bool] = True
    placed: ClassVar[bool] = False
    deviation: ClassVar[float | None] = 0.0

    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
        return outputs
