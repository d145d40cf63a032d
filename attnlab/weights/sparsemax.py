"""Sparsemax attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.shapes import Array, Mask
from attnlab.weights.base import Scored


@dataclass(frozen=True)
class Sparsemax(Scored):
    """`a_i = max(s_i - t, 0)` with t such that they sum to 1: the Euclidean projection of the scores onto the
    simplex, with exact zeros; exact by sorting (Martins & Astudillo 2016, algorithm 1)."""

    says: ClassVar[str] = "sparsemax weights"

    def of_scores(self, scores: Array, mask: Mask) -> Array:
        # No weight exceeds 1, so t >= max s - 1 = -1: a score of -1 or less, masked or not, gets none.
        clipped = np.maximum(scores, -1.0)
        ordered = -np.sort(-clipped, axis=1)
        rank = np.arange(1, scores.shape[1] + 1)
        thresholds = (np.cumsum(ordered, axis=1) - 1) / rank
        support = (ordered > thresholds).sum(axis=1, keepdims=True)
        # Nor by rounding: sums of scores >= -1 round to no less than the integers they cannot undercut.
        weights = np.maximum(clipped - np.take_along_axis(thresholds, support - 1, axis=1), 0.0)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))
