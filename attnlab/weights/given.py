"""The weights that came with the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.parts import Declined
from attnlab.shapes import Array, Sample
from attnlab.weights.base import Weights


@dataclass(frozen=True)
class Given(Weights):
    """The weights a model gave its positions, as they were recorded. Declines inputs that came without."""

    says: ClassVar[str] = "the model's own weights"

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        if sample.weights is None:
            raise Declined(
                "these inputs came without weights of their own: inputs=arrays with a file that has them"
            )
        return sample.weights
