"""One attention layer, trained end to end on a task."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from attnlab.parts import Between, Count, Fraction, Positive, Unavailable
from attnlab.projections.models.base import Layer, Model
from attnlab.projections.tasks.base import Task

if TYPE_CHECKING:
    from attnlab.projections.models.network import TorchLayer

EXTRA = "training a layer needs torch: pip install 'attnlab[torch]'"


@dataclass(frozen=True)
class TrainedAttention(Model):
    """W_Q, W_K, W_V, W_O and the embeddings, learned by Adam on fresh episodes.

    Settings: heads; m token, e key and d value dimension of a head; encoding of the position; steps, batch
    and learning rate; readability r: weight of a further loss, through a pointer probe that learns along, that
    keeps the position readable from the output (r > 0) or hides it (r < 0); device.
    """

    heads: Count = 1
    m: Count = 48
    e: Count = 16
    d: Count = 16
    encoding: Literal["none", "sinusoidal", "learned"] = "none"
    readability: Annotated[float, Between(-100, 100)] = 0.0
    steps: Count = 1000
    batch: Count = 128
    rate: Positive = 0.01
    device: Literal["cpu", "cuda"] = "cpu"

    def train(self, task: Task, share: Fraction, seed: int) -> Layer:
        return _trained(self, task, round(share * self.steps), seed)


@functools.lru_cache(maxsize=32)  # probes swept over one training share it
def _trained(model: TrainedAttention, task: Task, steps: int, seed: int) -> TorchLayer:
    try:
        from attnlab.projections.models import network
    except ImportError as missing:
        raise Unavailable(EXTRA) from missing
    return network.trained(model, task, steps, seed)
