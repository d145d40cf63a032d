"""From the output to the token it points at, through a network that looks at both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import softmax

from attnlab.parts import Count
from attnlab.probes.base import Probe, Reader, hedged, tokens_of
from attnlab.probes.penalty_path import COARSE, at_best_penalty
from attnlab.shapes import Array, Examples
from attnlab.solvers.pointer_network import PointerNetwork, network_loss
from attnlab.solvers.softmax_fit import minimised


@dataclass(frozen=True)
class PointerMlp(Probe):
    """`score_i = o^T M x_i + w . tanh(A o + C x_i + b)`: the pointer, and what a hidden layer adds to it.

    hidden: its units. Fitted by L-BFGS with the analytic gradient from small random weights, at a penalty
    chosen on held-out groups.
    """

    says: ClassVar[str] = "a pointer with a hidden layer"

    reads: ClassVar[str] = "the output and the tokens"

    hidden: Count = 8

    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        d, m = train.outputs.shape[1], tokens_of(train).shape[2]
        size = float(np.sqrt((train.outputs**2).mean())) or 1.0
        start = PointerNetwork(
            matrix=np.zeros((d, m)),
            from_output=rng.standard_normal((d, self.hidden)) / np.sqrt(2 * d),
            from_token=rng.standard_normal((m, self.hidden)) / np.sqrt(2 * m),
            bias=np.zeros(self.hidden),
            out=rng.standard_normal(self.hidden) / np.sqrt(self.hidden),
        ).flat

        def fit(examples: Examples, penalty: float) -> Reader:
            inputs = (examples.outputs / size, tokens_of(examples), examples.goal, examples.mask)
            flat = minimised(network_loss(*inputs, penalty, self.hidden), start, steps=60)
            return _reader(PointerNetwork.unflat(flat, d, m, self.hidden), size, len(examples))

        return at_best_penalty(fit, train, rng, COARSE)


def _reader(network: PointerNetwork, size: float, seen: int) -> Reader:
    def read(examples: Examples) -> Array:
        scores = network.scores(examples.outputs / size, tokens_of(examples))
        return hedged(softmax(np.where(examples.mask, scores, -np.inf), axis=1), examples.mask, seen)

    return read
