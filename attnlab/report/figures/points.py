"""Named things side by side: a dot and its interval on a row of its own, references as upright ticks."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlab.report.figures.canvas import GRID, MUTED, PAPER, Layout
from attnlab.report.figures.picture import Panel, Picture, legend_of_series, value_scale
from attnlab.report.pooling import METRIC
from attnlab.report.words import listed


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
                    middle, dash = names.index(mark.place[0]) + shift, self.reference_dash(mark.metric)
                    reach = (middle - spread / 2, middle + spread / 2)
                    axes.plot([mark.interval.value] * 2, reach, color=MUTED, linestyle=dash, zorder=1.5)
            at_y = [names.index(mark.place[0]) + shift for mark in series]
            found = [mark.interval for mark in series]
            axes.hlines(
                at_y, [one.low for one in found], [one.high for one in found], colors=look.colour, zorder=2
            )
            axes.plot(
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
        for line in range(1, len(names)):
            axes.axhline(line - 0.5, color=GRID, linewidth=0.5, zorder=0.5)
        axes.grid(False, axis="y")
        axes.grid(True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(names) - 0.5, -0.5)
        words = [self.say(str(name)) if self.x == METRIC else self.word(self.x, name) for name in names]
        axes.set_yticks(range(len(names)), words)
        axes.set_xlabel(listed([self.say(metric) for metric in panel.metrics]))

    def legend(self, rows: pd.DataFrame) -> list[Line2D]:
        """A marker for each series, an upright tick for each reference."""
        keys = legend_of_series(self, rows, joined=False)
        return keys + [
            Line2D([], [], color=MUTED, linestyle=self.reference_dash(metric), label=self.say(metric))
            for metric in self.reference
            if rows[METRIC].eq(metric).any()
        ]

    def panel_height(self, rows: pd.DataFrame, layout: Layout) -> float:
        """As tall as its rows need."""
        line = max(20.0, 11.0 * len(self.levels(rows, self.hue)) + 8)
        return 48 + line * len(self.levels(rows, self.x))
