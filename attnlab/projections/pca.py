"""The directions in which the attended mixtures vary most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.projections.base import Projection
from attnlab.shapes import Array, Examples


@dataclass(frozen=True)
class Pca(Projection):
    """The leading principal components of `sum_i a_i x_i` over the training examples."""

    says: ClassVar[str] = "principal components"

    def directions(self, train: Examples, rng: np.random.Generator) -> Array:
        centred = train.outputs - train.outputs.mean(axis=0)
        return np.asarray(np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, : self.width])
