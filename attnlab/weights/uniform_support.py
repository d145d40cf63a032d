"""The same weight on k random positions, nothing elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.parts import Count, Declined
from attnlab.shapes import Array, Sample
from attnlab.weights.base import Weights


@dataclass(frozen=True)
class UniformSupport(Weights):
    """1/k on each of k = `support` visible positions, drawn uniformly; scores play no part."""

    says: ClassVar[str] = "equal weight on some positions"
    equivariant: ClassVar[bool] = True
    sees_values: ClassVar[bool] = False

    support: Count = 4

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        visible = int(sample.mask.sum(axis=1).min())
        if self.support > visible:
            raise Declined(
                f"a support of {self.support} positions needs as many visible ones, found {visible}"
            )
        order = np.argsort(
            np.where(sample.mask, rng.random(sample.mask.shape), np.inf), axis=1, kind="stable"
        )
        weights = np.zeros(sample.mask.shape)
        np.put_along_axis(weights, order[:, : self.support], 1.0 / self.support, axis=1)
        return weights
