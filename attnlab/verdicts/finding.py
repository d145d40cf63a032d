"""What a claim finds in a table: its numbers, the sentence that gives two of them, and the table of all."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from attnlab.tidy import unit_of
from attnlab.verdicts.answers import Answer, Question, Way
from attnlab.verdicts.bracket import Bracket, Number
from attnlab.verdicts.pooling import pooled
from attnlab.verdicts.scene import Choice, condition, filled, metric_rows
from attnlab.verdicts.told import FROM_CERTAIN, Levels, Told
from attnlab.verdicts.wording import certainly, header, listed, noted, short, width

FEW = 2
"""Levels a sentence lists; of more it names two and leaves the rest to its table."""
ANSWERS = 4
"""Levels that answer one of the four questions; of more the two that the sentence names."""


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What a claim is about, and its words.

    metric: whose number it is, or the stem of a pair `_kept`, `_lost`. says: the sentence up to the number.
    form: the number in it, {} in per cent or, of a unit, plain. over: the setting whose levels are compared.
    only: which rows of the table it is about, by facts and sizes, never by names. but: settings the metric does
    not depend on. beside: words for other metrics of the same cells, with {} for the value in the claim's unit,
    {!s} for it as a plain number. compares: it says nothing unless there are two levels to compare. theorem: what
    makes the number no measurement, in words, where the rows say so. tail: a further remark on its rows.
    spread: whether to tell the range over all cells. least: settings of which a smaller value is the better
    example, where the rows leave a choice. free: settings that may differ between the levels. at: how a level is
    told, with {} for its value, where its own words will not do. apart: whether the levels are whole situations,
    that differ in anything and are told by what they differ in. names: settings that the condition names even
    where all rows have one value of them. figure: where the number is drawn. question,
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
    names: Sequence[str] = ()
    figure: str = ""
    question: Question | None = None
    counts: str = ""
    way: Way = "kept"
    limit: str = ""

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

    claim: Wording
    table: pd.DataFrame
    study: pd.DataFrame
    chosen: pd.DataFrame
    places: tuple[Place, ...]

    @property
    def shown(self) -> tuple[Place, ...]:
        """The places a sentence names: all of a few; of many numbers both ends, of many names both extremes."""
        return self._some(FEW)

    def _some(self, most: int) -> tuple[Place, ...]:
        """All places up to that many, else two. Of places with the same number, the one that is known best."""
        if len(self.places) <= most:
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
        return self.told.sentence()

    @property
    def told(self) -> Told:
        """The sentence in its pieces, and the numbers of all levels."""
        words = f"{self._numbers}{self._spread()}"
        lead = filled(self.claim.says, self.chosen).rstrip(",")
        return Told(
            words=words[:1].upper() + words[1:],
            condition=tuple(self.condition),
            trials=self.trials,
            beside=tuple(self._same.values()),
            tail=self.claim.tail(self.chosen),
            levels=self._table(lead[:1].upper() + lead[1:]) if self._tabled else None,
        )

    @property
    def clause(self) -> str:
        """Numbers with their intervals, then in brackets the condition, the trials and what stands beside."""
        words = f"{self._numbers} ({self.told.facts()})"
        return words[:1].lower() + words[1:]

    @property
    def _tabled(self) -> bool:
        """Whether its numbers are a table: of more levels than a sentence lists, or with more beside them."""
        same = self._same
        own = {name for place in self.places for name in self._beside(place.rows) if name not in same}
        return len(self.places) > FEW or (len(self.places) == FEW and len(own) > 1)

    def _table(self, lead: str) -> Levels:
        found = [self._beside(place.rows, bare=True) for place in self.places]
        own = [
            name for name in self.claim.beside if name not in self._same and any(name in one for one in found)
        ]
        halved = any(isinstance(place.number, Bracket) for place in self.places)
        unit = f"share of {unit_of(self.study)}s" if self.claim.form == "in {}" else "value"
        heads = ["setting", unit + FROM_CERTAIN if halved else unit]
        heads += [header(filled(self.claim.beside[name], self.chosen)) for name in own]
        notes = tuple(map(self._proved, self.places))
        lines = [
            (
                re.sub("^(at|for|in) ", "", place.words),
                self.claim.printed(place.number),
                *(beside.get(name, "") for name in own),
                f"{place.number.count:,}",
            )
            for place, beside in zip(self.places, found, strict=True)
        ]
        over = "" if self.claim.apart else self.claim.over
        return Levels(
            lead, (*heads, f"{unit_of(self.study)}s"), tuple(lines), over, notes if any(notes) else ()
        )

    @functools.cached_property
    def _same(self) -> dict[str, str]:
        """What stands beside all of its numbers alike."""
        found = [self._beside(place.rows) for place in self.places]
        return {
            metric: words
            for metric, words in self._beside(self.chosen).items()
            if all(beside.get(metric) == words for beside in found)
        }

    @property
    def _numbers(self) -> str:
        same, tabled = self._same, self._tabled
        lead, more = filled(self.claim.says, self.chosen), len(self.places) - len(self.shown)
        bare = {self._told(dataclasses.replace(place, words=""), same, True, tabled) for place in self.places}
        if more and len(bare) == 1:  # no lowest, no highest
            return f"{lead} {bare.pop()} in each of {len(self.places)} settings"
        told = [self._told(place, same, not line, tabled) for line, place in enumerate(self.shown)]
        between = f" ({more} more between)" if more else ""
        return f"{lead} {listed(told)}{between}"

    def _told(self, place: Place, same: Mapping[str, str], first: bool, tabled: bool) -> str:
        """One number: `in 80.6 % [78.5, 82.5] of trials at temperature 0.3 (chance 6.25 %)`."""
        number = self.claim.form.format(self.claim.printed(place.number))
        if isinstance(place.number, Bracket) and self.claim.form == "in {}":
            number = certainly(place.number)
        unit = f" of {unit_of(self.study)}s" if first and self.claim.form == "in {}" else ""
        level = f" {place.words}" if place.words else ""
        beside = {name: words for name, words in self._beside(place.rows).items() if name not in same}
        if tabled:  # the table has them; but for what a theorem is about
            beside = {name: words for name, words in beside.items() if place.theorem.startswith(f"{name} ")}
        notes = noted(self._proved(place), beside)
        return f"{number}{unit}{level}" + (f" ({notes})" if notes else "")

    def _proved(self, place: Place) -> str:
        """The theorem as it stands beside the number, which may count what was found of all that exist."""
        found_less = self.claim.way == "lost" and place.number.value < 1
        return (
            re.sub("^always, ", "they exist in every trial, ", place.theorem) if found_less else place.theorem
        )

    def _beside(self, level: pd.DataFrame, bare: bool = False) -> dict[str, str]:
        """Words for other metrics of the same cells; bare: their numbers alone."""
        told = {}
        for metric, words in self.claim.beside.items():
            found = metric_rows(self.table, metric, level).drop_duplicates(["value", "low", "high"])
            if len(found) == 1:
                unit = "plain" if "{!s}" in words else self.claim.unit
                number = pooled(found)
                alike = bool((found["kind"] == "mean").all()) and number.value in (0.0, 1.0)  # at a bound
                words = "{}" if bare else filled(words, level)
                told[metric] = words.format(short(number, unit, alike and unit == "percent"))
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
        cells = len(self.study)
        if low == high:
            return f"; it is {low}{unit} in each of {cells} cells"
        return f"; over all {cells} cells it ranges from {low} to {high}{unit}"

    @property
    def condition(self) -> list[str]:
        """What holds in all its rows, in words."""
        spoken = re.findall(r"{([a-z_.]+)}", self.claim.says)
        return condition(self.chosen, self.study, self.claim.over, self.claim.but, spoken, self.claim.names)

    @property
    def trials(self) -> str:
        """How many trials each number rests on."""
        counts = [place.number.count for place in self.places]
        low, high = min(counts), max(counts)
        each = " each" if len(counts) > 1 else ""
        of = f"{unit_of(self.study)}s{each}"
        return f"{low:,} {of}" if low == high else f"{low:,} to {high:,} {of}"

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
                unit_of(place.rows),
            )
            for place in self._some(ANSWERS)
        }
