"""Curves over a numeric setting: a point for each value, a bar for its interval, dotted reference curves."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from dataclasses import dataclass
from typing import Self

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from attnlab.report.figures.canvas import INK, MUTED, PAPER, Layout, Look, tell
from attnlab.report.figures.ends import End
from attnlab.report.figures.picture import BAND, Panel, Picture, legend_of_series
from attnlab.report.figures.ticks import in_a_decade, value_scale, value_ticks
from attnlab.report.pooling import Mark, NotDrawable, at_level, holding, of_rows
from attnlab.report.words import kind_of_reference
from attnlab.tidy import METRIC
from attnlab.verdicts import ends_of, is_open

THIN = 1.1
"""The width of a reference curve, in points."""
MOST_NAMED = 5
"""Series that are named at their ends; of more there is a legend."""
NAME = 25
"""The letters of such a name in one line."""
UPRIGHT = 24
"""The letters of a label that stands upright beside a panel, in one line."""


@dataclass(frozen=True, kw_only=True)
class Lines(Picture):
    """y against a numeric x. logx, logy: logarithmic axes."""

    logx: bool = False
    logy: bool = False

    @of_rows
    def kept(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows that have an x, where any does: a cell without that setting has no place on the axis."""
        rows = super().kept(table)
        placed = rows[self.x].notna() if self.x in rows else None
        return rows[placed] if placed is not None and placed.any() else rows

    def unspaced(self, rows: pd.DataFrame) -> Self:
        """Linear axes, but for values of more than one power of ten, or of 0: what is seen of them differs."""
        values = rows.loc[holding(rows, [*self.metrics, *self.reference]), "value"].dropna()
        return dataclasses.replace(self, logx=False, logy=self.logy and not in_a_decade(values))

    def draw(self, axes: Axes, panel: Panel, rows: pd.DataFrame, layout: Layout) -> None:
        """One curve for each level of hue, in front of the reference curves."""
        values = self.numbers(rows)
        if self.logx and values[0] > 0:
            axes.set_xscale("log")
        elif (
            self.logx and values[-1] > 0
        ):  # a logarithmic axis has no place for 0: a straight piece up to the next
            axes.set_xscale("symlog", linthresh=min(value for value in values if value > 0), linscale=0.5)
        drawn = [mark for mark in panel.marks if not self.logy or mark.interval.value > 0]
        # Panels share this axis: its ends are those of all of them.
        everywhere = [mark for mark in panel.every if mark.metric in panel.metrics]
        value_scale(axes, everywhere + panel.references, self.logy)
        looks = self.looks(rows)
        for metric, look, curve in self.references(panel, looks):
            (line,) = axes.plot(*curve, color=look.colour, linestyle=look.dash, linewidth=THIN, zorder=1.5)
            tell(line, [self.say(metric)])
        for place, (level, look) in enumerate(looks.items()):
            shift = 2.2 * (place - (len(looks) - 1) / 2)
            series = sorted(
                (mark for mark in drawn if self.level_of(mark) == level), key=lambda mark: self.at(mark)
            )
            self.draw_series(axes, series, self.gaps(panel, level), look, max(-9.0, min(9.0, shift)))
        room = 0.07
        low, high = values[0], values[-1]
        if self.logx and low > 0:
            axes.set_xlim(low / (high / low) ** room / 1.04, high * (high / low) ** room * 1.04)
        elif self.logx and high > 0:
            axes.set_xlim(low - 0.3 * min(value for value in values if value > 0), high * 1.6)
        else:
            pad = room * (high - low) or 0.5
            axes.set_xlim(low - pad, high + pad)
        value_ticks(axes.xaxis, values)
        axes.set_xlabel(self.say(self.x))
        words = self.axis(panel.metrics, panel.marks)
        axes.set_ylabel(textwrap.fill(words, UPRIGHT))

    def draw_series(
        self, axes: Axes, series: list[Mark], gaps: list[float], look: Look, shift: float
    ) -> None:
        """One curve with its bars, moved sideways by `shift` points so that bars do not hide each other.

        Of shares that something leaves open two: the lower ends, the upper ends, and the band between them.
        No line is drawn across a gap: a cell that failed, was skipped or has no value.
        """
        if not series:
            return
        sheet = axes.get_figure()
        assert sheet is not None, "axes belong to a figure"
        moved = axes.transData + ScaledTranslation(shift / 72, 0, sheet.dpi_scale_trans)
        x = [self.at(mark) for mark in series]
        words = [self.tells(mark) for mark in series]
        ends = [ends_of(mark.interval) for mark in series]
        curves = []
        for which in (0, -1) if any(is_open(mark.interval) for mark in series) else (0,):
            found = [number[which] for number in ends]
            y = [number.value for number in found]
            floor = min((value for value in y if value > 0), default=1.0) / 10 if self.logy else -math.inf
            reach = [max(number.low, floor) for number in found], [number.high for number in found]
            bars = axes.vlines(x, *reach, colors=look.colour, linewidth=1.2, transform=moved, zorder=2)
            tell(bars, words)
            beside = sorted([*zip(x, y, strict=True), *((gap, math.nan) for gap in gaps)])
            curves.append(list(zip(*beside, strict=True)))
            (line,) = axes.plot(
                *curves[-1],
                color=look.colour,
                linestyle=look.dash,
                marker=look.marker,
                markeredgecolor=PAPER,
                markeredgewidth=0.6,
                transform=moved,
                zorder=3,
            )
            tell(line, words)
        if len(curves) > 1:
            (across, lowest), (_, highest) = curves
            axes.fill_between(across, lowest, highest, color=look.colour, alpha=BAND, linewidth=0, zorder=1)

    def gaps(self, panel: Panel, level: object) -> list[float]:
        """The values of x where this series has cells and none of them a value."""
        ours = panel.rows if self.hue in (None, METRIC) else at_level(panel.rows, str(self.hue), level)
        seen = {self.at(mark) for mark in panel.marks if self.level_of(mark) == level}
        there = (value for value in self.levels(ours, self.x) if isinstance(value, int | float))
        return [float(value) for value in there if float(value) not in seen]

    def references(
        self, panel: Panel, looks: dict[object, Look]
    ) -> list[tuple[str, Look, tuple[list[float], list[float]]]]:
        """The reference curves: chance and laws in ink, others in their series' colour unless all share one."""
        curves = []
        for metric in self.reference:
            ours = [mark for mark in panel.references if mark.metric == metric]
            dash = self.reference_dash(metric)
            by_level = {
                level: {self.at(mark): mark.interval.value for mark in ours if self.level_of(mark) == level}
                for level in looks
            }
            union = {x: y for points in by_level.values() for x, y in points.items()}
            same = all(
                math.isclose(y, union[x], rel_tol=1e-9, abs_tol=1e-12)
                for points in by_level.values()
                for x, y in points.items()
            )
            if same:
                by_level = {None: union}
            for level, points in by_level.items():
                if points:
                    law = kind_of_reference(metric) is not None
                    colour = INK if law else MUTED if same else looks[level].colour
                    xs = sorted(points)
                    curves.append((metric, Look(colour, "", dash), (xs, [points[x] for x in xs])))
        return curves

    def at_ends(self, panel: Panel, rows: pd.DataFrame, layout: Layout) -> list[End]:
        """A name at the end of each curve of this panel; none of them where they do not fit beside it."""
        drawn_levels = {self.level_of(mark) for mark in self.marks(rows)}
        looks = {level: look for level, look in self.looks(rows).items() if level in drawn_levels}
        last = {self.level_of(mark): mark for mark in sorted(panel.marks, key=self.at)}
        values = [last[level].interval.value for level in looks if level in last] if self.hue else []
        curves = self.references(panel, looks)
        drawn = self.references_in(rows)
        ends = [[curve[1][-1] for name, _, curve in curves if name == metric] for metric in drawn]
        if len(looks) > MOST_NAMED or (self.hue and len(values) < len(looks)) or not all(ends):
            return []
        names = zip(self.legend(rows), [*values, *map(max, ends)], strict=True)
        found = [End(textwrap.fill(str(key.get_label()), NAME), value, key) for key, value in names]
        widest = max((len(line) for end in found for line in end.name.splitlines()), default=0)
        tall = sum(end.lines for end in found) * 1.3 * layout.text
        fits = 0.6 * layout.text * widest < 0.24 * layout.width and tall < layout.height - 52
        return found if fits and all(not self.logy or end.value > 0 for end in found) else []

    def legend(self, rows: pd.DataFrame) -> list[Line2D]:
        """A line and marker for each series, a dotted one for each reference."""
        return legend_of_series(self, rows, joined=True) + [
            Line2D(
                [],
                [],
                color=MUTED if kind_of_reference(metric) is None else INK,
                linewidth=THIN,
                linestyle=self.reference_dash(metric),
                label=self.say(metric),
            )
            for metric in self.references_in(rows)
        ]

    def numbers(self, rows: pd.DataFrame) -> list[float]:
        """The distinct values of x. Raises NotDrawable if one is no number."""
        measured = holding(rows, self.metrics) & rows["value"].notna()
        return list(map(self.along, self.levels(rows[measured], self.x)))

    def at(self, mark: Mark) -> float:
        """Where a mark lies on the x axis. Raises NotDrawable if that is no number."""
        return self.along(mark.place[0])

    def along(self, level: object) -> float:
        """A level of x as a number. Raises NotDrawable if it is none."""
        if isinstance(level, bool) or not isinstance(level, int | float):
            raise NotDrawable(f"{self.x} is not a number in every cell; use kind points")
        return float(level)

    def level_of(self, mark: Mark) -> object:
        """The level of hue a mark belongs to."""
        return mark.place[self.by.index(self.hue)] if self.hue else None
