"""What the output is added to: the residual stream of the last visible position."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import numpy as np

from attnlab.channels.base import Channel
from attnlab.parts import Declined, NonNegative
from attnlab.shapes import Array, Sample


@dataclass(frozen=True)
class Streamed(Channel, abc.ABC):
    """A channel whose output is added to `weight` times the stream of the last visible position.

    In a causal model that is the one that asks; which one asks is in no sample. Its stream is its token; W_O is
    the identity, so tokens need the dimension of the values (Declined where it differs). Inputs without tokens
    have their values for tokens, as with W_V the identity. Whoever knows the words can take the stream away again.
    """

    weight: NonNegative = 1.0

    def summed(self, outputs: Array, sample: Sample) -> Array:
        """`o + weight x`, (B, d)."""
        words = sample.values if sample.tokens is None else sample.tokens
        if words.shape[2] != outputs.shape[1]:
            m, d = words.shape[2], outputs.shape[1]
            raise Declined(
                f"tokens of dimension {m} cannot be added to outputs of dimension {d}: inputs.m={d}"
            )
        last = sample.n - 1 - sample.mask[:, ::-1].argmax(axis=1)
        return np.asarray(outputs + self.weight * words[np.arange(sample.trials), last])

    @property
    def placed(self) -> bool:  # type: ignore[override]  # constant in most parts
        """With a weight, what arrives tells the last visible position from the others."""
        return self.weight > 0

    @property
    def told(self) -> str:
        """The sum in words."""
        share = "" if self.weight == 1 else f"{self.weight:g} times "
        return f"the output added to {share}the last visible word" if self.weight else "the output"
