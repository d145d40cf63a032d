"""From the output alone to the position, by the examples with the nearest outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.parts import Count
from attnlab.probes import controls
from attnlab.probes.base import Probe, Reader
from attnlab.probes.penalty_path import VALIDATION
from attnlab.probes.power_calibration import power_calibration
from attnlab.probes.splits import split
from attnlab.shapes import Array, Examples


@dataclass(frozen=True)
class OutputNeighbours(Probe):
    """The mean goal of the `neighbours` nearest training outputs, the nearer the more it counts (1/distance).

    It learns no rule, it remembers: consistent for any smooth dependence of the position on the output, and
    the first to profit where the values of held-out examples were met in training. Its estimate becomes
    probabilities through one exponent fitted on held-out groups.
    """

    version: ClassVar[int] = 3
    says: ClassVar[str] = "a memory of the nearest outputs"

    neighbours: Count = 8

    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        try:
            kept, held = split(train.group, int(VALIDATION * len(train)), rng)
        except ValueError:  # too few groups to choose by
            return controls.prior(train)
        estimate = self._remembered(train[kept])(train[held].outputs)
        sharpened, remembered = power_calibration(estimate, train[held]), self._remembered(train)
        return lambda examples: sharpened(remembered(examples.outputs), examples.mask)

    def _remembered(self, train: Examples) -> Callable[[Array], Array]:
        from sklearn.neighbors import NearestNeighbors  # loads slowly: only where a probe learns

        unit = 2.0 ** int(np.frexp(np.abs(train.outputs).max())[1])  # of outputs that are all zero 1
        index = NearestNeighbors(n_neighbors=min(self.neighbours, len(train))).fit(train.outputs / unit)
        nearest = 1e-9 * (
            float(np.abs(train.outputs).max() / unit) or 1.0
        )  # an exact copy counts as this near

        def estimate(outputs: Array) -> Array:
            distance, rows = index.kneighbors(outputs / unit)
            closeness = 1 / np.maximum(distance, nearest)
            share = closeness / closeness.sum(axis=1, keepdims=True)
            return np.asarray(np.matmul(share[:, None, :], train.goal[rows])[:, 0])

        return estimate
