"""Copy the one token that is marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.projections.tasks.base import Episodes, Task


@dataclass(frozen=True)
class SelectiveCopy(Task):
    """One token of the episode carries a mark; the question is always the same. Attention must find the mark."""

    says: ClassVar[str] = "selective copy"

    @property
    def alphabets(self) -> tuple[int, ...]:
        return (2, self.symbols + 1)

    def __call__(self, trials: int, rng: np.random.Generator) -> Episodes:
        values = rng.integers(self.symbols, size=(trials, self.n))
        position = rng.integers(self.n, size=trials)
        mark = (np.arange(self.n) == position[:, None]).astype(np.int64)
        return Episodes(
            symbols=np.stack([mark, values], axis=2),
            query=np.tile([1, self.symbols], (trials, 1)),
            place=np.full(trials, self.n - 1),
            answer=values[np.arange(trials), position],
            position=position,
        )
