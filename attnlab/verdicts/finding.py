"""What a claim finds in a table: its numbers, the sentence that gives two of them, and the table of all."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from attnlab.tidy import METRIC, Unit, settings_of, unit_of
from attnlab.verdicts.answers import Answer
from attnlab.verdicts.bracket import Number, is_open
from attnlab.verdicts.pooling import KEPT, once, pooled
from attnlab.verdicts.scene import apart, condition, filled, metric_rows
from attnlab.verdicts.told import FROM_CERTAIN, Levels, Told
from attnlab.verdicts.wording import Wording, certainly, header, listed, noted, short, width

FEW = 2
"""Levels a sentence lists; of more it names two and leaves the rest to its table."""
MOST_BESIDE = 3
"""Words that stand beside a number in a sentence; of more the number is told in a table."""
ANSWERS = 4
"""Levels that answer one of the four questions; of more the two that the sentence names."""


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
        unlike = {id(place): self._unlike(top, place) if self.claim.apart else 0 for place in others}
        return (
            top,
            min(others, key=lambda place: (place.number.value, width(place.number), unlike[id(place)])),
        )

    def _unlike(self, one: Place, other: Place) -> int:
        """In how many settings two situations differ."""
        first, second = one.rows.iloc[0], other.rows.iloc[0]
        return sum(
            pd.isna(first[column]) != pd.isna(second[column])
            or (not pd.isna(first[column]) and first[column] != second[column])
            for column in settings_of(self.chosen)
        )

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
            own=() if self._alike else self._pair[1],
        )

    @functools.cached_property
    def _unit(self) -> Unit:
        return unit_of(self.study)

    @functools.cached_property
    def _tabled(self) -> bool:
        """Whether its numbers are a table: of more levels than a sentence lists, or with more beside them."""
        same = self._same
        own = {name for place in self.places for name in self._beside(place.rows) if name not in same}
        long = any(len(self.claim.beside[name].split()) > MOST_BESIDE for name in own)
        return len(self.places) > FEW or (len(self.places) == FEW and (len(own) > 1 or long))

    @functools.cached_property
    def _pair(self) -> tuple[dict[int, str], tuple[str, ...]]:
        """Of many situations: words for the two that the sentence names, by place, and what these two share."""
        if not self.claim.apart or len(self.places) <= FEW:
            return {}, ()
        rows = pd.concat([place.rows for place in self.shown])
        words = [words for words, _ in apart(rows, self.claim.over, self.claim.but)]
        shared = condition(rows, self.study, self.claim.over, self.claim.but, self._spoken, self.claim.names)
        own = tuple(word for word in shared if word not in self.condition)
        return dict(zip(map(id, self.shown), words, strict=True)), own

    def _table(self, lead: str) -> Levels:
        found = [self._beside(place.rows, bare=True) for place in self.places]
        own = [
            name for name in self.claim.beside if name not in self._same and any(name in one for one in found)
        ]
        halved = any(is_open(place.number) for place in self.places)
        share = self.claim.form == "in {}"
        of_number = self.claim.form.replace("{}", "").strip() or "value"
        unit = f"share of {self._unit}s" if share else of_number
        lead += "" if share else " …"  # the number ends the sentence
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
        return Levels(lead, (*heads, f"{self._unit}s"), tuple(lines), over, notes if any(notes) else ())

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
        if self._alike:
            return f"{filled(self.claim.says, self.chosen)} {self._alike}"
        told = [self._told(place, same, not line, tabled) for line, place in enumerate(self.shown)]
        more = len(self.places) - len(self.shown)
        between = f" ({more} more between)" if more else ""
        notes = {self._notes(place, same, tabled) for place in self.shown}
        if len(told) > 1 and len(notes) == 1 and any(notes):
            note = notes.pop()
            told = [words.removesuffix(f" ({note})") for words in told]
            between = f" (both {note}){between}"
        return f"{filled(self.claim.says, self.chosen)} {listed(told)}{between}"

    @functools.cached_property
    def _alike(self) -> str:
        """One number that all levels have, told once, as none is lowest or highest; else nothing."""
        said = {self._number(place, True) for place in self.places}
        if len(self.places) < 2 or len(said) > 1:
            return ""
        same, tabled = self._same, self._tabled
        notes = {self._notes(place, same, tabled) for place in self.places}
        if len(notes) > 1:
            return ""
        few = len(self.places) <= FEW
        levels = (
            listed([place.words for place in self.places])
            if few
            else f"in each of {len(self.places)} settings"
        )
        note = notes.pop()
        return f"{said.pop()} {levels}" + (f" ({note})" if note else "")

    def _told(self, place: Place, same: Mapping[str, str], first: bool, tabled: bool) -> str:
        """One number: `in 80.6 % [78.5, 82.5] of trials at temperature 0.3 (chance 6.25 %)`."""
        words = self._pair[0].get(id(place), place.words)
        level = f" {words}" if words else ""
        notes = self._notes(place, same, tabled)
        return f"{self._number(place, first)}{level}" + (f" ({notes})" if notes else "")

    def _number(self, place: Place, first: bool) -> str:
        number = self.claim.form.format(self.claim.printed(place.number))
        if is_open(place.number) and self.claim.form == "in {}":
            number = certainly(place.number)
        return number + (f" of {self._unit}s" if first and self.claim.form == "in {}" else "")

    def _notes(self, place: Place, same: Mapping[str, str], tabled: bool) -> str:
        """What stands in brackets after a number of the sentence."""
        beside = {name: words for name, words in self._beside(place.rows).items() if name not in same}
        if tabled:  # the table has them; but for what a theorem is about
            beside = {name: words for name, words in beside.items() if place.theorem.startswith(f"{name} ")}
        return noted(self._proved(place), beside)

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
        study = once(self.study)
        values = study["value"]
        halved = bool((study[METRIC] == self.claim.metric + KEPT).any())  # one end alone is no range
        if halved or not self.claim.spread or len(study) <= len(self.places):
            return ""
        low, high = (
            f"{100 * end:.1f}" if self.claim.unit == "percent" else f"{end:.3g}"
            for end in (values.min(), values.max())
        )
        unit = " %" if self.claim.unit == "percent" else ""
        cells = len(study)
        if low == high:
            return f"; it is {low}{unit} in each of {cells} cells"
        return f"; over all {cells} cells it ranges from {low} to {high}{unit}"

    @property
    def condition(self) -> list[str]:
        """What holds in all its rows, in words."""
        own = self.claim.over, self.claim.but, self._spoken, self.claim.names
        return condition(self.chosen, self.study, *own)

    @property
    def _spoken(self) -> list[str]:
        """The parts that the sentence names already."""
        return re.findall(r"{([a-z_.]+)}", self.claim.says)

    @property
    def trials(self) -> str:
        """How many trials each number rests on."""
        counts = [place.number.count for place in self.places]
        low, high = min(counts), max(counts)
        each = " each" if len(counts) > 1 else ""
        of = f"{self._unit}s{each}"
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
