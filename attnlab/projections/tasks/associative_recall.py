"""Recall the value that was paired with a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.parts import Count, SettingError
from attnlab.projections.tasks.base import Episodes, Task


@dataclass(frozen=True)
class AssociativeRecall(Task):
    """Each token is a pair (key, value), the keys of an episode distinct; the question is one of the keys.

    keys: the size of their alphabet, at least n. Attention must find the position by content.
    """

    says: ClassVar[str] = "associative recall"

    keys: Count = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.keys < self.n:
            raise SettingError(
                "keys", self.keys, f"at least n = {self.n}: the keys of an episode are distinct"
            )

    @property
    def alphabets(self) -> tuple[int, ...]:
        return (self.keys, self.symbols + 1)

    def __call__(self, trials: int, rng: np.random.Generator) -> Episodes:
        keys = rng.random((trials, self.keys)).argsort(axis=1, kind="stable")[:, : self.n]
        values = rng.integers(self.symbols, size=(trials, self.n))
        position = rng.integers(self.n, size=trials)
        rows = np.arange(trials)
        return Episodes(
            symbols=np.stack([keys, values], axis=2),
            query=np.stack([keys[rows, position], np.full(trials, self.symbols)], axis=1),
            place=np.full(trials, self.n - 1),
            answer=values[rows, position],
            position=position,
        )
