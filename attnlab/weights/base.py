"""The contract of every way in which attention weights arise."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import numpy as np

from attnlab.parts import Part
from attnlab.shapes import Array, Sample


@dataclass(frozen=True)
class Weights(Part, abc.ABC):
    """How weights arise from a sample.

    Law: `weights(sample, rng)` is (B, n), nonnegative, sums to 1 within 1e-12, and is exactly zero at masked
    positions. Raises Declined where the sample cannot carry such weights.
    """

    @abc.abstractmethod
    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        """The weights (B, n)."""
