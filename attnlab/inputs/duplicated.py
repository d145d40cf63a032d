"""Values that are exactly repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from attnlab.inputs.base import Shaped
from attnlab.parts import Count
from attnlab.shapes import Array, Sample

Words = NDArray[np.int64]


@dataclass(frozen=True)
class Duplicated(Shaped):
    """Gaussian values, each at up to `copies` random positions: a text that repeats its words.

    Keys differ, as with rotary positions. Repeated positions collide exactly at every n and d, also for n <=
    d + 1: rank [V 1] is at most the number of distinct values, ceil(n / copies). No Gaussian law holds.
    """

    says: ClassVar[str] = "values that occur repeatedly"
    exchangeable: ClassVar[bool] = True

    copies: Count = 2

    def values(self, trials: int, rng: np.random.Generator) -> Array:
        return self._values(trials, rng, None)[0]

    def multihead(self, heads: int, trials: int, rng: np.random.Generator) -> tuple[Sample, ...]:
        """A word that is repeated has one value in every head, another one in each."""
        drawn: list[Sample] = []
        word = None
        for _ in range(heads):
            queries = rng.standard_normal((trials, self.e))
            keys = rng.standard_normal((trials, self.n, self.e))
            values, word = self._values(trials, rng, word)
            drawn.append(Sample(queries=queries, keys=keys, values=values))
        return tuple(drawn)

    def _values(self, trials: int, rng: np.random.Generator, word: Words | None) -> tuple[Array, Words]:
        """The values (B, n, d), and which word stands where (B, n), drawn where it is not given."""
        distinct = -(-self.n // self.copies)
        words = rng.standard_normal((trials, distinct, self.d))
        if word is None:
            word = rng.permuted(np.tile(np.arange(self.n) % distinct, (trials, 1)), axis=1)
        return np.take_along_axis(words, word[..., None], axis=1), word
