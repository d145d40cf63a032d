"""The contract of every construction of different weights with one output."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import numpy as np

from attnlab.parts import Part
from attnlab.shapes import Array, Collision, Sample


@dataclass(frozen=True)
class Construction(Part, abc.ABC):
    """Makes different weights with one output.

    Law: the Collision's patterns lie on the simplex to 1e-12 and their outputs agree to the tolerance it
    promises (1e-9; 1e-12 for softmax patterns), as an independent oracle confirms. Where the construction
    cannot deliver it raises Declined with the reason; it never returns an approximate pair.
    """

    @abc.abstractmethod
    def __call__(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n): the patterns to start from, where the construction starts from given ones."""
