"""What a study found, as its page tells it: a claim, a few sentences under one condition, tables for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attnlab.report.shown import Shown
from attnlab.verdicts import Told, Verdict, shared

SENTENCES = 5
"""Sentences that follow the claim; what else was found is told in tables."""


@dataclass(frozen=True)
class Finding:
    """One of them. figure: the name of the figure that shows its numbers; place: its number, if drawn."""

    told: Told
    sentence: str
    figure: str
    place: int | None


@dataclass(frozen=True)
class Findings:
    """All of them, in their order.

    claim: the first, with its condition; others: the sentences that follow it; common: the conditions of all of
    these, not said in them again; more: what is beyond them; levels: those with a table of their own.
    """

    claim: Finding | None
    common: tuple[str, ...]
    others: tuple[Finding, ...]
    more: tuple[Finding, ...]
    levels: tuple[Finding, ...]


def findings(verdict: Verdict, places: Mapping[str, tuple[int, Shown]]) -> Findings:
    """The findings of a verdict. places: the figures by their names, with their places on the page."""
    told = verdict.pieces
    common = shared(told[1 : 1 + SENTENCES])
    found = []
    for line, ((_, name, cells), piece) in enumerate(zip(verdict.shown, told, strict=True)):
        place, figure = places.get(name, (None, None))
        drawn = figure is not None and figure.holds(cells)
        said = common if 1 <= line <= SENTENCES else ()
        found.append(Finding(piece, piece.sentence(said), name, place if drawn else None))
    claim, others, more = found[:1], found[1 : 1 + SENTENCES], found[1 + SENTENCES :]
    return Findings(
        claim=claim[0] if claim else None,
        common=common,
        others=tuple(others),
        more=tuple(one for one in more if one.told.levels is None),
        levels=tuple(one for one in found if one.told.levels is not None),
    )
