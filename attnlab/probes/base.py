"""The contract of every observer that must learn."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from attnlab.contracts import BrokenContract, on_simplex
from attnlab.parts import Declined, Part
from attnlab.shapes import Array, Examples, Mask

OUTPUT = "the output"
"""What a probe reads that reads the output alone."""


class Reader(Protocol):
    """A fitted probe: examples -> probabilities (B, n) over positions.

    It reads the outputs, the mask and, where the probe says so, the tokens; never weights, goal or group.
    """

    def __call__(self, examples: Examples) -> Array: ...


def _reader(part: Part, result: object, *_: object, **__: object) -> Reader:
    """A Reader whose answers are probabilities over the visible positions."""
    if not callable(result):
        raise BrokenContract(part, "a Reader, to be called with examples", type(result).__name__)

    def read(examples: Examples) -> Array:
        return on_simplex(part, result(examples), examples.mask, "probabilities")

    return read


@dataclass(frozen=True)
class Probe(Part, abc.ABC):
    """Learns to read the attended position from what the next layer holds; it never sees the values.

    Law: `fit(train, rng)` gives a Reader whose probabilities are positive at visible positions, sum to 1 over
    them and are zero elsewhere; with one-hot weights and the same values for all examples, n <= d, it reads
    held-out positions well above chance; relabelled at random it reads at chance. Raises Declined where the
    examples lack what it reads.
    """

    promises: ClassVar = {"fit": _reader}
    reads: ClassVar[str] = OUTPUT
    facts: ClassVar[tuple[str, ...]] = ("says", "reads")

    @abc.abstractmethod
    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        """Fit on the training examples; choose the regularisation inside, by groups."""


def uniform(mask: Mask) -> Array:
    """Equal probability on the visible positions: (B, n) bool -> (B, n)."""
    return np.asarray(mask / mask.sum(axis=1, keepdims=True))


def hedged(scores: Array, mask: Mask, seen: int | NDArray[np.int64]) -> Array:
    """Nonnegative scores (B, n) as probabilities over the visible positions, none of them zero.

    A reader that saw `seen` examples (a number, or (B, 1)) is mixed with one example's worth of the uniform
    distribution, as a Bayesian with that prior would: `(seen p + 1/n) / (seen + 1)`. So a class never met
    in training costs finitely many bits, and the uniform reader stays uniform.
    """
    visible = np.where(mask, scores, 0.0)
    total = visible.sum(axis=1, keepdims=True)
    flat = uniform(mask)
    share = np.where(total > 0, visible / np.where(total > 0, total, 1.0), flat)
    return np.asarray(flat + (share - flat) * (seen / (seen + 1)))


def tokens_of(examples: Examples) -> Array:
    """The tokens (B, n, m). Raises Declined where the inputs have no token space."""
    if examples.tokens is None:
        raise Declined("this probe compares the output with token vectors, and these inputs have none")
    return examples.tokens
