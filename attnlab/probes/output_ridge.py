"""From the output alone to the weights, by ridge regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.probes.base import Probe, Reader, hedged
from attnlab.probes.selection import VALIDATION
from attnlab.probes.splits import split
from attnlab.shapes import Array, Examples
from attnlab.solvers.ridge_path import RidgePath

PENALTIES = np.logspace(-8, 2, 41)
"""Relative to the mean variance of the output's entries."""


@dataclass(frozen=True)
class OutputRidge(Probe):
    """`a = W o + c`, clipped at zero: the best linear estimate of the whole weight vector from the output.

    The penalty is chosen by squared error on held-out groups, all penalties from one eigendecomposition.
    """

    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        penalties = PENALTIES * (float(train.outputs.var(axis=0).mean()) or 1.0)
        try:
            kept, held = split(train.group, int(VALIDATION * len(train)), rng)
        except ValueError:  # too few groups to choose by
            penalty = float(penalties[-1])
        else:
            path = RidgePath.of(train.outputs[kept], train.weights[kept])
            losses = path.losses(train.outputs[held], train.weights[held], penalties)
            penalty = float(penalties[losses.argmin()])
        path = RidgePath.of(train.outputs, train.weights)

        def read(examples: Examples) -> Array:
            estimate = np.maximum(path.predict(examples.outputs, penalty), 0.0)
            return hedged(estimate, examples.mask, len(train))

        return read
