"""The contract of everything that lies between the attention sum and whoever reads it."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from attnlab.attention import output
from attnlab.contracts import numbers
from attnlab.parts import Part
from attnlab.shapes import Array, Sample


def _arrived(part: Part, result: object, outputs: Array, *_: object, **__: object) -> Array:
    """What arrives has the shape of what was sent, and is finite."""
    return numbers(part, result, outputs.shape, "outputs")


@dataclass(frozen=True)
class Channel(Part, abc.ABC):
    """Hands the output on to an observer, who gets what arrives and nothing else of it.

    Decoders, which know V, and probes, which do not, receive the same; what a probe learns from has passed
    through it like what it is tested on.
    Law: what arrives has the shape of what was sent and is finite; it is a function of the output, the sample
    and the generator alone; where tokens and values, and so the sum, are c times as large (c a power of two), it
    is c times as large if the channel `scales` with the output, has the same difference from what was sent if
    `not at all`, and is the same if the size `is lost`. `exact` is the identity. Noise, rounding and a residual
    stream tend to it as their setting says; a norm does not, whatever its settings: of the direction of what it
    is given it loses nothing (of what is left of it without its mean). Raises Declined for outputs that the
    channel cannot hold.
    """

    promises: ClassVar = {"carry": _arrived, "expected": _arrived}
    scales: ClassVar[Literal["with the output", "not at all", "is lost"]] = "with the output"
    deviation: ClassVar[float | None] = None
    """The standard deviation of independent Gaussian noise, where the channel adds that and does nothing else (0:
    nothing at all): the exact laws for noise are about it."""
    unsaid: ClassVar[bool] = False
    """True for the channel that a sentence need not mention."""
    lossless: ClassVar[bool] = False
    """True if what arrives is the sum itself, so that what explains the one explains the other."""
    placed: ClassVar[bool] = True
    """False if what arrives is a function of the output and the generator alone, and not of where positions stand:
    then positions that are alike in the output are alike in what arrives."""
    facts: ClassVar[tuple[str, ...]] = ("says", "unsaid", "lossless", "placed")

    def __call__(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Array:
        """What arrives (B, d) of the outputs `o = sum_i a_i v_i` of these weights (B, n)."""
        return self.carry(output(weights, sample.values), sample, rng)

    def expected(self, outputs: Array, sample: Sample) -> Array:
        """What arrives (B, d) of these outputs on average, to someone who knows the channel and the sample.

        The channel itself, where it draws nothing; one that does says its mean instead.
        """
        return self.carry(outputs, sample, np.random.default_rng(0))

    @abc.abstractmethod
    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
        """What arrives (B, d) of these outputs (B, d)."""
