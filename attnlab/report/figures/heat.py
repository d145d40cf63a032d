"""A map: one colour a cell over two numeric settings, other metrics as contour lines or curves."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self, TypedDict

import numpy as np
import pandas as pd
import seaborn
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.lines import Line2D

from attnlab.report.figures.canvas import GRID, INK, MUTED, Layout, Sheet, tell
from attnlab.report.figures.contours import crossings, is_line, line_look
from attnlab.report.figures.ends import End
from attnlab.report.figures.picture import Panel, Picture
from attnlab.report.figures.ticks import box_edges, colour_ends, evenly, value_ticks
from attnlab.report.pooling import Mark, NotDrawable, marks, of_rows
from attnlab.report.words import number
from attnlab.tidy import METRIC
from attnlab.verdicts.settings import is_name

_MOST_WORDS = 64
_UPRIGHT = 40
"""Letters of a label that stands upright beside a map, in one line."""
_TOLD = 0.1
"""Numbers no larger than 1 that differ by as much are told to two places, so that many fit on a phone."""


class _Sign(TypedDict):
    linestyle: Literal["none"]
    marker: str
    color: str


_EMPTY: _Sign = {"linestyle": "none", "marker": "x", "color": MUTED}


@dataclass(frozen=True, kw_only=True)
class Heat(Picture):
    """The metric `value` over the settings x and y.

    contours: mappings {metric, level (0.5), label}: where that metric crosses the level. curves: metrics whose
    value is itself a height on the y axis (a threshold). against: a level of `col` from which the others'
    differences are shown instead, where the table has it. logx, logy: logarithmic axes.
    """

    value: str
    contours: Sequence[Mapping[str, object]] = ()
    curves: Sequence[str] = ()
    against: object = None
    logx: bool = False
    logy: bool = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """The one metric the colours show."""
        return (self.value,)

    @property
    def drawn(self) -> dict[str, tuple[str, ...]]:
        """The colours' metric, those of the curves, and those whose levels are contours."""
        lines = tuple(str(spec.get("metric")) for spec in self.contours)
        return {"value": self.metrics, "curves": tuple(self.curves), "contours": lines}

    def columns(self, rows: pd.DataFrame, layout: Layout) -> int:
        """A map needs more room than a curve."""
        return min(3, layout.columns)

    @property
    def height(self) -> str:
        """The setting on the y axis."""
        return str(self.y)

    def also_by(self) -> tuple[str, ...]:
        """A cell lies at (x, y)."""
        return (self.height,)

    def bars(self) -> str:
        """A map has no bars; its caption tells the widest interval."""
        return "Colour: the difference of two values;" if self.against is not None else "Colour: the value;"

    def fitted(self, table: pd.DataFrame) -> Self:
        """The figure for this table: plain values where what they are compared with is absent."""
        found = super().fitted(table)
        try:
            there = set(found.levels(found.kept(table), found.col)) if found.col else set()
        except NotDrawable:
            there = set()
        others = there - {found.against}
        return found if found.against in there and others else dataclasses.replace(found, against=None)

    def unspaced(self, rows: pd.DataFrame) -> Self:
        """Linear axes, but where a cell lies at 0 or below."""
        x, y = (pd.to_numeric(rows[column], errors="coerce").min() > 0 for column in (self.x, self.height))
        return dataclasses.replace(self, logx=self.logx and not x, logy=self.logy and not y)

    @of_rows
    def panels(self, rows: pd.DataFrame) -> list[list[Panel]]:
        """The panels; none for what the others are compared with."""
        same = self.title_of(self.col, self.against) if self.against is not None else None
        return [[panel for panel in line if panel.title != same] for line in super().panels(rows)]

    def beyond(self, some: Sequence[Mark], every: Sequence[Mark]) -> list[float]:
        """What is shown of some marks: their values, or how far these lie above what they are compared with."""
        values = [mark.interval.value for mark in some]
        if self.against is None:
            return values
        which = self.by.index(str(self.col))
        base = {mark.place: mark.interval.value for mark in every if mark.place[which] == self.against}
        places = [(*mark.place[:which], self.against, *mark.place[which + 1 :]) for mark in some]
        return [value - base.get(place, math.nan) for value, place in zip(values, places, strict=True)]

    def draw(self, axes: Axes, panel: Panel, rows: pd.DataFrame, layout: Layout) -> None:
        """One rectangle a cell, then the contours and curves."""
        scale = self.scale(panel.every)
        boxes = self.boxes(panel)
        drawn = [boxes.pop(self.at(mark)) for mark in panel.marks]
        values = self.beyond(panel.marks, panel.every)
        axes.grid(False)
        if self.logx:
            axes.set_xscale("log")
        if self.logy:
            axes.set_yscale("log")
        for column, spaced in ((self.x, axes.set_xscale), (self.height, axes.set_yscale)):
            places = sorted(set(rows[column].dropna()))
            if is_name(column) and len(set(np.diff(places))) > 1:
                spaced("function", functions=evenly(places))
        mesh = PolyCollection(
            drawn,
            array=np.ma.masked_invalid(values),
            cmap=self.colours(),
            norm=scale,
            edgecolors="face",
            linewidths=0.3,
        )
        if boxes:
            axes.add_collection(PolyCollection(list(boxes.values()), facecolors=GRID, edgecolors="face"))
        if drawn:  # a collection of nothing has no place on an axis
            axes.add_collection(mesh)
            tell(mesh, [self.tells(mark) for mark in panel.marks])
        axes.plot([x for x, _ in boxes], [y for _, y in boxes], **_EMPTY)
        (west, east), (low, high) = self.reach(rows)
        axes.set_xlim(west, east)
        axes.set_ylim(low, high)
        if len(panel.marks) <= _MOST_WORDS and not self.contours and not self.curves:
            self.write_values(axes, panel, values, scale)
        for place, curve in enumerate(self.curves_of(panel)):
            if is_line(curve):
                axes.plot(*zip(*curve, strict=True), **line_look(place))
        places = [self.at(mark) for mark in panel.marks] or list(boxes)
        value_ticks(axes.xaxis, sorted({x for x, _ in places}))
        value_ticks(axes.yaxis, sorted({y for _, y in places}))
        axes.set_xlabel(self.say(self.x))
        axes.set_ylabel(textwrap.fill(self.say(self.height), _UPRIGHT))

    def finish(self, made: Sheet, axes: Sequence[Axes], rows: pd.DataFrame) -> None:
        """One scale of colours for all panels."""
        colours = ScalarMappable(self.scale(self.marks(rows)), self.colours())
        bar = made.colorbar(colours, ax=list(axes), location="bottom", shrink=0.6, aspect=40, pad=0.03)
        bar.outline.set_visible(False)
        bar.ax.grid(False)
        bar.ax.tick_params(color=MUTED, labelcolor=INK, length=2)
        than = f": more or less than for {self.word(str(self.col), self.against)}"
        words = self.say(self.value) + (than if self.against is not None else "")
        letters = made.get_figwidth() * 72 / (0.6 * float(rcParams["axes.labelsize"]))
        bar.set_label(textwrap.fill(words, int(letters)))

    def colours(self) -> Colormap:
        """Dark to light for values; two colours with a pale middle for differences."""
        return _colours() if self.against is None else seaborn.color_palette("vlag", as_cmap=True)

    def write_values(self, axes: Axes, panel: Panel, values: Sequence[float], scale: Normalize) -> None:
        """The number in each cell, light on dark and dark on light."""
        low, high = scale.vmin or 0.0, scale.vmax or 0.0
        plain = self.against is not None or (
            max(-low, high) <= 1 and high - low >= _TOLD
        )  # as short as can be
        colours = self.colours()
        for mark, value in zip(panel.marks, values, strict=True):
            x, y = self.at(mark)
            words = f"{value:z.2f}" if plain else number(value)
            red, green, blue, _ = colours(float(scale(value)))
            colour = "#fefefe" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.6 else "#0b0405"
            axes.text(
                x, y, words, ha="center", va="center", fontsize=rcParams["xtick.labelsize"], color=colour
            )

    def curves_of(self, panel: Panel) -> list[list[tuple[float, float]]]:
        """The contours of a panel, then its curves, from left to right."""
        curves = [
            sorted((self.at(mark)[0], mark.interval.value) for mark in marks(panel.rows, [metric], self.by))
            for metric in self.curves
        ]
        return [*(self.contour(panel, spec) for spec in self.contours), *curves]

    def lines_drawn(self, rows: pd.DataFrame) -> set[int]:
        """The places of the contours and curves that some panel draws."""
        every = [self.curves_of(panel) for line in self.panels(rows) for panel in line]
        return {place for curves in every for place, curve in enumerate(curves) if is_line(curve)}

    def contour(self, panel: Panel, spec: Mapping[str, object]) -> list[tuple[float, float]]:
        """Where a metric crosses a level, interpolated upwards in each column of cells."""
        columns: dict[float, list[tuple[float, float]]] = {}
        for mark in marks(panel.rows, [str(spec["metric"])], self.by):
            x, y = self.at(mark)
            columns.setdefault(x, []).append((y, mark.interval.value))
        level = float(str(spec.get("level", 0.5)))
        return [(x, y) for x in sorted(columns) for y in crossings(sorted(columns[x]), level)[:1]]

    def named_beside(self, layout: Layout, lines: int) -> bool:
        """Where a line of panels has room beside it; the narrow drawing has one panel a line."""
        return lines == 1 or layout.columns == 1

    def at_ends(self, panel: Panel, rows: pd.DataFrame, layout: Layout) -> list[End]:
        """A name at the end of each contour and curve of this panel; none where one is not there."""
        curves = self.curves_of(panel)
        if not all(map(is_line, curves)):
            return []
        letters = int(0.22 * layout.width / (0.6 * layout.text))
        return [
            End(textwrap.fill(str(key.get_label()), letters), curve[-1][1], key)
            for key, curve in zip(
                self.legend(rows), curves, strict=False
            )  # the legend ends with empty places
        ]

    def legend(self, rows: pd.DataFrame) -> list[Line2D]:
        """The contours and the curves of which some panel has a piece, and what an empty place means."""
        lines = [(str(spec["metric"]), spec.get("label")) for spec in self.contours]
        drawn = self.lines_drawn(rows)
        keys: list[Line2D] = [
            Line2D([], [], label=label or self.say(metric), **line_look(place))
            for place, (metric, label) in enumerate([*lines, *((metric, None) for metric in self.curves)])
            if place in drawn
        ]
        places = rows[[column for column in self.by if column != METRIC]].drop_duplicates()
        if len(self.marks(rows)) < len(places):
            keys.append(Line2D([], [], label="no value", **_EMPTY))
        return keys

    def about_references(self, rows: pd.DataFrame) -> list[str]:
        """How wide the intervals behind the colours are."""
        found = [mark.interval for mark in self.marks(rows)]
        reach = [max(one.high - one.value, one.value - one.low) for one in found if one.low <= one.high]
        widest = [f"The widest interval reaches {number(max(reach))} from its value."] if reach else []
        contours = any(place < len(self.contours) for place in self.lines_drawn(rows))
        return [*widest, *["Lines are interpolated in each column of cells."] * contours]

    def panel_height(self, rows: pd.DataFrame, layout: Layout) -> float:
        """Taller than a curve's panel."""
        return min(300.0, 1.25 * layout.height)

    def scale(self, found: Sequence[Mark]) -> Normalize:
        """One scale for all panels."""
        values = [mark.interval.value for mark in found]
        if self.against is not None:
            reach = max(values) - min(values) or 1.0
            return Normalize(-reach, reach)
        return Normalize(*colour_ends(values, all(mark.kind == "rate" for mark in found)))

    def at(self, mark: Mark) -> tuple[float, float]:
        """Where a mark lies. Raises NotDrawable if a setting is no number."""
        x, y = mark.place[0], mark.place[1]
        if isinstance(x, int | float) and isinstance(y, int | float):
            return float(x), float(y)
        column = self.height if isinstance(x, int | float) else self.x
        raise NotDrawable(f"{column} is not a number in every cell")

    @of_rows
    def reach(self, rows: pd.DataFrame) -> np.ndarray:
        """From where to where the cells of all panels lie, along x and y; what a panel lacks stays empty."""
        boxes = [box for line in self.panels(rows) for panel in line for box in self.boxes(panel).values()]
        corners = np.concatenate(boxes)
        return np.stack([corners.min(0), corners.max(0)], axis=1)

    def boxes(self, panel: Panel) -> dict[tuple[float, float], np.ndarray]:
        """The rectangle of each cell, half-way to its neighbours, be these drawn or without a value."""
        places = panel.rows[[self.x, self.height]].apply(pd.to_numeric, errors="coerce")
        cells = places.dropna().drop_duplicates().to_numpy(dtype=float)
        across = box_edges(cells[:, 0], self.logx)
        found = {}
        for x, (west, east) in across.items():
            for y, (low, high) in box_edges(cells[cells[:, 0] == x, 1], self.logy).items():
                found[x, y] = np.array([(west, low), (east, low), (east, high), (west, high)])
        return found


def _colours() -> Colormap:
    """Dark to light in even steps, told apart by all eyes and in print; its black end left out."""
    return ListedColormap(seaborn.color_palette("mako", as_cmap=True)(np.linspace(0.14, 1, 256)))
