"""Names above a panel, each led to its mark in the topmost row, in place of a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from attnlab.report.figures.canvas import MUTED, Layout

APART = 7.0
"""The least distance between two leaders, in points."""


@dataclass(frozen=True)
class Over:
    """A name, the key a legend would have for it, and the mark it is led to, in the panel's own units."""

    name: str
    key: Line2D
    mark: tuple[float, float]


@dataclass(frozen=True)
class Seat:
    """Where a name is written: its leader's place across the panel (0 to 1), its line, and to which side."""

    name: Over
    across: float
    line: int
    side: int


def line_height(layout: Layout) -> float:
    """How much room a line of names takes, in points."""
    return 1.4 * layout.text


def seats(
    names: Sequence[Over], at: Sequence[tuple[float, float]], layout: Layout, width: float
) -> list[Seat]:
    """Where names are written, from the lowest line up. at: their marks, from 0 to 1; width: points.

    Up to some mark they are written to the right of their leaders, from there on to the left, the outermost on
    top; of all such divisions the one whose leaders cross fewest names, that stays in the panel, in fewest lines.
    """
    order = sorted(range(len(names)), key=lambda place: (at[place][0], at[place][1]))
    tried = [_seated(names, at, order[:cut], order[cut:], layout, width) for cut in range(len(order), -1, -1)]
    return min(tried, key=lambda found: _faults(found, layout, width))


def _seated(
    names: Sequence[Over],
    at: Sequence[tuple[float, float]],
    left: Sequence[int],
    right: Sequence[int],
    layout: Layout,
    width: float,
) -> list[Seat]:
    taken: list[tuple[float, float, int]] = []
    found = []
    for side, own in ((1, left[::-1]), (-1, right)):
        last = -math.inf
        for place in own:
            last = max(-side * at[place][0], last + APART / width)
            low, high = _span(Seat(names[place], -side * last, 0, side), layout, width)
            line = 1 + max((held for start, end, held in taken if low < end and start < high), default=-1)
            taken.append((low, high, line))
            found.append(Seat(names[place], -side * last, line, side))
    return found


def _faults(found: Sequence[Seat], layout: Layout, width: float) -> tuple[int, int, int]:
    """Names that leaders cross, names that leave the panel, and lines."""
    spans = [_span(seat, layout, width) for seat in found]
    crossed = sum(
        low < other.across * width < high and other.line > seat.line
        for seat, (low, high) in zip(found, spans, strict=True)
        for other in found
    )
    outside = sum(low < -8 or high > width + 8 for low, high in spans)
    return crossed, outside, max(seat.line for seat in found)


def _span(seat: Seat, layout: Layout, width: float) -> tuple[float, float]:
    """From where to where a name is written, in points."""
    near = seat.across * width
    far = near + seat.side * _length(seat.name, layout)
    return min(near, far) - 4, max(near, far) + 4


def _length(name: Over, layout: Layout) -> float:
    return 0.62 * layout.text * len(name.name) + 14


def write_over(axes: Axes, names: Sequence[Over], layout: Layout, width: float) -> float:
    """Write names above a panel of this width, in points; returns how high they are, in points."""
    onto = axes.transData + axes.transAxes.inverted()
    at = [(float(x), float(y)) for x, y in (onto.transform(one.mark) for one in names)]
    found, sheet = seats(names, at, layout, width), axes.get_figure()
    assert sheet is not None, "axes belong to a figure"
    for seat in found:
        up = 5 + line_height(layout) * (seat.line + 0.5)
        above, key = axes.transAxes + ScaledTranslation(0, up / 72, sheet.dpi_scale_trans), seat.name.key
        axes.annotate(
            "", seat.name.mark, (seat.across, 1), xycoords="data", textcoords=above, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
        )  # fmt: skip
        axes.plot(
            [seat.across + seat.side * 6 / width], [1], transform=above, clip_on=False, linestyle="none",
            color=key.get_color(), marker=key.get_marker(), markersize=key.get_markersize(),
            markeredgewidth=key.get_markeredgewidth(),
        )  # fmt: skip
        axes.annotate(
            seat.name.name, (seat.across + seat.side * 12 / width, 1), xycoords=above, va="center",
            ha="left" if seat.side == 1 else "right", annotation_clip=False,
        )  # fmt: skip
    return line_height(layout) * (1 + max(seat.line for seat in found))
