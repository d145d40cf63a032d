"""Values that are as orthogonal as their number allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Shaped
from attnlab.shapes import Array


@dataclass(frozen=True)
class Orthogonal(Shaped):
    """Haar orthogonal rows (n <= d) or columns (n > d: a tight frame, the perfectly conditioned case).

    For n > d this is the Gaussian matrix times an invertible map of the value space, so the uniqueness law of
    Gaussian values holds exactly (Baryshnikov & Vitale 1994); laws that measure distances do not.
    """

    says: ClassVar[str] = "values as orthogonal as they can be"
    exchangeable: ClassVar[bool] = True

    def values(self, trials: int, rng: np.random.Generator) -> Array:
        tall, wide = max(self.n, self.d), min(self.n, self.d)
        drawn, triangle = np.linalg.qr(rng.standard_normal((trials, tall, wide)))
        drawn = np.sqrt(tall) * drawn * np.sign(np.diagonal(triangle, axis1=1, axis2=2))[:, None]
        return np.asarray(drawn if self.n > self.d else np.swapaxes(drawn, 1, 2))
