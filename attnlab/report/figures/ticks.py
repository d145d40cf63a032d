"""Scales and ticks of a figure's axes: where values end, which ticks have words, and what these are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from attnlab.report.pooling import Mark
from attnlab.report.words import raised
from attnlab.shapes import Array


def apart(axes: Axes, width: float, letters: float) -> None:
    """Leave out the words of ticks of x that would touch others; the outermost stay. width, letters: points."""
    formatter = axes.xaxis.get_major_formatter()
    if not isinstance(formatter, FixedFormatter) or not formatter.seq:
        return
    at = axes.transAxes.inverted().transform(
        axes.transData.transform([(place, 0.5) for place in axes.xaxis.get_majorticklocs()])
    )[:, 0]
    words = list(formatter.seq)
    halves = [0.33 * letters * len(word) + 2 for word in words]
    kept: list[int] = []
    for place in dict.fromkeys([len(words) - 1, 0, *reversed(range(len(words)))] if words else []):
        if all(abs(at[place] - at[other]) * width > halves[place] + halves[other] for other in kept):
            kept.append(place)
    axes.xaxis.set_major_formatter(
        FixedFormatter([word if place in kept else "" for place, word in enumerate(words)])
    )


def value_ticks(axis: Axis, values: Sequence[float], most: int = 7) -> None:
    """Ticks at the values that were measured; if these are many, some of them or round numbers."""
    if len(values) > 2 * most and axis.get_scale() == "linear":
        axis.set_major_locator(MaxNLocator(most - 1))
        axis.set_major_formatter(lambda value, _: f"{value:.4g}")
        return
    step = 1 if axis is axis.axes.xaxis and len(values) <= 2 * most else max(1, -(-len(values) // most))
    shown = list(values)[::step]
    axis.set_major_locator(FixedLocator(shown))
    axis.set_major_formatter(FixedFormatter([f"{value:.3g}" for value in shown]))
    axis.set_minor_locator(NullLocator())


def evenly(values: Sequence[float]) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """From ascending values to places one apart and back: straight between them, beyond them as at the end."""
    at, places = np.asarray(values, dtype=float), np.arange(len(values), dtype=float)
    return (lambda x: _straight(x, at, places)), (lambda x: _straight(x, places, at))


def _straight(x: Array, start: Array, end: Array) -> Array:
    """The line through the points (start, end), its first and last pieces going on."""
    x = np.asarray(x, dtype=float)
    piece = np.clip(np.searchsorted(start, x) - 1, 0, len(start) - 2)
    slope = np.diff(end) / np.diff(start)
    return np.asarray(end[piece] + slope[piece] * (x - start[piece]))


def in_a_decade(values: pd.Series) -> bool:
    """Whether an axis shows the same of these numbers, logarithmic or not: it hides none, nor heaps them up."""
    return bool(len(values) and values.min() > 0 and values.max() <= 10 * values.min())


def value_scale(axes: Axes, marks: Sequence[Mark], logarithmic: bool, along: Axis | None = None) -> None:
    """The axis of the values (y unless `along` says x): rates and shares from 0 to 1, the rest by the data."""
    axis = along or axes.yaxis
    limits = axes.set_xlim if axis is axes.xaxis else axes.set_ylim
    ends = [end for mark in marks for end in (mark.interval.low, mark.interval.high, mark.interval.value)]
    ends = [end for end in ends if math.isfinite(end)]
    if logarithmic:
        (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
        positive = [end for end in ends if end > 0] or [1.0]
        limits(min(positive) / 1.6, max(positive) * 1.6)
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, _: power(value))
        return
    if all(mark.kind == "rate" for mark in marks) or (
        ends and 0 <= min(ends) < 0.48 and 0.6 < max(ends) <= 1
    ):
        limits(-0.035, 1.035)
        axis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
        axis.set_major_formatter(FixedFormatter(["0", ".25", ".5", ".75", "1"]))
        return
    if ends and min(ends) >= 0.48 and 0.75 < max(ends) <= 1:
        limits(0.48, 1.02)
        axis.set_major_locator(FixedLocator([0.5, 0.6, 0.7, 0.8, 0.9, 1]))
        axis.set_major_formatter(FixedFormatter([".5", ".6", ".7", ".8", ".9", "1"]))
        return
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    low = 0.0 if 0 <= low < 0.5 * high else low
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.05
    limits(low - (room if low else 0.6 * room), high + room)
    axis.set_major_formatter(lambda value, _: f"{value:.4g}")


def colour_ends(values: Sequence[float], rates: bool) -> tuple[float, float]:
    """Where a scale of colours starts and ends: at 0 and 1 for rates and shares, else by the data.

    One value in all cells tells no range: it is shown from 0 to 1 if it lies there, else in the middle of a scale
    of its own size.
    """
    low, high = min(values), max(values)
    alone = math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-12)
    if rates or (low >= 0 and high <= 1 and (alone or high > 0.5)):
        return 0.0, 1.0
    room = 0.5 * abs(low) if alone else 0.0
    return low - room, high + room


def power(value: float) -> str:
    """A power of ten: 10⁻³; plain from 0.01 to 1000."""
    if 0.01 <= value <= 1000:
        return f"{value:g}"
    exponent = f"{value:.0e}".split("e")[1]
    return "10" + raised(int(exponent))


def box_edges(values: np.ndarray, logarithmic: bool) -> dict[float, tuple[float, float]]:
    """For each distinct value, the ends of its interval: half-way (on the axis) to its neighbours."""
    distinct = np.unique(values)
    flat = np.log(distinct) if logarithmic else distinct
    steps = np.diff(flat) / 2 if len(flat) > 1 else np.array([0.5])
    low, high = (
        flat - np.append(steps[0], steps)[: len(flat)],
        flat + np.append(steps, steps[-1])[: len(flat)],
    )
    if logarithmic:
        low, high = np.exp(low), np.exp(high)
    return {float(value): (float(a), float(b)) for value, a, b in zip(distinct, low, high, strict=True)}
