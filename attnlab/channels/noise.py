"""Additive Gaussian noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from attnlab.channels.base import Channel
from attnlab.parts import NonNegative
from attnlab.shapes import Array, Sample


@dataclass(frozen=True)
class Noise(Channel):
    """`o + sigma z`, z standard normal in every coordinate and drawn afresh for every output.

    sigma is in the units of the values, whatever the size of the output: with values of variance 1 the average
    over n positions has variance 1/n, and the same noise hides more of it than of a single value.
    """

    scales: ClassVar[Literal["with the output", "not at all"]] = "not at all"
    placed: ClassVar[bool] = False
    sigma: NonNegative = 0.1

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        return f"noise of {self.sigma:g} on the output"

    @property
    def deviation(self) -> float:  # type: ignore[override]  # constant in most parts
        """sigma."""
        return self.sigma

    def expected(self, outputs: Array, sample: Sample) -> Array:
        return outputs

    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
        return np.asarray(outputs + self.sigma * rng.standard_normal(outputs.shape))
