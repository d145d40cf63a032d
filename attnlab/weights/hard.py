"""All weight on one random position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.shapes import Array, Sample
from attnlab.weights.base import Weights


@dataclass(frozen=True)
class Hard(Weights):
    """One-hot at a position t drawn uniformly from the visible ones: the extreme case of the question."""

    says: ClassVar[str] = "all weight on one position"
    equivariant: ClassVar[bool] = True
    sees_values: ClassVar[bool] = False
    uniform_top: ClassVar[bool] = True

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        chosen = np.where(sample.mask, rng.random(sample.mask.shape), -np.inf).argmax(axis=1)
        return np.asarray(np.arange(sample.n) == chosen[:, None], dtype=float)
