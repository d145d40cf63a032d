"""Name the symbol that more than half of the tokens show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.projections.tasks.base import NOWHERE, Episodes, Task


@dataclass(frozen=True)
class Majority(Task):
    """One symbol stands at `n // 2 + 1` places, the others are spread over the rest.

    Diffuse on purpose: no position answers it, and attention to all of them does.
    """

    says: ClassVar[str] = "majority"

    @property
    def alphabets(self) -> tuple[int, ...]:
        return (self.symbols + 1,)

    def __call__(self, trials: int, rng: np.random.Generator) -> Episodes:
        winner = rng.integers(self.symbols, size=trials)
        other = rng.integers(self.symbols, size=(trials, self.n))
        most = rng.random((trials, self.n)).argsort(axis=1, kind="stable") < self.n // 2 + 1
        return Episodes(
            symbols=np.where(most, winner[:, None], other)[:, :, None],
            query=np.full((trials, 1), self.symbols),
            place=np.full(trials, self.n - 1),
            answer=winner,
            position=np.full(trials, NOWHERE),
        )
