"""Named things side by side: a dot and its interval on a row of its own, references as grey signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlab.report.figures.canvas import GRID, MUTED, PAPER, Layout, tell
from attnlab.report.figures.picture import Panel, Picture, legend_of_series, value_scale
from attnlab.report.pooling import Mark
from attnlab.tidy import METRIC

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
        names = self.levels(rows, self.x)
        looks = self.looks(rows)
        hue = self.by.index(self.hue) if self.hue else None
        spread = min(0.22, 0.72 / len(looks))
        drawn = [mark for mark in panel.marks if not self.logy or mark.interval.value > 0]
        value_scale(axes, drawn + panel.references, self.logy, axes.xaxis)
        for place, (level, look) in enumerate(looks.items()):
            series = [mark for mark in drawn if hue is None or mark.place[hue] == level]
            shift = spread * (place - (len(looks) - 1) / 2)
            for mark in panel.references:
                if hue is None or mark.place[hue] == level:
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
        words = [self.say(str(name)) if self.x == METRIC else self.word(self.x, name) for name in names]
        axes.set_yticks(range(len(names)), words)
        axes.set_xlabel(self.axis(panel.metrics, {mark.kind for mark in panel.marks}))

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
        return 48 + line * len(self.levels(rows, self.x))
