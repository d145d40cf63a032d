"""A finding as it is told: a sentence, whose condition may be said once for several, and all of its numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

FROM_CERTAIN = ", from certain to possible"
"""What the head of a column of brackets ends with."""


@dataclass(frozen=True)
class Levels:
    """The numbers of one finding, a line for each level of what it compares.

    lead: what they are numbers of; heads: of the columns; lines: the level, its number with the interval, what
    stands beside it, and its trials, all as printed. over: the setting whose levels these are, if it is one;
    notes: for each line what is to say of its number, or nothing; none at all where no line has one.
    """

    lead: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    over: str = ""
    notes: tuple[str, ...] = ()

    def column(self, place: int) -> tuple[str, ...]:
        """What stands in one column."""
        return tuple(line[place] for line in self.lines)


@dataclass(frozen=True)
class Told:
    """A sentence in its pieces.

    words: up to the brackets, or all of a sentence that has none; condition: what holds for its numbers; trials:
    how many each of them rests on; beside: what else is told in the brackets; tail: what follows them. levels:
    the numbers of many. own: what holds for the numbers of the sentence, and not for all of those levels.
    """

    words: str
    condition: tuple[str, ...] = ()
    trials: str = ""
    beside: tuple[str, ...] = ()
    tail: str = ""
    levels: Levels | None = None
    own: tuple[str, ...] = ()

    def facts(self, said: Collection[str] = ()) -> str:
        """What stands in the brackets, without the conditions that are said elsewhere."""
        condition = ", ".join(word for word in (*self.condition, *self.own) if word not in said)
        return "; ".join(filter(None, (condition, self.trials, *self.beside)))

    def sentence(self, said: Collection[str] = ()) -> str:
        """The sentence, without the conditions that are said elsewhere."""
        facts = self.facts(said)
        whole = f"{self.words} ({facts})." if facts else self.words
        return " ".join(filter(None, (whole, self.tail)))


def shared(some: Sequence[Told]) -> tuple[str, ...]:
    """The conditions that all of several findings have; none of fewer than two."""
    own = [told.condition for told in some if told.condition]
    if len(own) < 2:
        return ()
    return tuple(word for word in own[0] if all(word in other for other in own))
