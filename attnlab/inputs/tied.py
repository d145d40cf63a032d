"""Keys that the values determine, up to noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Inputs
from attnlab.parts import Fraction
from attnlab.shapes import Sample


@dataclass(frozen=True)
class Tied(Inputs):
    """`V = sqrt(1 - l) K M + sqrt(l) Z` with l = `noise`: tied at 0, independent at 1.

    K and Z are standard Gaussian and M (e, d) is a random isometry, scaled so that value entries keep variance
    1 for every l: Haar orthonormal rows (d >= e) or columns (d < e), fresh in every trial. At l = 0 and d >= e
    the output determines the softmax weights at every n (exponential-family theorem); at d < e it does not.
    Exact laws for Gaussian values are not stated for it: whatever V looks like alone, K knows about it.
    """

    exchangeable: ClassVar[bool] = True

    noise: Fraction = 0.0

    @property
    def tied_keys(self) -> bool:  # type: ignore[override]  # constant in most parts
        """At no noise, with value dimensions enough to invert M."""
        return self.noise == 0 and self.d >= self.e

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        if self.tied_keys:
            return "keys tied to the values"
        return "keys independent of the values" if self.noise == 1 else "keys partly tied to the values"

    def least_bytes(self, trials: int) -> int:
        return self.bytes_of_floats(trials)

    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        queries = rng.standard_normal((trials, self.e))
        keys = rng.standard_normal((trials, self.n, self.e))
        tall, wide = max(self.d, self.e), min(self.d, self.e)
        isometry, triangle = np.linalg.qr(rng.standard_normal((trials, tall, wide)))
        isometry = (
            isometry * np.sign(np.diagonal(triangle, axis1=1, axis2=2))[:, None]
        )  # Haar (Mezzadri 2007)
        if self.d >= self.e:
            isometry = np.sqrt(self.d / self.e) * np.swapaxes(isometry, 1, 2)
        noise = rng.standard_normal((trials, self.n, self.d))
        values = np.sqrt(1 - self.noise) * np.matmul(keys, isometry) + np.sqrt(self.noise) * noise
        return Sample(queries=queries, keys=keys, values=values)
