"""Name the token just before the place of the question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.parts import SettingError
from attnlab.projections.tasks.base import Episodes, Task


@dataclass(frozen=True)
class PreviousToken(Task):
    """The question stands at a uniform place p >= 1 and asks for the token at p - 1.

    Only the order tells the position: without a positional encoding it cannot be learned.
    """

    says: ClassVar[str] = "previous token"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n < 2:
            raise SettingError("n", self.n, "at least 2: the first token has none before it")

    @property
    def alphabets(self) -> tuple[int, ...]:
        return (self.symbols + 1,)

    def __call__(self, trials: int, rng: np.random.Generator) -> Episodes:
        values = rng.integers(self.symbols, size=(trials, self.n))
        place = rng.integers(1, self.n, size=trials)
        return Episodes(
            symbols=values[:, :, None],
            query=np.full((trials, 1), self.symbols),
            place=place,
            answer=values[np.arange(trials), place - 1],
            position=place - 1,
        )
