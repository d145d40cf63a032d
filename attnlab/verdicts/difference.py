"""The difference of two numbers of one metric with its 95 % interval, paired where the draws may be shared."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from attnlab.intervals import FEWEST_SUMMARIES, LEVEL, Interval

ROUNDING = 1e-9
"""Differences up to here are what sums in another order leave: no finding, however often they come back."""
How = Literal["same cell", "by repeat", "one seed", "independent"]
HOW: dict[How, str] = {
    "same cell": "both studies hold this very cell, and the difference is 0",
    "by repeat": "one seed: the difference is taken repeat by repeat, its interval by Student's t over the "
    "repeats; it holds whether or not the draws are shared, and is narrow where they are",
    "one seed": f"one seed, but fewer than {FEWEST_SUMMARIES} repeats on record, or the same difference in all "
    "of them: the draws may be shared, and the two intervals' half-widths add up",
    "independent": "two seeds: independent draws, and the two intervals' half-widths add up in quadrature",
}
"""How an interval of a difference was made, in words for the reader of a page."""


@dataclass(frozen=True)
class Difference:
    """The second number less the first, with its interval (NaN where there is none) and how that was made."""

    value: float
    low: float
    high: float
    how: How

    @property
    def known(self) -> bool:
        """True if there is an interval."""
        return bool(self.low <= self.high)

    @property
    def clear(self) -> int:
        """1 or -1 if the interval lies on one side of 0 and the value is no rounding, else 0."""
        return 0 if abs(self.value) <= ROUNDING else int(self.low > 0) - int(self.high < 0)

    def __str__(self) -> str:
        ends = f"[{self.low:+.3g}, {self.high:+.3g}]" if self.known else "(no interval)"
        value = f"{self.value:+.3g}" if self.value else "0"
        return value if self.how == "same cell" else f"{value} {ends}"


def difference(
    one: Interval,
    other: Interval,
    shared: bool,
    repeats: tuple[Sequence[float | None], Sequence[float | None]] = ((), ()),
) -> Difference:
    """`other` less `one`.

    shared: whether the two may have draws in common (one seed); repeats: both means by repeat, where they are
    known. Repeats are independent of each other, so the differences within them are too. Independent numbers:
    the ends of Newcombe (1998), method 10, for any two intervals (Zou & Donner 2008); none from an interval that
    says nothing.
    """
    value = other.value - one.value
    if shared:
        each = _by_repeat(one, other, *repeats)
        deviation = float(each.std(ddof=1)) if each.size >= FEWEST_SUMMARIES else 0.0
        if deviation > ROUNDING * abs(value):
            t = float(stdtrit(each.size - 1, (1 + LEVEL) / 2))
            half = t * deviation / float(np.sqrt(each.size))
            return Difference(value, value - half, value + half, "by repeat")
    if one.empty or other.empty:
        one, other = (dataclasses.replace(side, low=np.nan, high=np.nan) for side in (one, other))
    joined = np.add if shared else np.hypot
    below, above = (
        joined(one.high - one.value, other.value - other.low),
        joined(one.value - one.low, other.high - other.value),
    )
    return Difference(
        value, value - float(below), value + float(above), "one seed" if shared else "independent"
    )


def _by_repeat(
    one: Interval, other: Interval, left: Sequence[float | None], right: Sequence[float | None]
) -> np.ndarray:
    """The difference in every repeat; none unless both have as many, each with the same weight in its number."""
    if len(left) != len(right) or None in left or None in right or not left:
        return np.zeros(0)
    first, second = np.array(left, dtype=np.float64), np.array(right, dtype=np.float64)
    close = np.isclose([first.mean(), second.mean()], [one.value, other.value], rtol=1e-9, atol=1e-12)
    return second - first if close.all() else np.zeros(0)
