"""Attention by entmax with alpha = 1.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.shapes import Array, Mask
from attnlab.weights.base import Scored


@dataclass(frozen=True)
class Entmax15(Scored):
    """`a_i = max(s_i / 2 - t, 0)^2` with t such that they sum to 1: between softmax (alpha = 1) and sparsemax
    (alpha = 2), with exact zeros; exact by sorting (Peters, Niculae & Martins 2019, algorithm 2)."""

    says: ClassVar[str] = "entmax weights"

    def of_scores(self, scores: Array, mask: Mask) -> Array:
        # No weight exceeds 1, so t >= max s / 2 - 1 = -1: a half of -1 or less, masked or not, gets none.
        halves = np.maximum(scores / 2, -1.0)
        ordered = -np.sort(-halves, axis=1)
        rank = np.arange(1, scores.shape[1] + 1)
        # Over the j largest, sum (s - t)^2 = 1 is a quadratic in t; its lower root, where it has one.
        mean = np.cumsum(ordered, axis=1) / rank
        spread = np.cumsum(ordered**2, axis=1) - rank * mean**2
        thresholds = mean - np.sqrt(np.maximum((1 - spread) / rank, 0.0))
        support = (ordered > thresholds).sum(axis=1, keepdims=True)
        above = np.maximum(halves - np.take_along_axis(thresholds, support - 1, axis=1), 0.0)
        weights = np.where(halves > -1.0, above, 0.0) ** 2  # t may be -1 less a rounding error
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))
