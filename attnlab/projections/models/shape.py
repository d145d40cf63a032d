"""What an attention layer and its training are made from, apart from the library that trains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from attnlab.parts import Between, Count, Positive
from attnlab.projections.models.base import Model


@dataclass(frozen=True)
class Shape(Model):
    """One layer of attention, trained by Adam on fresh episodes.

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
