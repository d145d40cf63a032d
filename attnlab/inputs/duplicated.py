"""Values that are exactly repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Pattern, Patterned
from attnlab.parts import Count
from attnlab.shapes import Array


@dataclass(frozen=True)
class Duplicated(Patterned):
    """Gaussian values, each at up to `copies` random positions: a text that repeats its words.

    Keys differ, as with rotary positions. Repeated positions collide exactly at every n and d, also for n <=
    d + 1: rank [V 1] is at most the number of distinct values, ceil(n / copies). No Gaussian law holds.
    """

    says: ClassVar[str] = "values that occur repeatedly"
    exchangeable: ClassVar[bool] = True

    copies: Count = 2

    def patterned(
        self, trials: int, rng: np.random.Generator, pattern: Pattern | None
    ) -> tuple[Array, Pattern]:
        """The values (B, n, d), and which word stands where (B, n), drawn where it is not given."""
        distinct = -(-self.n // self.copies)
        words = rng.standard_normal((trials, distinct, self.d))
        if pattern is None:
            pattern = rng.permuted(np.tile(np.arange(self.n) % distinct, (trials, 1)), axis=1)
        return np.take_along_axis(words, pattern[..., None], axis=1), pattern
