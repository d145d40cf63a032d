"""The tables of a study's page: the numbers of many levels, those over the same levels side by side."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from attnlab.report.words import label
from attnlab.verdicts import FROM_CERTAIN, Levels, Told

MOST = 6
"""Numbers that stand side by side in a table."""
LONG = 24
"""Letters of a head from which on it stands once, by a letter, where every line would repeat it."""
SIGNS = ("*", "†", "‡", "§", "¶")
"""Signs of the notes under a table."""
Cited: TypeAlias = tuple[Told, str, int | None]
"""A finding, the name of its figure, and the number of this on the page, if it is drawn there."""


@dataclass(frozen=True)
class LevelTable:
    """A table of numbers by level.

    title: what they are numbers of, or by what they differ; facts: what holds for all of them; heads: of the
    columns, the level's and the trials' included; lines: cells as printed; notes: what the signs beside numbers
    say; figures: names and numbers of the figures that show them; of: the findings whose levels these are.
    """

    title: str
    facts: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    figures: tuple[tuple[str, int], ...]
    of: tuple[Told, ...]

    @property
    def letters(self) -> tuple[str, ...]:
        """For each head the letter that stands for it in the lines of a narrow screen, one below the other.

        Nothing for a head that is short itself, or that no second line would repeat.
        """
        free, several = iter(string.ascii_uppercase), len(self.lines) > 1
        long = [bool(place) and len(head) > LONG for place, head in enumerate(self.heads)]
        return tuple(next(free) if several and is_long else "" for is_long in long)

    @property
    def counted_above(self) -> bool:
        """Whether the last column is one number throughout, which the facts tell as trials."""
        return bool(self.of[0].trials) and len({line[-1] for line in self.lines}) == 1


def level_tables(found: Sequence[Cited]) -> tuple[LevelTable, ...]:
    """A table for each finding with levels; findings over the same levels, at the same condition, share one."""
    groups: list[list[Cited]] = []
    for one in found:
        if one[0].levels is None:
            continue
        fitting = [group for group in groups if _fit([*(told for told, _, _ in group), one[0]])]
        if fitting:
            fitting[0].append(one)
        else:
            groups.append([one])
    return tuple(_table(group) for group in groups)


def _fit(some: Sequence[Told]) -> bool:
    """Whether findings can share a table: the same levels and trials, and no condition apart from the others'."""
    levels = [told.levels for told in some if told.levels is not None]
    first, conditions = levels[0], [set(told.condition) for told in some]
    widest = max(conditions, key=len)
    return (
        all(one.column(0) == first.column(0) and one.column(-1) == first.column(-1) for one in levels)
        and all(one.over and one.over == first.over for one in levels)
        and all(condition <= widest for condition in conditions)
        and sum(len(one.heads) - 2 for one in levels) <= MOST
    )


def _table(group: Sequence[Cited]) -> LevelTable:
    """The table of one finding, or of several that share one."""
    some = [told for told, _, _ in group]
    levels = [told.levels for told in some if told.levels is not None]
    first, notes = levels[0], list(dict.fromkeys(note for one in levels for note in one.notes if note))
    common = [words for words in some[0].beside if all(words in told.beside for told in some)]
    heads, columns = [first.heads[0]], [first.column(0)]
    for told, one in zip(some, levels, strict=True):
        own = [words for words in told.beside if words not in common]
        heads += [one.heads[1] if len(group) == 1 else _head(one, own), *one.heads[2:-1]]
        signs = [
            f"\N{NO-BREAK SPACE}{_sign(notes.index(note))}" if note else ""
            for note in one.notes or [""] * len(one.lines)
        ]
        columns.append(tuple(map(str.__add__, one.column(1), signs)))
        columns += [one.column(place) for place in range(2, len(one.heads) - 1)]
    widest = max((told.condition for told in some), key=len)
    return LevelTable(
        title=first.lead if len(group) == 1 else f"By {label(first.over)}",
        facts="; ".join(filter(None, (", ".join(widest), some[0].trials, *common))),
        heads=(*heads, first.heads[-1]),
        lines=tuple(zip(*columns, first.column(-1), strict=True)),
        notes=tuple(f"{_sign(place)} {note}" for place, note in enumerate(notes)),
        figures=tuple(sorted({(name, place) for _, name, place in group if place}, key=lambda one: one[1])),
        of=tuple(some),
    )


def _head(one: Levels, own: Sequence[str]) -> str:
    """What a column among others is called: what its numbers are of, and what holds for it alone."""
    bracketed = FROM_CERTAIN if one.heads[1].endswith(FROM_CERTAIN) else ""
    return one.lead + bracketed + (f" ({'; '.join(own)})" if own else "")


def _sign(place: int) -> str:
    return SIGNS[place % len(SIGNS)] * (1 + place // len(SIGNS))
