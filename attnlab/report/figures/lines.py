"""Curves over a numeric setting: a point for each value, a bar for its interval, dotted reference curves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from attnlab.report.figures.canvas import MUTED, PAPER, Look
from attnlab.report.figures.picture import Panel, Picture, value_scale, value_ticks
from attnlab.report.pooling import METRIC, Mark, NotDrawable
from attnlab.report.words import listed


@dataclass(frozen=True, kw_only=True)
class Lines(Picture):
    """y against a numeric x. logx, logy: logarithmic axes."""

    logx: bool = False
    logy: bool = False

    def draw(self, axes: Axes, panel: Panel, rows: pd.DataFrame) -> None:
        """One curve for each level of hue, in front of the reference curves."""
        values = self.numbers(rows)
        if self.logx:
            axes.set_xscale("log")
        drawn = [mark for mark in panel.marks if not self.logy or mark.interval.value > 0]
        value_scale(axes, drawn + panel.references, self.logy)
        looks = self.looks(rows)
        for look, curve in self.references(panel, looks):
            axes.plot(*curve, color=look.colour, linestyle=look.dash, linewidth=1.3, zorder=1.5)
        for place, (level, look) in enumerate(looks.items()):
            shift = 2.2 * (place - (len(looks) - 1) / 2)
            series = sorted(
                (mark for mark in drawn if self.level_of(mark) == level), key=lambda mark: self.at(mark)
            )
            self.draw_series(axes, series, look, max(-9.0, min(9.0, shift)))
        room = 0.07
        low, high = values[0], values[-1]
        if self.logx:
            axes.set_xlim(low / (high / low) ** room / 1.04, high * (high / low) ** room * 1.04)
        else:
            pad = room * (high - low) or 0.5
            axes.set_xlim(low - pad, high + pad)
        value_ticks(axes, values)
        axes.set_xlabel(self.say(self.x))
        axes.set_ylabel(listed([self.say(metric) for metric in panel.metrics]))

    def draw_series(self, axes: Axes, series: list[Mark], look: Look, shift: float) -> None:
        """One curve with its bars, moved sideways by `shift` points so that bars do not hide each other."""
        if not series:
            return
        sheet = axes.get_figure()
        assert sheet is not None, "axes belong to a figure"
        moved = axes.transData + ScaledTranslation(shift / 72, 0, sheet.dpi_scale_trans)
        x = [self.at(mark) for mark in series]
        y = [mark.interval.value for mark in series]
        floor = min((value for value in y if value > 0), default=1.0) / 10 if self.logy else -math.inf
        low = [max(mark.interval.low, floor) for mark in series]
        high = [mark.interval.high for mark in series]
        axes.vlines(x, low, high, colors=look.colour, linewidth=1.2, transform=moved, zorder=2)
        axes.plot(
            x,
            y,
            color=look.colour,
            linestyle=look.dash,
            marker=look.marker,
            markeredgecolor=PAPER,
            markeredgewidth=0.6,
            transform=moved,
            zorder=3,
        )

    def references(
        self, panel: Panel, looks: dict[object, Look]
    ) -> list[tuple[Look, tuple[list[float], list[float]]]]:
        """The reference curves: one in ink if all series share it, else one in each series' colour."""
        curves = []
        for place, metric in enumerate(self.reference):
            ours = [mark for mark in panel.references if mark.metric == metric]
            dash = _REFERENCE_DASHES[place % len(_REFERENCE_DASHES)]
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
                    colour = MUTED if same else looks[level].colour
                    xs = sorted(points)
                    curves.append((Look(colour, "", dash), (xs, [points[x] for x in xs])))
        return curves

    def legend(self, rows: pd.DataFrame) -> list[Line2D]:
        """A line and marker for each series, a dotted one for each reference."""
        keys = []
        if self.hue:
            for level, look in self.looks(rows).items():
                word = self.say(str(level)) if self.hue == METRIC else self.word(self.hue, level)
                keys.append(
                    Line2D([], [], color=look.colour, marker=look.marker, linestyle=look.dash, label=word)
                )
        for place, metric in enumerate(self.reference):
            if rows[METRIC].eq(metric).any():
                dash = _REFERENCE_DASHES[place % len(_REFERENCE_DASHES)]
                keys.append(Line2D([], [], color=MUTED, linestyle=dash, label=self.say(metric)))
        return keys

    def numbers(self, rows: pd.DataFrame) -> list[float]:
        """The distinct values of x. Raises NotDrawable if one is no number."""
        found = self.levels(rows[rows["status"] == "done"], self.x)
        if not all(isinstance(value, int | float) for value in found):
            raise NotDrawable(f"{self.x} is not a number in every cell; use kind points")
        return [float(value) for value in found if isinstance(value, int | float)]

    def at(self, mark: Mark) -> float:
        """Where a mark lies on the x axis."""
        return float(str(mark.place[0]))

    def level_of(self, mark: Mark) -> object:
        """The level of hue a mark belongs to."""
        return mark.place[self.by.index(self.hue)] if self.hue else None


_REFERENCE_DASHES: tuple[object, ...] = ((0, (1, 1.8)), (0, (4, 2)), (0, (4, 1.6, 1, 1.6)))
