"""The contract of every source of queries, keys and values."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.parts import Count, Part
from attnlab.shapes import Sample


@dataclass(frozen=True)
class Inputs(Part, abc.ABC):
    """Where queries, keys and values come from.

    Settings: n positions, d value dimension, e key dimension.
    Law: `inputs(trials, rng)` is a Sample of that many trials with queries (B, e), keys (B, n, e) and values
    (B, n, d), a function of its settings and the generator alone; trials that share their values share a
    group, and no others do.
    """

    n: Count = 32
    d: Count = 8
    e: Count = 8

    generic_values: ClassVar[bool] = False
    """True if the values are independent standard Gaussians for every trial: exact laws hold only there."""

    @abc.abstractmethod
    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        """Draw `trials` attention problems."""
