"""The contract of every observer that must learn."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from attnlab.parts import Part
from attnlab.shapes import Array, Examples


class Reader(Protocol):
    """A fitted probe: examples -> probabilities (B, n) over positions; it reads neither weights nor target."""

    def __call__(self, examples: Examples) -> Array: ...


@dataclass(frozen=True)
class Probe(Part, abc.ABC):
    """Learns to read the attended position from what the next layer holds; it never sees the values.

    Law: `fit(train, rng)` gives a Reader whose probabilities are nonnegative, sum to 1 over the visible
    positions and are zero elsewhere; with one-hot weights and the same values for all examples, n <= d, it
    reads held-out positions well above chance; relabelled at random it reads at chance. Raises Declined where
    the examples lack what it reads.
    """

    reads: ClassVar[str] = "the output"

    @abc.abstractmethod
    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        """Fit on the training examples; choose the regularisation inside, by groups."""
