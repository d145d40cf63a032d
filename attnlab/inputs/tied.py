"""Keys that the values determine, up to noise."""

from __future__ import annotations

from dataclasses import dataclass

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

    noise: Fraction = 0.0

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
