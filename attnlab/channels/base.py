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
    and the generator alone; a sum c times as large (c a power of two) arrives c times as large where the
    channel `scales` with the output, else with the same difference from what was sent. `exact` is the
    identity, and every other member tends to it as its setting says. Raises Declined for outputs that the
    channel cannot hold.
    """

    promises: ClassVar = {"carry": _arrived}
    scales: ClassVar[Literal["with the output", "not at all"]] = "with the output"
    unsaid: ClassVar[bool] = False
    """True for the channel that a sentence need not mention."""
    lossless: ClassVar[bool] = False
    """True if what arrives is the sum itself, so that what explains the one explains the other."""
    facts: ClassVar[tuple[str, ...]] = ("says", "unsaid", "lossless")

    def __call__(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Array:
        """What arrives (B, d) of the outputs `o = sum_i a_i v_i` of these weights (B, n)."""
        return self.carry(output(weights, sample.values), sample, rng)

    @abc.abstractmethod
    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
        """What arrives (B, d) of these outputs (B, d)."""
