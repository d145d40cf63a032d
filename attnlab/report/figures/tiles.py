"""A condition by question table of shares as tiles: per cent, coloured by value, brackets from end to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
from markupsafe import Markup, escape

from attnlab.intervals import Interval
from attnlab.report.figures.table import Table
from attnlab.report.page import prose
from attnlab.report.pooling import Mark, marks
from attnlab.verdicts import Number, ends_of, is_open


@dataclass(frozen=True, kw_only=True)
class Tiles(Table):
    """Levels of x down, the metrics of y across: shares of trials, one unit everywhere.

    inside: for a metric another one whose value its tile holds too, such as chance. A share between two certified
    counts is printed with both ends; its tile runs from the colour of one to the colour of the other.
    """

    inside: Mapping[str, str] = field(default_factory=dict)

    @property
    def drawn(self) -> dict[str, tuple[str, ...]]:
        """The tiles' metrics, and those inside them."""
        return {"y": self.metrics, "inside": tuple(self.inside.values())}

    def card(self, table: pd.DataFrame, prefix: str) -> str:
        """The tiles; on a narrow screen each row is a block, so every tile also names its column."""
        rows = self.kept(table)
        heads = self.heads(rows)
        beside = self._within(rows)
        lines = []
        for place, line in self.lines(rows):
            named = zip(self.metrics, heads, line, strict=True)
            cells = [self._tile(name, head, *cell, beside.get(place)) for name, head, cell in named]
            head = f'<th scope="row" role="rowheader">{prose(self.head_of(rows, place))}</th>'
            lines.append(f'<tr role="row">{head}{"".join(cells)}</tr>')
        across = "".join(f'<th scope="col" role="columnheader">{prose(name)}</th>' for name in heads)
        corner = f'<th scope="col" role="columnheader">{prose(self.corner(rows))}</th>'
        body = "\n".join(lines)
        return (
            f'<table class="tiles" role="table" aria-label="{escape(self.heading)}">'
            f'<thead role="rowgroup"><tr role="row">{corner}{across}</tr></thead>'
            f'<tbody role="rowgroup">\n{body}\n</tbody></table>'
        )

    def _within(self, rows: pd.DataFrame) -> dict[tuple[object, ...], Mark]:
        """By the line, the mark that stands inside a tile."""
        inside = [mark for name in self.inside.values() for mark in marks(rows, [name], self.by)]
        return {self.place_of(mark): mark for mark in inside}

    def _tile(self, metric: str, head: str, mark: Mark | None, instead: str, other: Mark | None) -> Markup:
        named = Markup('<span class="head" aria-hidden="true">{}</span>').format(prose(head))
        if mark is None:
            return Markup('<td role="cell">{}<span class="nothing">{}</span></td>').format(named, instead)
        value, interval = percent(mark.interval)
        ends = ends_of(mark.interval)
        kind = "tile bracket" if is_open(mark.interval) else "tile"
        style = f"--low:{100 * ends[0].value:.1f}%;--high:{100 * ends[-1].value:.1f}%"
        inner = Markup("<b>{}</b>").format(value)
        if interval:
            inner += Markup(' <span class="ci">{}</span>').format(interval)
        if metric in self.inside and other is not None:
            beside = f"{self.say(self.inside[metric])} {percent(other.interval)[0]}"
            inner += Markup(' <span class="inside">{}</span>').format(beside)
        return Markup('<td role="cell" class="{}" style="{}">{}{}</td>').format(kind, style, named, inner)

    def markdown(self, table: pd.DataFrame) -> str:
        """The table in Markdown, in per cent."""
        rows = self.kept(table)
        beside = self._within(rows)
        heads = [self.corner(rows), *self.heads(rows)]
        lines = [heads, ["---"] * len(heads)]
        for place, found in self.lines(rows):
            line = [self.head_of(rows, place)]
            for metric, (mark, instead) in zip(self.metrics, found, strict=True):
                cell = instead if mark is None else " ".join(filter(None, percent(mark.interval)))
                if mark is not None and metric in self.inside and place in beside:
                    cell += f" ({self.say(self.inside[metric])} {percent(beside[place].interval)[0]})"
                line.append(cell)
            lines.append(line)
        return self.written(lines)

    def bars(self) -> str:
        """Shares of trials, in per cent."""
        return "Per cent of trials; in brackets:"


def percent(number: Number) -> tuple[str, str]:
    """A share in per cent and, apart, what its interval allows: `12.0 to 85.0 %`, `[9.0, 88.6]`."""
    ends = ends_of(number)
    value = " to ".join(f"{100 * end.value:.1f}" for end in ends) + "\N{NO-BREAK SPACE}%"
    if isinstance(number, Interval):
        return value, number.allowed
    silent = [end.allowed for end in ends if isinstance(end, Interval) and (end.empty or not end.known)]
    if silent:
        return value, silent[0]
    known = number.low < number.high
    return value, f"[{100 * number.low:.1f}, {100 * number.high:.1f}]" if known else ""
