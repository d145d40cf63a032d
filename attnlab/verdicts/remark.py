"""A sentence of one experiment's own, where no claim says it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from attnlab.verdicts.answers import Answer
from attnlab.verdicts.told import Levels, Told


@dataclass(frozen=True)
class Remark:
    """What only one experiment knows to say of a table: words gives the sentences, none where there is nothing.

    levels: the table of what the sentences only sum up.
    """

    words: Callable[[pd.DataFrame], Sequence[str]]
    figure: str = ""
    levels: Callable[[pd.DataFrame], Levels | None] = lambda table: None

    def found(self, table: pd.DataFrame) -> Said | None:
        """Its sentences about this table."""
        words = self.words(table)
        return Said(" ".join(words), self.figure, self.levels(table)) if words else None


@dataclass(frozen=True)
class Said:
    """A sentence without a claim behind it."""

    sentence: str
    figure: str
    levels: Levels | None = None
    limit: str = ""
    cells: tuple[str, ...] = ()

    @property
    def told(self) -> Told:
        """The sentence as it stands."""
        return Told(self.sentence, levels=self.levels)

    @property
    def answers(self) -> dict[tuple[object, ...], Answer]:
        """None."""
        return {}
