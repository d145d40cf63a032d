"""Figures drawn with matplotlib: panels by row and column, one legend, three layouts of the same drawing."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from attnlab.report.figures import canvas
from attnlab.report.figures.base import Figure
from attnlab.report.figures.canvas import CARD, NARROW, WIDE, Layout, Look, Sheet
from attnlab.report.pooling import METRIC, Mark, marks
from attnlab.report.words import setting


@dataclass(frozen=True)
class Panel:
    """The marks of one panel and what tells it from the others."""

    title: str
    marks: list[Mark]
    references: list[Mark]
    metrics: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Picture(Figure):
    """A figure with axes."""

    @abc.abstractmethod
    def draw(self, axes: Axes, panel: Panel, rows: pd.DataFrame) -> None:
        """Draw one panel. rows: the whole figure's rows, so that scales and levels agree among panels."""

    def legend(self, rows: pd.DataFrame) -> list[Line2D]:
        """The keys of the series and of the reference curves."""
        return []

    def panel_height(self, rows: pd.DataFrame, layout: Layout) -> float:
        """The height of one panel in points."""
        return layout.height

    def looks(self, table: pd.DataFrame) -> dict[object, Look]:
        """The look of each level of hue."""
        found = self.levels(table, self.hue)
        return dict(zip(found, canvas.looks(len(found)), strict=True))

    def panels(self, rows: pd.DataFrame) -> list[list[Panel]]:
        """The panels by row and column."""
        found = self.marks(rows)
        by = self.by
        curves = self.reference_marks(rows)

        def inside(mark: Mark, row: object, col: object) -> bool:
            return (self.row is None or mark.place[by.index(self.row)] == row) and (
                self.col is None or mark.place[by.index(self.col)] == col
            )

        grid = []
        for row in self.levels(rows, self.row):
            line = []
            for col in self.levels(rows, self.col):
                names = [self.title_of(self.row, row), self.title_of(self.col, col)]
                ours = [mark for mark in found if inside(mark, row, col)]
                line.append(
                    Panel(
                        " · ".join(name for name in names if name),
                        ours,
                        [mark for mark in curves if inside(mark, row, col)],
                        tuple(dict.fromkeys(mark.metric for mark in ours)) or self.metrics,
                    )
                )
            grid.append(line)
        return grid

    def reference_marks(self, rows: pd.DataFrame) -> list[Mark]:
        """The values of the reference metrics at the same places."""
        return marks(rows, self.reference, self.by) if METRIC not in self.by else []

    def title_of(self, column: str | None, level: object) -> str:
        """A panel's title: `d = 8` for a number, the plain word for a name."""
        if column is None:
            return ""
        word = self.word(column, level)
        if column == METRIC:
            return self.say(str(level))
        if isinstance(level, int | float):
            short = self.labels.get(column, column.rsplit(".", 1)[-1].replace("_", " "))
            return f"{short} = {word}"
        return word

    def sheet(self, table: pd.DataFrame, layout: Layout) -> tuple[Sheet, int]:
        """The drawing in one layout, and how many marks it has."""
        rows = self.kept(table)
        grid = self.panels(rows)
        flat = [panel for line in grid for panel in line]
        columns = min(layout.columns, len(grid[0]) if len(grid[0]) > 1 else len(flat))
        lines = -(-len(flat) // columns)
        keys = self.legend(rows)
        longest = max((len(str(key.get_label())) for key in keys), default=0)
        across = max(1, int(layout.width // (4.9 * longest + 36)))
        height = lines * self.panel_height(rows, layout) + 15 * -(-len(keys) // across) + 12
        with matplotlib.rc_context(canvas.style()):
            made = canvas.sheet(layout, height)
            shared = len({panel.metrics for panel in flat}) == 1
            axes = made.subplots(lines, columns, squeeze=False, sharey=shared)
            for place, spot in enumerate(axes.flat):
                if place >= len(flat):
                    canvas.bare(spot)
                    continue
                self.draw(spot, flat[place], rows)
                if flat[place].title:
                    spot.set_title(flat[place].title)
                if shared and place % columns:
                    spot.set_ylabel("")
                if len(flat) - place > columns and shared:
                    spot.set_xlabel("")
            if keys:
                made.legend(handles=keys, loc="outside upper left", ncols=min(across, len(keys)))
            made.draw_without_rendering()
        return made, sum(len(panel.marks) + len(panel.references) for panel in flat)

    def html(self, table: pd.DataFrame, prefix: str) -> str:
        """Two drawings of which the page shows the one that fits."""
        wide = self._inline(table, WIDE, f"{prefix}-wide")
        narrow = self._inline(table, NARROW, f"{prefix}-narrow")
        return f'<div class="wide">{wide}</div>\n<div class="narrow">{narrow}</div>'

    def card(self, table: pd.DataFrame, prefix: str) -> str:
        """One small drawing."""
        return self._inline(table, CARD, f"{prefix}-card")

    def markdown(self, table: pd.DataFrame, folder: str) -> str:
        """An image with its alternative text."""
        (name,) = self.files(table)
        return f"![{self.alt(table).replace('[', '(').replace(']', ')')}]({folder}/{name})"

    def files(self, table: pd.DataFrame) -> dict[str, bytes]:
        """The wide drawing: SVG, or PNG above 2,000 marks."""
        made, count = self.sheet(table, WIDE)
        with matplotlib.rc_context(canvas.style()):
            if count > canvas.MOST_MARKS:
                return {f"{self.name}.png": canvas.png(made)}
            return {f"{self.name}.svg": canvas.svg(made, self.heading, self.alt(table)).encode()}

    def _inline(self, table: pd.DataFrame, layout: Layout, prefix: str) -> str:
        made, count = self.sheet(table, layout)
        with matplotlib.rc_context(canvas.style()):
            if count > canvas.MOST_MARKS:
                return canvas.inline_png(canvas.png(made), self.alt(table), layout.width)
            return canvas.inline_svg(canvas.svg(made, self.heading, self.alt(table)), prefix)


def value_ticks(axes: Axes, values: Sequence[float], most: int = 7) -> None:
    """Ticks at the values that were measured, thinned evenly if there are many."""
    step = -(-len(values) // most)
    shown = list(values)[::step]
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_major_formatter(FixedFormatter([setting(float(value)) for value in shown]))
    axes.xaxis.set_minor_locator(NullLocator())


def value_scale(axes: Axes, marks: Sequence[Mark], logarithmic: bool) -> None:
    """The y axis: rates and all that stays within 0 and 1 from 0 to 1, the rest from the data."""
    ends = [end for mark in marks for end in (mark.interval.low, mark.interval.high, mark.interval.value)]
    if logarithmic:
        axes.set_yscale("log")
        positive = [end for end in ends if end > 0] or [1.0]
        axes.set_ylim(min(positive) / 1.6, max(positive) * 1.6)
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(lambda value, _: power(value))
        return
    if all(mark.kind == "rate" for mark in marks) or (ends and min(ends) >= 0 and 0.4 < max(ends) <= 1):
        axes.set_ylim(-0.035, 1.035)
        axes.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
        axes.yaxis.set_major_formatter(FixedFormatter(["0", ".25", ".5", ".75", "1"]))
        return
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    low = 0.0 if 0 <= low < 0.5 * high else low
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.05
    axes.set_ylim(low - (room if low else 0.6 * room), high + room)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.4g}")


def power(value: float) -> str:
    """A power of ten: 10⁻³; plain from 0.01 to 1000."""
    if 0.01 <= value <= 1000:
        return f"{value:g}"
    exponent = f"{value:.0e}".split("e")[1]
    return "10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
