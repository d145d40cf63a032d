"""Figures drawn with matplotlib: panels by row and column, one legend, three layouts of the same drawing."""

from __future__ import annotations

import abc
import dataclasses
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlab.report.figures import canvas
from attnlab.report.figures.base import Figure, Rendering
from attnlab.report.figures.canvas import CARD, NARROW, WIDE, Dash, Layout, Look, Sheet
from attnlab.report.figures.ends import End, write_ends
from attnlab.report.figures.over import Over, line_height, write_over
from attnlab.report.figures.ticks import apart
from attnlab.report.pooling import Mark, at_level, marks, of_rows
from attnlab.report.words import places_of_references
from attnlab.tidy import METRIC
from attnlab.verdicts import is_open

BAND, BANDS = 0.13, "A band reaches from what is certain to what is possible."
"""How dark the band between the ends of a share is that something leaves open, and what a caption says of it."""
KEPT = 90.0
"""Points of width that a panel keeps beside names of curves; where it cannot, a legend stands above."""


@dataclass(frozen=True)
class Panel:
    """The marks of one panel and what tells it from the others; every: the marks of all panels."""

    title: str
    rows: pd.DataFrame
    marks: list[Mark]
    references: list[Mark]
    metrics: tuple[str, ...]
    every: list[Mark]


@dataclass(frozen=True, kw_only=True)
class Picture(Figure):
    """A figure with axes."""

    @abc.abstractmethod
    def draw(self, axes: Axes, panel: Panel, rows: pd.DataFrame, layout: Layout) -> None:
        """Draw one panel. rows: the whole figure's rows, so that scales and levels agree among panels."""

    def legend(self, rows: pd.DataFrame) -> Sequence[Artist]:
        """The keys of the series and of the reference curves."""
        return []

    def at_ends(self, panel: Panel, rows: pd.DataFrame, layout: Layout) -> Sequence[End]:
        """The names that stand at the ends of curves, in place of the legend; none where there is a legend."""
        return []

    def over(self, panel: Panel, rows: pd.DataFrame, layout: Layout) -> Sequence[Over]:
        """The names that stand above the first panel, in place of the legend; none where there is a legend."""
        return []

    def named_beside(self, layout: Layout, lines: int) -> bool:
        """Whether names at the ends of curves, beside the last panel of each line, tell all panels' curves."""
        return lines == 1

    def about_references(self, rows: pd.DataFrame) -> list[str]:
        """What the reference curves are, and the bands."""
        open_ones = [mark for mark in self.marks(rows) if is_open(mark.interval)]
        return [*super().about_references(rows), *[BANDS] * bool(open_ones)]

    def reference_dash(self, metric: str) -> Dash:
        """How a reference is dashed, the same in the drawing and in the legend."""
        return _REFERENCE_DASHES[self.reference_place(metric) % len(_REFERENCE_DASHES)]

    def reference_place(self, metric: str) -> int:
        """Which of the signs a reference has."""
        return places_of_references(self.reference)[list(self.reference).index(metric)]

    def finish(self, made: Sheet, axes: Sequence[Axes], rows: pd.DataFrame) -> None:
        """What a kind adds to the whole drawing."""

    def columns(self, rows: pd.DataFrame, layout: Layout) -> int:
        """The most panels that stand side by side."""
        return layout.columns

    def panel_height(self, rows: pd.DataFrame, layout: Layout) -> float:
        """The height of one panel in points."""
        return layout.height

    def panel_width(self, rows: pd.DataFrame, layout: Layout) -> float:
        """How wide all panels of a line are together, in points."""
        return layout.width - 40

    def looks(self, table: pd.DataFrame) -> dict[object, Look]:
        """The look of each level of hue; a level that `order` names has its look in every figure of that order."""
        found = self.levels(table, self.hue)
        named = [*self.order.get(self.hue or "", ()), *found]
        places = {level: list(dict.fromkeys(named)).index(level) for level in found}
        every = canvas.looks(1 + max(places.values(), default=0))
        return {level: every[place] for level, place in places.items()}

    @of_rows
    def panels(self, rows: pd.DataFrame) -> list[list[Panel]]:
        """The panels by row and column."""
        every = self.marks(rows)
        grid = []
        for row in self.levels(rows, self.row):
            line = []
            for col in self.levels(rows, self.col):
                names = [self.title_of(self.row, row), self.title_of(self.col, col)]
                here, metrics = rows, self.metrics
                for column, level in ((self.row, row), (self.col, col)):
                    if column == METRIC:
                        metrics = (str(level),)
                    elif column:
                        here = at_level(here, column, level)
                curves = self.reference_marks(here)
                title = " · ".join(name for name in names if name)
                line.append(Panel(title, here, marks(here, metrics, self.by), curves, metrics, every))
            grid.append(line)
        return grid

    def reference_marks(self, rows: pd.DataFrame) -> list[Mark]:
        """The marks of the references; where series are metrics, each of these has them beside it."""
        found = marks(rows, self.references_in(rows), self.by)
        if METRIC not in self.by:
            return found
        at = self.by.index(METRIC)
        return [
            dataclasses.replace(mark, place=(*mark.place[:at], metric, *mark.place[at + 1 :]))
            for mark in found
            for metric in self.metrics
        ]

    def sheet(self, table: pd.DataFrame, layout: Layout) -> tuple[Sheet, int]:
        """The drawing in one layout, and how many marks it has."""
        rows = self.kept(table)
        grid = self.panels(rows)
        flat = [panel for line in grid for panel in line]
        most = self.columns(rows, layout)
        columns = min(most, len(grid[0]) if len(grid[0]) > 1 else len(flat))
        lines = -(-len(flat) // columns)
        last = [min(line * columns + columns, len(flat)) - 1 for line in range(lines)]
        beside = self.named_beside(layout, lines) and 0.76 * layout.width > KEPT * columns
        ends = {place: self.at_ends(flat[place], rows, layout) if beside else [] for place in last}
        ends = ends if all(ends.values()) else {}
        over = self.over(flat[0], rows, layout)
        keys = [] if over else self.legend(rows)[len(ends[last[0]]) if ends else 0 :]
        longest, most_lines = _in_lines(keys, layout)
        across = max(1, int(layout.width // (4.9 * longest + 36)))
        tall = self.panel_height(rows, layout)
        above = line_height(layout) * len(over)  # at most
        height = lines * tall + (15 + 12 * (most_lines - 1)) * -(-len(keys) // across) + 12 + above
        with canvas.style(layout):
            made = canvas.sheet(layout, height)
            shared = len({panel.metrics for panel in flat}) == 1
            axes = made.subplots(lines, columns, squeeze=False, sharey=shared)
            for place, spot in enumerate(axes.flat):
                if place >= len(flat):
                    canvas.bare(spot)
                    continue
                self.draw(spot, flat[place], rows, layout)
                apart(spot, layout.width / columns - 48, layout.text)
                room = self.panel_width(rows, layout) * (0.76 if ends else 1) / columns - 10
                spot.set_xlabel(textwrap.fill(spot.get_xlabel(), max(8, int(room / (0.6 * layout.text)))))
                if flat[place].title:
                    letters = max(9, int((room + 8) / (0.68 * layout.text)))
                    title = flat[place].title.replace(" = ", " =\N{NO-BREAK SPACE}")
                    spot.set_title(textwrap.fill(title, letters))
                if shared and place % columns:
                    spot.set_ylabel("")
                if len(flat) - place > columns and shared:
                    spot.set_xlabel("")
            for place, names in ends.items():
                write_ends(axes.flat[place], names, layout, layout.width / columns, tall)
            if over:
                above = write_over(axes.flat[0], over, layout, self.panel_width(rows, layout) / columns)
                for spot in axes.flat[:columns]:
                    spot.set_title(spot.get_title(loc="left"), pad=9 + above)
            self.finish(made, list(axes.flat), rows)
            if keys:
                made.legend(handles=list(keys), loc="outside upper left", ncols=min(across, len(keys)))
        return made, sum(len(panel.marks) + len(panel.references) for panel in flat)

    def render(self, table: pd.DataFrame, folder: str, prefix: str) -> Rendering:
        """A wide and a narrow drawing, of which the page shows the one that fits; the wide one as a file."""
        alt = self.alt(table)
        wide, content = self._encode(table, WIDE, f"{prefix}-wide", alt)
        narrow, _ = self._encode(table, NARROW, f"{prefix}-narrow", alt)
        name = f"{self.name}.{'svg' if content.startswith(b'<svg') else 'png'}"
        return Rendering(
            html=f'<div class="wide">{wide}</div>\n<div class="narrow">{narrow}</div>',
            markdown=f"![{_in_brackets(alt)}]({folder}/{name})",
            caption=self.caption(table),
            files={name: content},
        )

    def card(self, table: pd.DataFrame, prefix: str) -> str:
        """One small drawing."""
        return self._encode(table, CARD, f"{prefix}-card", self.alt(table))[0]

    def _encode(self, table: pd.DataFrame, layout: Layout, prefix: str, alt: str) -> tuple[str, bytes]:
        """The drawing inline and as a file: SVG, or PNG above 2,000 marks."""
        made, count = self.sheet(table, layout)
        with canvas.style(layout):
            if count > canvas.MOST_MARKS:
                pixels = canvas.png(made)
                return canvas.inline_png(pixels, alt, layout.width), pixels
            document = canvas.svg(made, self.heading, alt)
            return canvas.inline_svg(document, prefix), document.encode()


def _in_lines(keys: Sequence[Artist], layout: Layout) -> tuple[int, int]:
    """Break the labels of these keys where the layout is too narrow for them: most letters, most lines."""
    for key in keys:
        key.set_label(textwrap.fill(str(key.get_label()), int((layout.width - 60) / (0.62 * layout.text))))
    told = [str(key.get_label()).split("\n") for key in keys]
    return max((len(line) for lines in told for line in lines), default=0), max(map(len, told), default=1)


def _in_brackets(text: str) -> str:
    """Text that can stand as an image's alternative in Markdown."""
    return " ".join(text.translate(str.maketrans("[]<>", "()()")).split())


def legend_of_series(picture: Picture, rows: pd.DataFrame, joined: bool) -> list[Line2D]:
    """A key for each level of hue that is drawn. joined: with the line between the markers."""
    if picture.hue is None:
        return []
    drawn = {mark.place[picture.by.index(picture.hue)] for mark in picture.marks(rows)}
    return [
        Line2D(
            [],
            [],
            color=look.colour,
            marker=look.marker,
            linestyle=look.dash if joined else "none",
            label=picture.title_of(picture.hue, level),
        )
        for level, look in picture.looks(rows).items()
        if level in drawn
    ]


_REFERENCE_DASHES: tuple[Dash, ...] = ((0, (1, 1.8)), "-", (0, (4, 2)), (0, (4, 1.6, 1, 1.6)), (0, (2, 1)))
