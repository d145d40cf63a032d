"""The nearest value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.arrays import lengths
from attnlab.decoders.base import Decoder, estimate
from attnlab.shapes import Array, Estimate, Sample


@dataclass(frozen=True)
class NearestValue(Decoder):
    """All weight on the position whose value is nearest to the output.

    Exact for hard attention at any n, if no value is repeated; under Gaussian noise on the output it is
    Bayes' rule for hard attention.
    """

    says: ClassVar[str] = "the nearest value"

    assumes: ClassVar[str] = "one-hot"

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        distance = lengths(sample.values - outputs[:, None])
        nearest = np.where(sample.mask, distance, np.inf).argmin(axis=1)
        weights = np.asarray(np.arange(sample.n) == nearest[:, None], dtype=float)
        return estimate(weights, outputs, sample)
