"""A condition by column table of numbers with intervals, as text that can be read, copied and searched."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from markupsafe import escape

from attnlab.report.figures.base import Figure, Rendering
from attnlab.report.interval_bar import interval_bar
from attnlab.report.page import markdown_prose, measure, prose
from attnlab.report.pooling import Mark, at_level, of_rows
from attnlab.report.words import NO_VALUE, measured, plain
from attnlab.tidy import METRIC
from attnlab.verdicts.scene import common
from attnlab.verdicts.situation import SITUATION, distinct, situations


@dataclass(frozen=True, kw_only=True)
class Table(Figure):
    """Levels of x down, those of hue and row within them; across either the metrics of y or the levels of col.

    Where x is the situation, a row is a cell, told by what is not usual in it (`situations`); silent: for a level
    the parts that play no role beside it and go unsaid; framed: words around those of a part that only some of
    the columns meet, with {}.
    """

    framed: Mapping[str, str] = field(default_factory=dict)

    @property
    def heaped(self) -> bool:
        """Metrics stand beside one another unless the levels of col do."""
        return self.col is not None and super().heaped

    def render(self, table: pd.DataFrame, folder: str, prefix: str) -> Rendering:
        """A table in HTML and in Markdown; no files."""
        return Rendering(self.card(table, prefix), self.markdown(table), self.caption(table), {})

    def card(self, table: pd.DataFrame, prefix: str) -> str:
        """The same table: it is small enough."""
        rows = self.kept(table)
        heads = "".join(f'<th scope="col">{prose(name)}</th>' for name in self.heads(rows))
        lines = []
        for place, line in self.lines(rows):
            cells = []
            for mark, instead in line:
                if mark is None:
                    cells.append(f'<td><span class="nothing">{escape(instead)}</span></td>')
                else:
                    words = measure(measured(mark.interval))
                    cells.append(f'<td class="number">{words}{interval_bar(mark.interval)}</td>')
            name = prose(self.head_of(rows, place))
            lines.append(f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>')
        corner = prose(self.corner(rows))
        head = f'<thead><tr><th scope="col">{corner}</th>{heads}</tr></thead>'
        body = "\n".join(lines)
        whole = f'<table class="grid">{head}<tbody>\n{body}\n</tbody></table>'
        return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(self.heading)}">{whole}</div>'

    def markdown(self, table: pd.DataFrame) -> str:
        """The table in Markdown."""
        rows = self.kept(table)
        heads = [self.corner(rows), *self.heads(rows)]
        lines = [heads, ["---"] * len(heads)]
        for place, line in self.lines(rows):
            cells = [instead if mark is None else measured(mark.interval) for mark, instead in line]
            lines.append([self.head_of(rows, place), *cells])
        return self.written(lines)

    def written(self, lines: list[list[str]]) -> str:
        """Lines of cells as a table in Markdown."""
        return "\n".join(
            "| " + " | ".join(cell if cell == "---" else markdown_prose(cell) for cell in line) + " |"
            for line in lines
        )

    @of_rows
    def kept(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows this table is about; situations in their own order. Raises NotDrawable."""
        if self.x != SITUATION:
            return super().kept(table)
        table = distinct(table, self.silent)
        told = situations(table, self.silent, self.labels, self.framed)
        place = table["key"].map({key: place for place, key in enumerate(told)})
        table = table.assign(**{SITUATION: table["key"].map(told)})
        return super().kept(table.iloc[place.argsort(kind="stable")])

    def levels(self, rows: pd.DataFrame, column: str | None) -> list[object]:
        """The levels of a column in the order they are shown; [None] for no column."""
        return list(rows[SITUATION].unique()) if column == SITUATION else super().levels(rows, column)

    @property
    def down(self) -> list[str]:
        """The columns whose levels stand one below another: x, and within it those of hue and row."""
        return [self.x, *(column for column in (self.hue, self.row) if column and column != METRIC)]

    def places(self, rows: pd.DataFrame) -> list[tuple[object, ...]]:
        """The levels of each line, in the order they are shown: those that some cell has together."""
        every = itertools.product(*(self.levels(rows, column) for column in self.down))
        if len(self.down) == 1:
            return list(every)
        there = {
            tuple(map(plain, levels))
            for levels in zip(*(rows[column].tolist() for column in self.down), strict=True)
        }
        return [place for place in every if place in there]

    def place_of(self, mark: Mark) -> tuple[object, ...]:
        """The line in which a mark stands."""
        return tuple(mark.place[self.by.index(column)] for column in self.down)

    def at(self, rows: pd.DataFrame, place: Sequence[object]) -> pd.DataFrame:
        """The rows of a line."""
        for column, level in zip(self.down, place, strict=True):
            rows = rows if column == METRIC else at_level(rows, column, level)
        return rows

    def corner(self, rows: pd.DataFrame) -> str:
        """The words above the rows' own: what is usual in the cells."""
        return common(self.say(self.x), rows.drop_duplicates("key"))

    def head_of(self, rows: pd.DataFrame, place: Sequence[object]) -> str:
        """The words before a line; a label may hold settings, `{inputs.n}`, told as they are in its cells."""
        first, *others = place
        own = self.x == SITUATION
        words = str(first) if own else self.word(self.x, first)
        words = words if own or "{" not in words else common(words, self.at(rows, place))
        more = [self.title_of(column, level) for column, level in zip(self.down[1:], others, strict=True)]
        return ", ".join([words, *more])

    def bars(self) -> str:
        """Numbers in brackets."""
        return "In brackets:"

    def heads(self, rows: pd.DataFrame) -> list[str]:
        """The words above the columns."""
        if self.col is None:
            return [self.say(metric) for metric in self.metrics]
        return [
            self.say(str(level)) if self.col == METRIC else self.word(self.col, level)
            for level in self.levels(rows, self.col)
        ]

    def lines(self, rows: pd.DataFrame) -> list[tuple[tuple[object, ...], list[tuple[Mark | None, str]]]]:
        """Each line's levels and its marks; where there is none, the status of the cells instead."""
        across = self.metrics if self.col is None else self.levels(rows, self.col)
        at = self.by.index(self.col) if self.col else None
        found: dict[tuple[tuple[object, ...], object], Mark] = {}
        for mark in self.marks(rows):
            found.setdefault((self.place_of(mark), mark.metric if at is None else mark.place[at]), mark)
        columns = [column for column in [*self.down, *([self.col] if self.col else [])] if column != METRIC]
        away: dict[tuple[object, ...], set[str]] = {}
        for *levels, status in rows[[*columns, "status"]].drop_duplicates().itertuples(index=False):
            away.setdefault(tuple(map(plain, levels)), set()).add(str(status))
        lines = []
        for place in self.places(rows):
            line: list[tuple[Mark | None, str]] = []
            for head in across:
                named = [*zip(self.down, place, strict=True), (self.col, head)]
                key = tuple(level for column, level in named if column in columns)
                instead = ", ".join(sorted(away.get(key, set()) - {"done"})) or NO_VALUE
                line.append((found.get((place, head)), instead))
            lines.append((place, line))
        return lines
