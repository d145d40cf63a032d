"""The contract of every synthetic task, and the episodes it deals out."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from attnlab.contracts import BrokenContract, instance
from attnlab.parts import Count, Part
from attnlab.shapes import require

Symbols = NDArray[np.int64]
NOWHERE = -1
"""The position of a task that no single position answers."""


@dataclass(frozen=True)
class Episodes:
    """B sequences of n tokens, a question to each, and its answer.

    symbols (B, n, F): every token has F features, each a symbol of its own alphabet; query (B, F): the asking
    token; place (B,): where it stands; answer (B,): the right symbol; position (B,): where the answer is read
    off, or NOWHERE.
    """

    symbols: Symbols
    query: Symbols
    place: Symbols
    answer: Symbols
    position: Symbols

    def __post_init__(self) -> None:
        trials, n, features = self.symbols.shape
        require(self.query.shape == (trials, features), f"query ({trials}, {features})", self.query.shape)
        for name in ("place", "answer", "position"):
            shape = getattr(self, name).shape
            require(shape == (trials,), f"{name} ({trials},)", shape)
        inside = ((self.position >= NOWHERE) & (self.position < n)).all()
        require(bool(inside), f"positions below {n}", self.position)


def _episodes(part: Part, result: object, trials: int, *_: object, **__: object) -> Episodes:
    """That many Episodes; their arrays are checked when they are made."""
    found = instance(part, result, Episodes)
    if len(found.symbols) != trials:
        raise BrokenContract(part, f"{trials} episodes", len(found.symbols))
    return found


@dataclass(frozen=True)
class Task(Part, abc.ABC):
    """Deals out episodes. n positions; symbols: how many values a token can have.

    Law: `task(trials, rng)` is a function of settings and generator alone; every symbol lies below its
    alphabet's size; where the task has a position, the token there carries the answer as its last feature, and
    the position is decided by the question and the other features or the order, never by the answer.
    """

    promises: ClassVar = {"__call__": _episodes}

    n: Count = 32
    symbols: Count = 16

    @property
    @abc.abstractmethod
    def alphabets(self) -> tuple[int, ...]:
        """The number of symbols of each feature; the last includes one that only the asking token has."""

    @abc.abstractmethod
    def __call__(self, trials: int, rng: np.random.Generator) -> Episodes:
        """Deal out `trials` episodes."""
