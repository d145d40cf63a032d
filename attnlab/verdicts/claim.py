"""A claim: what is measured, for which rows, over what it is compared, against which reference, in which figure.

Its sentence names the number, its interval and trials, and the condition it holds at; all its words for parts and
settings come from the rows, so it holds for any level of them. A claim speaks of single cells: at one condition,
or at one condition for each level of what it compares. What it says of a whole grid is a range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from attnlab.tidy import METRIC, settings_of
from attnlab.verdicts.answers import Answer, Verdict
from attnlab.verdicts.bracket import Bracket, Number
from attnlab.verdicts.facts import by_definition, witnessed
from attnlab.verdicts.finding import Finding, Place
from attnlab.verdicts.pooling import KEPT, LOST, pooled, rows
from attnlab.verdicts.remark import Remark
from attnlab.verdicts.scene import apart, filled, levels, metric_rows, named, part_of, typical
from attnlab.verdicts.wording import Wording

ENOUGH = 10
"""Trials from which a number is worth a sentence."""
BY_DEFINITION = (
    "Where one position is alone, or a blind guess is always right, the answer holds by definition: the sentences "
    "leave such cells out, the figures and the table have them."
)


@dataclass(frozen=True, kw_only=True)
class Claim(Wording):
    """One thing a study may find; where the rows do not hold it, it says nothing. Fields: see Wording."""

    def found(self, table: pd.DataFrame) -> Finding | None:
        """What the rows of this table say, or None."""
        return self.looked_up(table)[0]

    def looked_up(self, table: pd.DataFrame) -> tuple[Finding | None, bool]:
        """What the rows of this table say, or None; and whether it leaves out cells that it would be about.

        It does where the answer holds there by definition, and not in all of them.
        """
        table = witnessed(table)
        own, trivial = self.only(table), self._trivial(table)
        here = rows(own, self.metric)["key"].isin(trivial)
        return self._found(table, self._rows(own, trivial)), bool(here.any() and not here.all())

    def _found(self, table: pd.DataFrame, study: pd.DataFrame) -> Finding | None:
        """What these rows of the claim's metric say, or None."""
        if not len(study) or (self.over and self.over not in study):
            return None
        free = settings_of(study) if self.apart else self.free
        chosen = typical(study, self.over, self.but, self.least, free)
        if not len(chosen):
            return None
        places = [
            Place(words, level, self._number(table, level), self.theorem(level))
            for words, level in (self._levels(chosen) if self.over else [("", chosen)])
        ]
        return Finding(self, table, study, chosen, tuple(places)) if len(places) > self.compares else None

    def _rows(self, own: pd.DataFrame, trivial: pd.Series) -> pd.DataFrame:
        """Of the rows the claim is about those of its metric, without those of trivial cells where others are."""
        kept = rows(own, self.metric)
        kept = kept if len(kept) else rows(own, self.metric + KEPT)
        kept = kept[kept["count"] >= ENOUGH]
        kept = kept[kept[self.over].notna()] if self.over in kept else kept
        open_to = kept[~kept["key"].isin(trivial)]
        return open_to if len(open_to) else kept

    def _trivial(self, table: pd.DataFrame) -> pd.Series:
        """The keys of the cells in which the answer holds by definition."""
        chances = [metric for metric, words in self.beside.items() if words.startswith("chance")]
        return table.loc[by_definition(table, chances), "key"]

    def _number(self, table: pd.DataFrame, level: pd.DataFrame) -> Number:
        number = pooled(level)
        lost = metric_rows(table, self.metric + LOST, level)
        halved = bool((level[METRIC] == self.metric + KEPT).all()) and len(lost)
        return Bracket(number, pooled(lost)) if halved else number

    def _levels(self, chosen: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
        """The levels with their words: what they are, and what else may differ between them."""
        if self.apart:
            return apart(chosen, self.over, self.but)
        others = {part for part in map(part_of, self.free) if len(levels(chosen, f"{part}:says")) > 1}
        told = []
        for words, level in levels(chosen, self.over):
            lead = self._at(level) if self.at else words
            told.append((", ".join([lead, *(named(level, part) for part in sorted(others))]), level))
        return told

    def _at(self, level: pd.DataFrame) -> str:
        """A level in the claim's own words, a share as per cent where these ask for it."""
        if "{:" in self.at:
            return self.at.format(float(level[self.over].iloc[0])).replace("%", " %")
        return self.at.format(filled(f"{{{self.over}}}", level))


def stated(table: pd.DataFrame, claims: Sequence[Claim | Remark], limits: Sequence[str] = ()) -> Verdict:
    """The verdict these claims make of a table: what they find, in their order, and what they do not show."""
    table = witnessed(table)
    looked = [
        claim.looked_up(table) if isinstance(claim, Claim) else (claim.found(table), False)
        for claim in claims
    ]
    findings = [found for found, _ in looked if found is not None]
    own = [found.limit for found in findings if found.limit]
    if any(left_out for _, left_out in looked):
        own.append(BY_DEFINITION)
    answers: dict[tuple[object, ...], Answer] = {}
    for found in findings:
        for cells, answer in found.answers.items():
            answers.setdefault(cells, answer)  # one cell answers a question once
    return Verdict(
        sentences=tuple(found.sentence for found in findings),
        answers=tuple(answers.values()),
        limits=tuple(dict.fromkeys((*own, *limits))),
        figures=tuple(found.figure for found in findings),
        cells=tuple(found.cells for found in findings),
        told=tuple(found.told for found in findings),
    )
