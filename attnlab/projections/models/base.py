"""The contract of every trained layer, and what is seen of it."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from attnlab.contracts import instance
from attnlab.parts import Fraction, Part
from attnlab.projections.tasks.base import Episodes, Symbols, Task
from attnlab.shapes import Array, Sample, require


@dataclass(frozen=True)
class Observed:
    """What a layer of h heads does on B episodes.

    tokens (B, n, m); queries (B, h, e), scaled so that the weights are softmax(q.K); keys (B, h, n, e); values
    (B, h, n, d); weights (B, h, n); answer (B,): the symbol it names; readout (h, d, symbols): the answer's logits
    are `sum_h o_h readout_h`, None where they are no linear function of the outputs.
    """

    tokens: Array
    queries: Array
    keys: Array
    values: Array
    weights: Array
    answer: Symbols
    readout: Array | None = None

    def __post_init__(self) -> None:
        trials, heads, n = self.weights.shape
        if self.readout is not None:
            wanted, got = (heads, self.values.shape[3]), self.readout.shape
            require(got[:2] == wanted and len(got) == 3, f"readout {wanted} and symbols", got)
        require(
            self.keys.shape[:3] == (trials, heads, n), f"keys ({trials}, {heads}, {n}, e)", self.keys.shape
        )
        off = float(np.abs(self.weights.sum(axis=2) - 1).max(initial=0.0))
        require(off <= 1e-9, "weights that sum to 1", 1 + off)

    def head(self, number: int) -> tuple[Sample, Array]:
        """One head as a sample, and its weights (B, n)."""
        sample = Sample(
            self.queries[:, number],
            self.keys[:, number],
            self.values[:, number],
            tokens=self.tokens,
            draw=np.zeros(len(self.weights), dtype=np.int64),  # one trained layer made them all
        )
        return sample, self.weights[:, number]


class Layer(abc.ABC):
    """A trained layer."""

    @abc.abstractmethod
    def __call__(self, episodes: Episodes) -> Observed:
        """What it does on these episodes."""


def _layer(part: Part, result: object, *_: object, **__: object) -> Layer:
    """A Layer; what it does is checked when it is Observed."""
    kind: Any = Layer
    return cast(Layer, instance(part, result, kind))


@dataclass(frozen=True)
class Model(Part, abc.ABC):
    """A layer that learns a task from episodes.

    Law: `train(task, share, seed)` is the layer after that share of its training steps, a function of its
    settings and the seed alone; a smaller share is the same training, stopped earlier. Raises Unavailable with
    one line where what it needs is not installed.
    """

    promises: ClassVar = {"train": _layer}

    @abc.abstractmethod
    def train(self, task: Task, share: Fraction, seed: int) -> Layer:
        """Train from scratch."""
