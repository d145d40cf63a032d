"""Values of uneven size, and a position that draws attention for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Inputs
from attnlab.parts import NonNegative
from attnlab.shapes import Sample


@dataclass(frozen=True)
class Sink(Inputs):
    """Gaussian values times log-normal sizes; the first has a score `pull` higher, and is `size` times as large.

    Trained models put much weight on a first position whose value is small, as on nothing (Xiao et al. 2024; Gu et
    al. 2025, arXiv 2410.10781). The sizes are `exp(spread g - spread^2)`, g standard normal: mean square 1. Scores
    are those of temperature 1. With pull 0 and size 1 there is no sink.
    """

    density: ClassVar[bool] = True

    pull: NonNegative = 4.0
    size: NonNegative = 0.1
    spread: NonNegative = 0.0

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        sink = (
            f"a sink with a value {self.size:g} times as long as the others"
            if self.pull or self.size != 1
            else ""
        )
        uneven = f"values of uneven size (log-spread {self.spread:g})" if self.spread else ""
        return " and ".join(filter(None, (uneven, sink))) or "Gaussian values of even size"

    def least_bytes(self, trials: int) -> int:
        return self.bytes_of_floats(trials)

    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        queries = rng.standard_normal((trials, self.e))
        keys = rng.standard_normal((trials, self.n, self.e))
        square = (queries**2).sum(axis=1, keepdims=True)
        keys[:, 0] += self.pull * np.sqrt(self.e) * queries / square
        sizes = np.exp(self.spread * rng.standard_normal((trials, self.n)) - self.spread**2)
        sizes[:, 0] *= self.size
        return Sample(queries, keys, sizes[:, :, None] * rng.standard_normal((trials, self.n, self.d)))
