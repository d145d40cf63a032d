"""One attention layer, trained end to end on a task."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from attnlab.parts import Fraction, Unavailable
from attnlab.projections.models.base import Layer
from attnlab.projections.models.shape import Shape
from attnlab.projections.tasks.base import Task

EXTRA = "training a layer needs torch: make tour EXTRAS=torch, or pip install 'attnlab[torch]'"


@dataclass(frozen=True)
class TrainedAttention(Shape):
    """W_Q, W_K, W_V, W_O and the embeddings, learned by Adam on fresh episodes; its settings are a `Shape`'s."""

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        code = "" if self.encoding == "none" else f", {self.encoding} positional code"
        ways = {1: ", paid to keep the position readable", -1: ", paid to hide the position"}
        way = ways.get((self.readability > 0) - (self.readability < 0), "")
        return f"a trained layer{code}{way}"

    def train(self, task: Task, share: Fraction, seed: int) -> Layer:
        return _trained(self, task, round(share * self.steps), seed)


@functools.lru_cache(maxsize=32)  # probes swept over one training share it
def _trained(model: TrainedAttention, task: Task, steps: int, seed: int) -> Layer:
    try:
        from attnlab.projections.models import network
    except ImportError as missing:
        raise Unavailable(EXTRA) from missing
    return network.trained(model, task, steps, seed)
