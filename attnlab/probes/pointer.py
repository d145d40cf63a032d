"""From the output to the token it points at, through a learned matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import softmax

from attnlab.probes.base import Probe, Reader, hedged, tokens_of
from attnlab.probes.penalty_path import at_best_penalty
from attnlab.shapes import Array, Examples
from attnlab.solvers.softmax_fit import bilinear, bilinear_scores, minimised


@dataclass(frozen=True)
class Pointer(Probe):
    """`p = softmax_i(o^T M x_i)`: a learned map from output space to token space, and whom it meets there.

    It is the mapping between the sum and the words that a layer without V lacks. The cross-entropy is convex
    in M; it is fitted by L-BFGS with the analytic gradient, at a penalty chosen on held-out groups.
    """

    says: ClassVar[str] = "a pointer from output to token"

    reads: ClassVar[str] = "the output and the tokens"

    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        tokens = tokens_of(train)
        size = float(np.sqrt((train.outputs**2).mean())) or 1.0
        shape = (train.outputs.shape[1], tokens.shape[2])

        def fit(examples: Examples, penalty: float) -> Reader:
            inputs = (examples.outputs / size, tokens_of(examples), examples.goal, examples.mask)
            matrix = minimised(bilinear(*inputs, penalty), np.zeros(shape).ravel()).reshape(shape)
            return pointing(matrix / size, len(examples))

        return at_best_penalty(fit, train, rng)


def pointing(matrix: Array, seen: int) -> Reader:
    """The reader `p = softmax_i(o^T M x_i)` that learned M (d, m) from `seen` examples."""

    def read(examples: Examples) -> Array:
        scores = bilinear_scores(examples.outputs, tokens_of(examples), matrix)
        return hedged(softmax(np.where(examples.mask, scores, -np.inf), axis=1), examples.mask, seen)

    return read
