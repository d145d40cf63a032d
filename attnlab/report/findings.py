"""What a study found, as its page tells it: a claim, a few sentences under one condition, tables for the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from attnlab.report.level_tables import LevelTable, level_tables
from attnlab.report.shown import Shown
from attnlab.verdicts import Told, Verdict, shared

SENTENCES = 5
"""Sentences that follow the claim; what else was found is told in tables."""


@dataclass(frozen=True)
class Finding:
    """One of them. figure: the name of the figure that shows its numbers; place: its number, if drawn.

    table: the number of the table that has the numbers of all its levels, nothing where there is none.
    """

    told: Told
    sentence: str
    figure: str
    place: int | None
    table: int | None = None


@dataclass(frozen=True)
class Findings:
    """All of them, in their order.

    claim: the first, with its condition; others: the sentences that follow it; common: the conditions of all of
    these, not said in them again; more: what is beyond them; tables: the numbers of many levels.
    """

    claim: Finding | None
    common: tuple[str, ...]
    others: tuple[Finding, ...]
    more: tuple[Finding, ...]
    tables: tuple[LevelTable, ...]


def findings(verdict: Verdict, places: Mapping[str, tuple[int, Shown]]) -> Findings:
    """The findings of a verdict. places: the figures by their names, with their places on the page."""
    told = verdict.pieces
    common = shared(told[1 : 1 + SENTENCES])
    found = []
    for line, ((_, name, cells), piece) in enumerate(zip(verdict.shown, told, strict=True)):
        place, figure = places.get(name, (None, None))
        drawn = figure is not None and figure.holds(cells)
        said = common if 1 <= line <= SENTENCES else ()
        at = figure.name if figure else name  # of two figures with the same marks the one that is drawn
        found.append(Finding(piece, piece.sentence(said), at, place if drawn else None))
    tables = level_tables([(one.told, one.figure, one.place) for one in found])
    number = {id(told): place for place, table in enumerate(tables, 1) for told in table.of}
    found = [dataclasses.replace(one, table=number.get(id(one.told))) for one in found]
    claim, others, more = found[:1], found[1 : 1 + SENTENCES], found[1 + SENTENCES :]
    return Findings(
        claim=claim[0] if claim else None,
        common=common,
        others=tuple(others),
        more=tuple(one for one in more if one.table is None),
        tables=tables,
    )
