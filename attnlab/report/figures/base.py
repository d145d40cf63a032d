"""The contract of every kind of figure."""

from __future__ import annotations

import abc
import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd

from attnlab.report.figures.captions import absent, either, everywhere, intervals_of, many, said, with_value
from attnlab.report.pooling import (
    Mark,
    NotDrawable,
    chosen,
    derive,
    holding,
    holds,
    levels,
    marks,
    of_rows,
    pooled_over,
    preferred,
)
from attnlab.report.words import counted, label, leaf, listed, number, setting, spoken
from attnlab.tidy import METRIC
from attnlab.verdicts.scene import common
from attnlab.verdicts.settings import named_level, valued
from attnlab.verdicts.situation import distinct, in_role


@dataclass(frozen=True)
class Rendering:
    """A figure on paper: a fragment of HTML, its Markdown twin, its caption, its own files by name."""

    html: str
    markdown: str
    caption: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Figure(abc.ABC):
    """One figure of a study, drawn from the tidy table alone.

    name: its file's name. x: a setting, or `a/b`, `a-b` of two numeric settings, or `metric`. y: a metric or
    several (then one of x, hue, col, row is `metric`). hue, col, row: settings that tell series and panels
    apart. reference: metrics of the same table drawn as dotted curves (chance, an exact law). where: settings
    to keep. prefer: the same, but where no cell has such a level, that of most cells takes its place, so that a
    study's own figure shows a grid narrowed on the command line as well. silent: for a level the parts and
    settings that play no role beside it; cells that differ in these alone count once, and none is drawn over
    one. order: levels to show first, by column. labels: words for columns. note: one more sentence for the
    caption. plain: by a setting or a reference, the title where it has one level only, or no value. opening:
    True if the index page shows this figure above all studies.

    Law: the same table gives the same bytes; a NaN is never drawn as a number; the caption tells the trial
    counts, what the bars are and what was pooled.
    """

    name: str
    x: str
    y: str | Sequence[str]
    title: str = ""
    hue: str | None = None
    col: str | None = None
    row: str | None = None
    reference: Sequence[str] = ()
    where: Mapping[str, object] = field(default_factory=dict)
    prefer: Mapping[str, object] = field(default_factory=dict)
    silent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    order: Mapping[str, Sequence[object]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    plain: Mapping[str, str] = field(default_factory=dict)
    opening: bool = False

    @abc.abstractmethod
    def render(self, table: pd.DataFrame, folder: str, prefix: str) -> Rendering:
        """The figure for both pages. folder: where its files will lie; ids start with `prefix`.

        Raises NotDrawable.
        """

    @abc.abstractmethod
    def card(self, table: pd.DataFrame, prefix: str) -> str:
        """The figure small, as HTML for the index page. Raises NotDrawable."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics on the y axis."""
        return (self.y,) if isinstance(self.y, str) else tuple(self.y)

    @property
    def drawn(self) -> dict[str, tuple[str, ...]]:
        """Every metric that is drawn, by the key that names it."""
        return {"y": self.metrics, "reference": tuple(self.reference)}

    @property
    def heaped(self) -> bool:
        """Whether several metrics would be drawn in one place, as nothing tells them apart."""
        return len(self.metrics) > 1 and METRIC not in self.by

    def unspaced(self, rows: pd.DataFrame) -> Self:
        """The figure without what only spaces its axes: what hides a mark, or tells two apart, stays."""
        return self

    @property
    def heading(self) -> str:
        """The title, or one made of the axes."""
        words = f"{listed([self.say(metric) for metric in self.metrics])} by "
        words += listed([self.say(column) for column in (self.x, *self.also_by())])
        return self.title or words[:1].upper() + words[1:]

    @property
    def by(self) -> list[str]:
        """The columns that place a mark: x, then hue, col and row where given."""
        return [column for column in (self.x, *self.also_by(), self.hue, self.col, self.row) if column]

    def also_by(self) -> tuple[str, ...]:
        """Further columns a kind places its marks by."""
        return ()

    def drawn_over(self) -> list[str]:
        """The settings without which a mark has no place: those of x, and of what it is divided by."""
        columns = (self.x, *self.also_by())
        return [part.strip() for column in columns for part in re.split("[/-]", column) if part != METRIC]

    def say(self, column: str) -> str:
        """The words for a setting or metric."""
        return self.labels.get(column, label(column))

    def axis(self, metrics: Sequence[str], drawn: Sequence[Mark]) -> str:
        """What an axis of values is called; several metrics in one place are told apart by their series."""
        if METRIC in (self.row, self.col):
            return ""  # the panel's title says it
        if len(metrics) == 1:
            return self.say(metrics[0])
        return f"share of {drawn[0].unit}s" if {mark.kind for mark in drawn} == {"rate"} else ""

    def word(self, column: str, value: object) -> str:
        """The words for one level of a column."""
        return self.labels.get(setting(value), named_level(column, value) or spoken(value))

    def title_of(self, column: str | None, value: object) -> str:
        """A level as a panel or a series is called: `d = 8` for a number, the plain word for a name."""
        if column is None:
            return ""
        word = self.word(column, value)
        if column == METRIC:
            return self.say(str(value))
        if isinstance(value, int | float) and setting(value) not in self.labels:
            return f"{self.labels[column]} = {word}" if column in self.labels else valued(column, value)
        return word

    def tells(self, mark: Mark) -> str:
        """What a mark says when a pointer rests on it: where it stands, its value and interval, its trials."""
        where = [
            self.title_of(column, value) if column != self.x or column == METRIC else self._at(value)
            for column, value in zip(self.by, mark.place, strict=True)
            if value is not None and not (column == METRIC and mark.metric in self.reference)
        ]
        number = mark.interval.percent if mark.kind == "rate" else str(mark.interval)
        return f"{', '.join(where)}: {number}; {counted(mark.interval.count, mark.unit)}"

    def _at(self, value: object) -> str:
        """A level of x with its name, if it is a number."""
        word = self.word(self.x, value)
        return f"{self.say(self.x)}: {word}" if isinstance(value, int | float) else word

    def fitted(self, table: pd.DataFrame) -> Self:
        """The figure for this table: parts by what they say, no series, panels, words of the title it lacks."""
        words = said(table, [*self.by, *self.where, *self.prefer])
        lacking: dict[str, Any] = {"labels": {**words, **self.labels}} if words else {}
        for role in ("hue", "col", "row"):
            try:
                derive(table, getattr(self, role) or METRIC)
            except NotDrawable:
                lacking[role] = None
        found = dataclasses.replace(self, **lacking) if lacking else self
        return dataclasses.replace(found, title=found._titled(table)) if found.plain else found

    def _titled(self, table: pd.DataFrame) -> str:
        """The title, or the plain one for what this table lacks; below it stands why nothing is drawn, if so."""
        try:
            rows = self.kept(table)
        except NotDrawable:
            return self.title
        measured = rows[holding(rows, self.metrics) & rows["value"].notna()]
        several = {name for name in self.plain if name in measured and measured[name].nunique() > 1}
        told = several.union(self.references_in(rows))
        return next((title for name, title in self.plain.items() if name not in told), self.title)

    @of_rows
    def kept(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows this figure is about, with derived columns. Raises NotDrawable."""
        rows, _ = self._about(table)
        for column in self.by:
            if column != METRIC:
                rows = derive(rows, column)
        if not holds(rows, self.metrics):
            raise NotDrawable(f"the table has no value of {listed(list(map(self.say, self.metrics)))} here")
        return rows

    def _about(self, table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, list[object]]]:
        """The rows with the settings that are to be kept, and those settings. Raises NotDrawable."""
        rows, asked = chosen(in_role(table, self.silent, self.drawn_over()), self.where)
        rows, found = preferred(rows, self.prefer, self.metrics, self.drawn_over())
        return distinct(rows, self.silent), {**asked, **found}

    @of_rows
    def marks(self, rows: pd.DataFrame) -> list[Mark]:
        """The figure's marks. Raises NotDrawable if every cell is missing."""
        found = marks(rows, self.metrics, self.by)
        if not found:
            waits = not rows["status"].isin(("done", "skipped")).all()
            raise NotDrawable(
                f"no cell {'has' if waits else 'here has'} a value of {listed(list(map(self.say, self.metrics)))}"
                f"{' yet' if waits else ''}"
            )
        return found

    def levels(self, rows: pd.DataFrame, column: str | None) -> list[object]:
        """The levels of a column in the order they are shown; [None] for no column."""
        if column is None:
            return [None]
        if column == METRIC:
            return list(self.metrics)
        return levels(rows[column], self.order.get(column, ()))

    def caption(self, table: pd.DataFrame) -> str:
        """Counts, what the bars are, what was pooled, what is missing: the sentences under the figure."""
        rows = self.kept(table)
        found = self.marks(rows)
        shown = with_value(rows, self.metrics)
        sentences = [
            f"{self.bars()} {intervals_of(found)}; {many(found)}, {counted(shown['key'].nunique(), 'cell')}."
        ]
        sentences += self.about_references(rows)
        _, asked = self._about(table)
        used = {column: options for column, options in asked.items() if column not in self.by}
        if used:
            sentences.append(f"Only {listed([self.condition(*item) for item in used.items()])}.")
        pooled = pooled_over(shown, self.by)
        if pooled:
            sentences.append(f"Averaged over {listed([self.say(column) for column in pooled])}.")
        words = {metric: self.say(metric) for metric in self.metrics}
        sentences += [*everywhere(found, words), *absent(rows, words)]
        return " ".join([self.note, *sentences] if self.note else sentences)

    def condition(self, column: str, options: Sequence[object]) -> str:
        """What a setting is here, as a caption says it: `d = 8 or 16`, `temperature 0.3`, `no mask`."""
        words = [self.word(column, option) for option in options]
        if all(isinstance(option, int | float) for option in options):
            first = self.title_of(column, options[0])
            return (
                " or ".join([first, *words[1:]])
                if first.endswith(words[0])
                else either([self.title_of(column, option) for option in options])
            )
        named = any(word != spoken(option) for word, option in zip(words, options, strict=True))
        return either(words) if named else f"{spoken(leaf(column))}: {either(words)}"

    def bars(self) -> str:
        """How this kind shows an interval, as the beginning of a sentence."""
        return "Bars:"

    def about_references(self, rows: pd.DataFrame) -> list[str]:
        """What the reference curves are."""
        drawn = self.references_in(rows)
        return [f"Without bars: {listed([self.say(metric) for metric in drawn])}."] if drawn else []

    def references_in(self, rows: pd.DataFrame) -> list[str]:
        """The references that are drawn: those with a value, unless each metric has a panel of its own."""
        if METRIC in (self.row, self.col):
            return []
        measured = rows[rows["value"].notna()]
        return [metric for metric in self.reference if holds(measured, [metric])]

    def alt(self, table: pd.DataFrame) -> str:
        """The figure in words, for those who do not see it: each series with its range."""
        rows = self.kept(table)
        found = self.marks(rows)
        shown = listed([self.say(metric) for metric in self.metrics])
        against = "side by side" if self.x == METRIC else f"against {common(self.say(self.x), rows)}"
        parts = [f"{shown} {against}."]
        hue = self.by.index(self.hue) if self.hue else None
        for level in self.levels(rows, self.hue):
            series = [mark.interval.value for mark in found if hue is None or mark.place[hue] == level]
            if series:
                name = self.title_of(self.hue, level) or "all values"
                low, high = number(min(series)), number(max(series))
                parts.append(f"{name}: {low}." if low == high else f"{name}: {low} to {high}.")
        return " ".join(parts)
