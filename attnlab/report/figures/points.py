"""Named things side by side: a dot and its interval on a row of its own, references as grey signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlab.report.figures.canvas import GRID, MUTED, PAPER, WIDE, Layout, tell
from attnlab.report.figures.over import Over
from attnlab.report.figures.picture import Panel, Picture, legend_of_series, value_scale
from attnlab.report.pooling import Mark
from attnlab.report.words import setting
from attnlab.tidy import METRIC

ROOM = 160.0
"""What two panels side by side need at least, in points."""
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

    def draw(self, axes: Axes, panel: Panel, rows: pd.DataFrame) -> None:
        """One row for each level of x, from the top down."""
        names = self.names(rows)
        looks = self.looks(rows)
        hue = self.by.index(self.hue) if self.hue else None
        spread = self.spread(len(looks))
        drawn = [mark for mark in panel.marks if not self.logy or mark.interval.value > 0]
        value_scale(axes, drawn + panel.references, self.logy, axes.xaxis)
        for place, (level, look) in enumerate(looks.items()):
            series = [mark for mark in drawn if hue is None or mark.place[hue] == level]
            shift = spread * (place - (len(looks) - 1) / 2)
            for mark in panel.references:
                if mark.place[0] in names and (hue is None or mark.place[hue] == level):
                    self.draw_reference(axes, mark, names.index(mark.place[0]) + shift)
            at_y = [names.index(mark.place[0]) + shift for mark in series]
            found = [mark.interval for mark in series]
            words = [self.tells(mark) for mark in series]
            ends = [one.low for one in found], [one.high for one in found]
            tell(axes.hlines(at_y, *ends, colors=look.colour, zorder=2), words)
            (dots,) = axes.plot(
                [one.value for one in found],
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
        for line in range(1, len(names)):
            axes.axhline(line - 0.5, color=GRID, linewidth=0.5, zorder=0.5)
        axes.grid(False, axis="y")
        axes.grid(True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_yticks(range(len(names)), [self.row_name(name) for name in names])
        axes.set_xlabel(self.axis(panel.metrics, panel.marks))

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
        hue, spread = self.by.index(self.hue) if self.hue else None, self.spread(len(looks))
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
            height = spread * (lane[id(alone)] - (len(looks) - 1) / 2)
            found.append(Over(name, key, (alone.interval.value, height)))
        return found

    def key_name(self, mark: Mark, hue: int | None) -> str:
        """What the legend calls a mark: a reference by its metric, another by its series."""
        if mark.metric in self.reference:
            return self.say(mark.metric)
        return self.title_of(self.hue, mark.place[hue]) if hue is not None else ""

    def spread(self, series: int) -> float:
        """How far apart series are in a row that is 1 high."""
        return min(0.22, 0.72 / series)

    def panel_width(self, rows: pd.DataFrame, layout: Layout) -> float:
        """Beside the names of the rows."""
        longest = max(len(self.row_name(name)) for name in self.names(rows))
        return layout.width - 0.56 * layout.text * longest - 16

    def columns(self, rows: pd.DataFrame, layout: Layout) -> int:
        """One panel a line where the names of the rows leave too little room for more."""
        return layout.columns if self.panel_width(rows, layout) > ROOM * layout.columns / 2 else 1

    def draw_reference(self, axes: Axes, mark: Mark, height: float) -> None:
        """A small grey sign: an upright tick for the first reference, other signs for the others."""
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
            for metric in self.reference
            if rows[METRIC].eq(metric).any()
        ]

    def panel_height(self, rows: pd.DataFrame, layout: Layout) -> float:
        """As tall as its rows need."""
        line = max(20.0, 11.0 * len(self.levels(rows, self.hue)) + 8)
        return 48 + line * len(self.names(rows))
