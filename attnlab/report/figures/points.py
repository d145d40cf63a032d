"""Named things side by side: a dot and its interval on a row of its own, references as grey signs."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypedDict

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlab.report.figures.canvas import CARD, GRID, MUTED, PAPER, WIDE, Layout, Look, tell
from attnlab.report.figures.over import Over
from attnlab.report.figures.picture import BAND, Panel, Picture, legend_of_series
from attnlab.report.figures.ticks import in_a_decade, value_scale
from attnlab.report.pooling import Mark, holding
from attnlab.report.words import setting
from attnlab.tidy import METRIC
from attnlab.verdicts import ends_of, is_open

ROOM = 160.0
"""What two panels side by side need at least, in points."""
NAME = 13.0
"""The height of a row's name above it, in points."""
MOST_BESIDE = 0.42
"""The share of the width that names beside the rows may take."""
MOST_LANES = 2
"""Series beside one another in a row of a card."""
MOST_KEYS = 4
"""Keys of a legend; more names stand at the marks themselves."""
_SIGNS = (("|", 9.0), ("x", 4.5), ("+", 6.0), ("_", 7.0), ("1", 6.0))


class _Sign(TypedDict):
    marker: str
    markersize: float
    markeredgewidth: float


@dataclass(frozen=True, kw_only=True)
class Points(Picture):
    """y of each level of x, which may be names; hue beside one another. logy: a logarithmic value axis."""

    logy: bool = False

    def unspaced(self, rows: pd.DataFrame) -> Self:
        """Linear axes, but for values of more than one power of ten, or of 0: what is seen of them differs."""
        values = rows.loc[holding(rows, [*self.metrics, *self.reference]), "value"].dropna()
        return dataclasses.replace(self, logy=self.logy and not in_a_decade(values))

    def draw(self, axes: Axes, panel: Panel, rows: pd.DataFrame, layout: Layout) -> None:
        """One row for each level of x, from the top down."""
        names = self.names(rows)
        looks = self.looks(rows)
        hue = self.by.index(self.hue) if self.hue else None
        stacked = self.stacked(rows, layout)
        spread, below = self.spread(len(looks), layout), self.below(rows, layout)
        drawn = [mark for mark in panel.marks if not self.logy or mark.interval.value > 0]
        value_scale(axes, drawn + panel.references, self.logy, axes.xaxis)
        for place, (level, look) in enumerate(looks.items()):
            series = [mark for mark in drawn if hue is None or mark.place[hue] == level]
            shift = spread * (place - (len(looks) - 1) / 2) + below
            for mark in panel.references:
                if mark.place[0] in names and (hue is None or mark.place[hue] == level):
                    self.draw_reference(axes, mark, names.index(mark.place[0]) + shift, drawn)
            self.draw_series(axes, series, [names.index(mark.place[0]) + shift for mark in series], look)
        for line in range(1, len(names)):
            axes.axhline(line - 0.5, color=GRID, linewidth=0.5, zorder=0.5)
        axes.grid(False, axis="y")
        axes.grid(True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_yticks(range(len(names)), ["" if stacked else self.row_name(name) for name in names])
        for line, name in enumerate(names if stacked else []):
            axes.annotate(
                "\n".join(self.name_lines(name, layout)),
                (0, line - 0.5),
                (0, -3),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                va="top",
            )
        axes.set_xlabel(self.axis(panel.metrics, panel.marks))

    def draw_series(self, axes: Axes, series: Sequence[Mark], heights: Sequence[float], look: Look) -> None:
        """A dot and a bar a mark; of a share that something leaves open two, with a band between its ends."""
        each = [
            (mark, y, end) for mark, y in zip(series, heights, strict=True) for end in ends_of(mark.interval)
        ]
        words, at_y = [self.tells(mark) for mark, _, _ in each], [y for _, y, _ in each]
        reach = [end.low for _, _, end in each], [end.high for _, _, end in each]
        tell(axes.hlines(at_y, *reach, colors=look.colour, zorder=2), words)
        (dots,) = axes.plot(
            [end.value for _, _, end in each],
            at_y,
            linestyle="none",
            marker=look.marker,
            color=look.colour,
            markersize=6,
            markeredgecolor=PAPER,
            markeredgewidth=0.6,
            zorder=3,
        )
        tell(dots, words)
        for mark, y in zip(series, heights, strict=True):
            if is_open(mark.interval):
                lower, upper = (end.value for end in ends_of(mark.interval))
                axes.hlines(y, lower, upper, colors=look.colour, alpha=BAND, linewidth=6, zorder=1)

    def names(self, rows: pd.DataFrame) -> list[object]:
        """The levels of x that have a value; each has a row."""
        there = {mark.place[0] for mark in self.marks(rows)}
        return [level for level in self.levels(rows, self.x) if level in there]

    def row_name(self, level: object) -> str:
        """What a row is called: a number with its setting, unless the figure has words for it."""
        if self.x == METRIC:
            return self.say(str(level))
        return self.title_of(self.x, level) if setting(level) not in self.labels else self.word(self.x, level)

    def over(self, panel: Panel, rows: pd.DataFrame, layout: Layout) -> list[Over]:
        """Names led to the marks of the topmost row, where a legend would have more than MOST_KEYS keys.

        Of marks that have one name the one that stands most by itself. Only the wide drawing has the room.
        """
        keys = self.legend(rows)
        if len(keys) <= MOST_KEYS or layout.columns < WIDE.columns:
            return []
        top, looks = self.names(rows)[0], list(self.looks(rows))
        hue, spread = self.by.index(self.hue) if self.hue else None, self.spread(len(looks), layout)
        there = [mark for mark in [*panel.marks, *panel.references] if mark.place[0] == top]
        lane = {id(mark): looks.index(mark.place[hue]) if hue is not None else 0 for mark in there}
        found = []
        for key in keys:
            name = str(key.get_label())
            own = [mark for mark in there if self.key_name(mark, hue) == name]
            if not own:
                return []
            others = [mark for mark in there if self.key_name(mark, hue) != name]
            alone = max(
                own,
                key=lambda mark: min(
                    abs(mark.interval.value - other.interval.value)
                    + 1000 * (lane[id(mark)] != lane[id(other)])
                    for other in others
                ),
            )
            height = spread * (lane[id(alone)] - (len(looks) - 1) / 2) + self.below(rows, layout)
            found.append(Over(name, key, (alone.interval.value, height)))
        return found

    def key_name(self, mark: Mark, hue: int | None) -> str:
        """What the legend calls a mark: a reference by its metric, another by its series."""
        if mark.metric in self.reference:
            return self.say(mark.metric)
        return self.title_of(self.hue, mark.place[hue]) if hue is not None else ""

    def spread(self, series: int, layout: Layout) -> float:
        """How far apart series are in a row that is 1 high; on a card many share one line."""
        return 0.0 if layout == CARD and series > MOST_LANES else min(0.22, 0.72 / series)

    def stacked(self, rows: pd.DataFrame, layout: Layout) -> bool:
        """Whether the names of the rows stand above them: beside them they would take too much of the width."""
        return self.beside(rows, layout) > MOST_BESIDE * layout.width

    def above(self, rows: pd.DataFrame, layout: Layout) -> float:
        """How tall the names above the rows are, in points; nothing where they stand beside them."""
        if not self.stacked(rows, layout):
            return 0.0
        return NAME * max(len(self.name_lines(name, layout)) for name in self.names(rows))

    def name_lines(self, level: object, layout: Layout) -> list[str]:
        """A row's name above it, in as many lines as the width asks for."""
        return textwrap.wrap(self.row_name(level), int((layout.width - 40) / (0.62 * layout.text)))

    def beside(self, rows: pd.DataFrame, layout: Layout) -> float:
        """The room that the names of the rows take beside them, in points."""
        return 0.56 * layout.text * max(len(self.row_name(name)) for name in self.names(rows))

    def below(self, rows: pd.DataFrame, layout: Layout) -> float:
        """How far below the middle of its row a mark lies: half the name above it, where that stands there."""
        return 0.5 * self.above(rows, layout) / self.row_height(rows, layout)

    def row_height(self, rows: pd.DataFrame, layout: Layout) -> float:
        """How tall a row is, in points."""
        series = len(self.levels(rows, self.hue))
        line = 14.0 if layout == CARD and series > MOST_LANES else max(20.0, 11.0 * series + 8)
        return line + self.above(rows, layout)

    def panel_width(self, rows: pd.DataFrame, layout: Layout) -> float:
        """Beside the names of the rows, where these do not stand above them."""
        return layout.width - 16 - (0.0 if self.stacked(rows, layout) else self.beside(rows, layout))

    def columns(self, rows: pd.DataFrame, layout: Layout) -> int:
        """One panel a line where the names of the rows leave too little room for more."""
        width = self.panel_width(rows, layout)
        if self.stacked(rows, layout):
            return min(layout.columns, max(1, int(width / self.beside(rows, layout))))
        return layout.columns if width > ROOM * layout.columns / 2 else 1

    def draw_reference(self, axes: Axes, mark: Mark, height: float, beside: list[Mark]) -> None:
        """A small grey sign: an upright tick for the first reference, other signs for the others.

        beside: the marks it is compared with; where these are shares it is told in per cent, as they are.
        """
        if {other.kind for other in beside} == {"rate"}:
            mark = dataclasses.replace(mark, kind="rate")
        sign = self.sign(mark.metric)
        (line,) = axes.plot(
            [mark.interval.value], [height], linestyle="none", color=MUTED, zorder=2.5, **sign
        )
        tell(line, [f"{self.say(mark.metric)}, {self.tells(mark)}"])

    def sign(self, metric: str) -> _Sign:
        """The sign of a reference, the same in the drawing and in the legend."""
        marker, size = _SIGNS[self.reference_place(metric) % len(_SIGNS)]
        return {"marker": marker, "markersize": size, "markeredgewidth": 1.2}

    def legend(self, rows: pd.DataFrame) -> list[Line2D]:
        """A marker for each series, a grey sign for each reference."""
        keys = legend_of_series(self, rows, joined=False)
        return keys + [
            Line2D([], [], color=MUTED, linestyle="none", label=self.say(metric), **self.sign(metric))
            for metric in self.references_in(rows)
        ]

    def panel_height(self, rows: pd.DataFrame, layout: Layout) -> float:
        """As tall as its rows need."""
        return 48 + self.row_height(rows, layout) * len(self.names(rows))
