"""Softmax attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnlab.attention import softmax_weights
from attnlab.shapes import Array, Mask
from attnlab.weights.base import Scored


@dataclass(frozen=True)
class Softmax(Scored):
    """`a = softmax(q.K / tau)`: full support, so for n > d + 1 it is never formally the only explanation."""

    says: ClassVar[str] = "softmax weights"
    positive: ClassVar[bool] = True

    def of_scores(self, scores: Array, mask: Mask) -> Array:
        return softmax_weights(scores, mask)
