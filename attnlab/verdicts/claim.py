"""A claim: what is measured, for which rows, over what it is compared, against which reference, in which figure.

Its sentence names the number, its interval and trials, and the condition it holds at; all its words for parts and
settings come from the rows, so it holds for any level of them. A claim speaks of single cells: at one condition,
or at one condition for each level of what it compares. What it says of a whole grid is a range.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from attnlab.tidy import METRIC, settings_of
from attnlab.verdicts.answers import Answer, Question, Verdict, Way
from attnlab.verdicts.bracket import Bracket, Number
from attnlab.verdicts.facts import witnessed
from attnlab.verdicts.pooling import KEPT, LOST, pooled, rows
from attnlab.verdicts.remark import Remark
from attnlab.verdicts.scene import (
    Choice,
    apart,
    condition,
    filled,
    levels,
    metric_rows,
    named,
    part_of,
    typical,
)
from attnlab.verdicts.wording import certainly, listed, noted, short, width

ENOUGH = 10
"""Trials from which a number is worth a sentence."""
FEW = 4
"""Levels a sentence lists; of more it names two and leaves the rest to the figure."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One thing a study may find; where the rows do not hold it, it says nothing.

    metric: whose number it is, or the stem of a pair `_kept`, `_lost`. says: the sentence up to the number.
    form: the number in it, {} in per cent or, of a unit, plain. over: the setting whose levels are compared.
    only: which rows of the table it is about, by facts and sizes, never by names. but: settings the metric does
    not depend on. beside: words for other metrics of the same cells, with {} for the value in the claim's unit,
    {!s} for it as a plain number. compares: it says nothing unless there are two levels to compare. theorem: what
    makes the number no measurement, in words, where the rows say so. tail: a further remark on its rows.
    spread: whether to tell the range over all cells. least: settings of which a smaller value is the better
    example, where the rows leave a choice. free: settings that may differ between the levels. at: how a level is
    told, with {} for its value, where its own words will not do. apart: whether the levels are whole situations,
    that differ in anything and are told by what they differ in. figure: where the number is drawn. question,
    counts, way: the answer it gives to one of the four questions. limit: what it does not show.
    """

    metric: str
    says: str
    form: str = "in {}"
    unit: Literal["percent", "plain"] = "percent"
    over: str = ""
    compares: bool = False
    only: Choice = field(default=lambda table: table)
    but: Sequence[str] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    theorem: Callable[[pd.DataFrame], str] = field(default=lambda rows: "")
    tail: Callable[[pd.DataFrame], str] = field(default=lambda rows: "")
    spread: bool = False
    least: Sequence[str] = ()
    free: Sequence[str] = ()
    at: str = ""
    apart: bool = False
    figure: str = ""
    question: Question | None = None
    counts: str = ""
    way: Way = "kept"
    limit: str = ""

    def found(self, table: pd.DataFrame) -> Finding | None:
        """What the rows of this table say, or None."""
        table = witnessed(table)
        study = self._rows(table)
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

    def _rows(self, table: pd.DataFrame) -> pd.DataFrame:
        own = self.only(table)
        kept = rows(own, self.metric)
        kept = kept if len(kept) else rows(own, self.metric + KEPT)
        kept = kept[kept["count"] >= ENOUGH]
        return kept[kept[self.over].notna()] if self.over in kept else kept

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
            lead = self.at.format(filled(f"{{{self.over}}}", level)) if self.at else words
            told.append((", ".join([lead, *(named(level, part) for part in sorted(others))]), level))
        return told

    def printed(self, number: Number) -> str:
        """The number as the sentence prints it."""
        return number.percent if self.unit == "percent" else str(number)


@dataclass(frozen=True)
class Place:
    """One number of a finding: its level in words, its rows, and the theorem that says it, if one does."""

    words: str
    rows: pd.DataFrame
    number: Number
    theorem: str


@dataclass(frozen=True)
class Finding:
    """A claim that the rows hold: the sentence, the answers, the limit and the figure come from here.

    study: all rows of the metric it might speak of; chosen: those it does.
    """

    claim: Claim
    table: pd.DataFrame
    study: pd.DataFrame
    chosen: pd.DataFrame
    places: tuple[Place, ...]

    @property
    def shown(self) -> tuple[Place, ...]:
        """The places a sentence names: all of a few; of many numbers both ends, of many names both extremes.

        Of places with the same number, the one that is known best.
        """
        if len(self.places) <= FEW:
            return self.places
        numeric = pd.api.types.is_numeric_dtype(self.chosen[self.claim.over])
        if numeric:
            return (self.places[0], self.places[-1])
        top = min(self.places, key=lambda place: (-place.number.value, width(place.number)))
        others = [place for place in self.places if place is not top]
        return (top, min(others, key=lambda place: (place.number.value, width(place.number))))

    @property
    def figure(self) -> str:
        """The figure that shows its numbers."""
        return self.claim.figure

    @property
    def cells(self) -> tuple[str, ...]:
        """The keys of the cells whose numbers the sentence gives."""
        return tuple(dict.fromkeys(key for place in self.shown for key in place.rows["key"]))

    @property
    def limit(self) -> str:
        """What it does not show."""
        return self.claim.limit

    @property
    def sentence(self) -> str:
        """The clause as a sentence, with the range over all cells and the claim's further remark."""
        words = f"{self._numbers}{self._spread()} ({self._facts}).{self._tail()}"
        return words[:1].upper() + words[1:]

    @property
    def clause(self) -> str:
        """Numbers with their intervals, then in brackets the condition, the trials and what stands beside."""
        words = f"{self._numbers} ({self._facts})"
        return words[:1].lower() + words[1:]

    @property
    def _same(self) -> dict[str, str]:
        """What stands beside all of its numbers alike."""
        return {
            metric: words
            for metric, words in self._beside(self.chosen).items()
            if all(self._beside(place.rows).get(metric) == words for place in self.places)
        }

    @property
    def _numbers(self) -> str:
        same = self._same
        told = [self._told(place, same, not line) for line, place in enumerate(self.shown)]
        more = len(self.places) - len(self.shown)
        between = f" ({more} more between)" if more else ""
        return f"{filled(self.claim.says, self.chosen)} {listed(told)}{between}"

    @property
    def _facts(self) -> str:
        return "; ".join(filter(None, [", ".join(self.condition), self.trials, *self._same.values()]))

    def _told(self, place: Place, same: Mapping[str, str], first: bool) -> str:
        """One number: `in 80.6 % [78.5, 82.5] of trials at temperature 0.3 (chance 6.25 %)`."""
        number = self.claim.form.format(self.claim.printed(place.number))
        if isinstance(place.number, Bracket) and self.claim.form == "in {}":
            number = certainly(place.number)
        unit = " of trials" if first and self.claim.form == "in {}" else ""
        level = f" {place.words}" if place.words else ""
        beside = self._beside(place.rows)
        notes = noted(place.theorem, {name: words for name, words in beside.items() if name not in same})
        return f"{number}{unit}{level}" + (f" ({notes})" if notes else "")

    def _beside(self, level: pd.DataFrame) -> dict[str, str]:
        told = {}
        for metric, words in self.claim.beside.items():
            found = metric_rows(self.table, metric, level).drop_duplicates(["value", "low", "high"])
            if len(found) == 1:
                unit = "plain" if "{!s}" in words else self.claim.unit
                number = pooled(found)
                alike = bool((found["kind"] == "mean").all()) and number.value in (0.0, 1.0)  # at a bound
                told[metric] = filled(words, level).format(short(number, unit, alike and unit == "percent"))
        return told

    def _spread(self) -> str:
        values = self.study["value"]
        halved = any(isinstance(place.number, Bracket) for place in self.places)
        if halved or not self.claim.spread or len(self.study) <= len(self.places):
            return ""
        low, high = (
            f"{100 * end:.1f}" if self.claim.unit == "percent" else f"{end:.3g}"
            for end in (values.min(), values.max())
        )
        unit = " %" if self.claim.unit == "percent" else ""
        return f"; over all {len(self.study)} cells it ranges from {low} to {high}{unit}"

    def _tail(self) -> str:
        told = self.claim.tail(self.chosen)
        return f" {told}" if told else ""

    @property
    def condition(self) -> list[str]:
        """What holds in all its rows, in words."""
        spoken = re.findall(r"{([a-z_.]+)}", self.claim.says)
        return condition(self.chosen, self.study, self.claim.over, self.claim.but, spoken)

    @property
    def trials(self) -> str:
        """How many trials each number rests on."""
        counts = [place.number.count for place in self.places]
        low, high = min(counts), max(counts)
        each = " each" if len(counts) > 1 else ""
        return f"{low:,} trials{each}" if low == high else f"{low:,} to {high:,} trials{each}"

    @property
    def answers(self) -> dict[tuple[object, ...], Answer]:
        """Its numbers as answers to one of the four questions, by the cells they come from."""
        if self.claim.question is None:
            return {}
        common = ", ".join(self.condition)
        return {
            (self.claim.metric, *place.rows["key"]): Answer(
                self.claim.question,
                ", ".join(filter(None, (place.words, common))),
                filled(self.claim.counts or self.claim.says, place.rows),
                place.number,
                self.claim.way,
                place.theorem,
            )
            for place in self.shown
        }


def stated(table: pd.DataFrame, claims: Sequence[Claim | Remark], limits: Sequence[str] = ()) -> Verdict:
    """The verdict these claims make of a table: what they find, in their order, and what they do not show."""
    table = witnessed(table)
    findings = [found for found in (claim.found(table) for claim in claims) if found is not None]
    own = [found.limit for found in findings if found.limit]
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
    )
