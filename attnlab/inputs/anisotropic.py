"""Values that are mostly in a few directions, away from the origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Shaped
from attnlab.parts import NonNegative
from attnlab.shapes import Array


@dataclass(frozen=True)
class Anisotropic(Shaped):
    """Gaussian values whose j-th deviation falls as `j^-decay`, around a common offset of relative size `offset`.

    Like the narrow cone of trained representations (Ethayarajh 2019). It is an affine image of Gaussian values,
    so what depends on the affine geometry alone (thresholds, uniqueness on the simplex) keeps the Gaussian
    law; what depends on distance, noise, rounding or the origin does not.
    """

    says: ClassVar[str] = "values mostly in a few directions"
    exchangeable: ClassVar[bool] = True
    density: ClassVar[bool] = True

    decay: NonNegative = 1.0
    offset: NonNegative = 1.0

    def values(self, trials: int, rng: np.random.Generator) -> Array:
        deviations = np.arange(1, self.d + 1) ** -self.decay
        deviations = deviations / np.sqrt((deviations**2).mean())
        common = self.offset * rng.standard_normal((trials, 1, self.d))
        drawn = common + deviations * rng.standard_normal((trials, self.n, self.d))
        return np.asarray(drawn / np.sqrt(1 + self.offset**2))
