"""Lines on a map: where a column of cells crosses a level, and how a line is drawn that shows on every colour."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypedDict

from matplotlib.patheffects import AbstractPathEffect, withStroke

from attnlab.report.figures.canvas import SERIES, Dash

_DARK, _LIGHT = "#10141a", "#fefefd"
"""The same on a light page and on a dark one, as the colours of a map are."""
_LOOKS: tuple[tuple[str, Dash], ...] = (
    (_DARK, "-"),
    (SERIES[1], (0, (4, 1.5))),
    (SERIES[5], "-"),
    (SERIES[3], (0, (5, 1.5, 1.2, 1.5))),
)


class LineLook(TypedDict):
    """How a line on a map is drawn."""

    color: str
    linestyle: Dash
    linewidth: float
    path_effects: list[AbstractPathEffect]


def line_look(place: int) -> LineLook:
    """A line with an edge: the first dark on light, the others light on dark."""
    colour, dash = _LOOKS[place % len(_LOOKS)]
    edge = _LIGHT if colour == _DARK else _DARK
    return {
        "color": colour,
        "linestyle": dash,
        "linewidth": 1.5 if place < 2 else 1.1,
        "path_effects": [withStroke(linewidth=3.2 if place < 2 else 2.4, foreground=edge)],
    }


def is_line(points: Sequence[tuple[float, float]]) -> bool:
    """Whether points (x, y) make a line across a map: those of one column do not."""
    return len({x for x, _ in points}) > 1


def crossings(points: Sequence[tuple[float, float]], level: float) -> list[float]:
    """The heights at which a column of (height, value) crosses the level, interpolated upwards."""
    return [
        low + (level - before) / (after - before) * (high - low)
        for (low, before), (high, after) in itertools.pairwise(points)
        if min(before, after) <= level <= max(before, after) and before != after
    ]
