"""The contract of every value projection."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.contracts import numbers
from attnlab.parts import Count, Declined, Part
from attnlab.shapes import Array, Examples


def _directions(part: Projection, result: object, train: Examples, *_: object, **__: object) -> Array:
    """Directions (m, width), finite."""
    return numbers(part, result, (train.outputs.shape[1], part.width), "directions")


@dataclass(frozen=True)
class Projection(Part, abc.ABC):
    """Chooses W_V (m, width): `V = X W_V`, so `o = (sum_i a_i x_i) W_V`, whatever the weights.

    Law: `fit(train, rng)` is (m, width) with orthonormal columns, a function of the training examples and the
    generator alone. So projections of equal width differ in the subspace they keep and in nothing else; what
    is done to it afterwards (W_O, a readout) is left to what reads. Raises Declined if width > m.
    """

    width: Count = 8

    promises: ClassVar = {"directions": _directions}

    def fit(self, train: Examples, rng: np.random.Generator) -> Array:
        """W_V from training examples whose outputs (B, m) are the attended mixtures of tokens."""
        m = train.outputs.shape[1]
        if self.width > m:
            raise Declined(f"{self.width} value dimensions out of {m} token dimensions")
        return np.linalg.qr(self.directions(train, rng))[0]

    @abc.abstractmethod
    def directions(self, train: Examples, rng: np.random.Generator) -> Array:
        """Directions (m, width) of token space that span what is kept."""
