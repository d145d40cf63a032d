"""Dirichlet weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.attention import softmax_weights
from attnlab.parts import Positive
from attnlab.shapes import Array, Sample
from attnlab.weights.base import Weights


@dataclass(frozen=True)
class Dirichlet(Weights):
    """Symmetric Dirichlet over the visible positions: 1 is uniform on the simplex, small is spiky.

    Full support in principle, but uneven without bound: at 0.1 the smallest weights are far below any
    tolerance. Scores play no part.
    """

    says: ClassVar[str] = "Dirichlet weights"
    equivariant: ClassVar[bool] = True
    sees_values: ClassVar[bool] = False
    positive: ClassVar[bool] = True

    concentration: Positive = 1.0

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        # Gamma(c) = Gamma(c + 1) U^(1/c) (Stuart 1962), in logarithms: a small c underflows otherwise.
        shape = sample.mask.shape
        gamma = rng.standard_gamma(self.concentration + 1, shape)
        exponential = rng.standard_exponential(shape)  # -log U
        least = np.where(sample.mask, exponential, np.inf).min(axis=1, keepdims=True)
        with np.errstate(over="ignore"):  # a logarithm of -infinity is a weight of zero
            logarithm = np.log(gamma) - (exponential - least) / self.concentration
        return softmax_weights(logarithm, sample.mask)
