"""From the output alone to the weights, by ridge regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.probes import controls
from attnlab.probes.base import Probe, Reader
from attnlab.probes.penalty_path import VALIDATION
from attnlab.probes.power_calibration import power_calibration
from attnlab.probes.splits import split
from attnlab.shapes import Examples
from attnlab.solvers.ridge_path import RidgePath

PENALTIES = np.logspace(-8, 2, 41)
"""Relative to the mean variance of the output's entries."""


@dataclass(frozen=True)
class OutputRidge(Probe):
    """`a = W o + c`: the best linear estimate of the whole weight vector from the output.

    The penalty is chosen by squared error on held-out groups, all penalties from one eigendecomposition. The
    estimate, clipped at zero, becomes probabilities through one exponent fitted on the same groups.
    """

    version: ClassVar[int] = 2
    says: ClassVar[str] = "ridge regression on the output"

    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        penalties = PENALTIES * (float(train.outputs.var(axis=0).mean()) or 1.0)
        try:
            kept, held = split(train.group, int(VALIDATION * len(train)), rng)
        except ValueError:  # too few groups to choose by
            return controls.prior(train)
        path = RidgePath.of(train.outputs[kept], train.weights[kept])
        losses = path.losses(train.outputs[held], train.weights[held], penalties)
        penalty = float(penalties[losses.argmin()])
        sharpened = power_calibration(path.predict(train.outputs[held], penalty), train[held])
        path = RidgePath.of(train.outputs, train.weights)
        return lambda examples: sharpened(path.predict(examples.outputs, penalty), examples.mask)
