"""A share that is known between two certified counts, and the average over cells that are no sample."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from attnlab.intervals import Interval

MEET = 1e-9
"""Counts that leave no more than this share open leave nothing open."""


@dataclass(frozen=True)
class Average:
    """The average of a metric over `cells` at different settings, and its range over them.

    A grid is not a sample: there is no interval around its average.
    """

    value: float
    low: float
    high: float
    count: int
    cells: int

    def __str__(self) -> str:
        return self._told(f"{self.value:.3g}", f"{self.low:.3g}", f"{self.high:.3g}")

    @property
    def percent(self) -> str:
        """The average of a rate, in per cent: `82.6 % on average (46.5 to 98.5)`."""
        value, low, high = (f"{100 * number:.1f}" for number in (self.value, self.low, self.high))
        return self._told(f"{value} %", low, high)

    def _told(self, value: str, low: str, high: str) -> str:
        return f"{value} throughout" if low == high else f"{value} on average ({low} to {high})"


def remainder(share: Interval | Average) -> Interval | Average:
    """The share of the other trials, with its interval."""
    return dataclasses.replace(share, value=1 - share.value, low=1 - share.high, high=1 - share.low)


@dataclass(frozen=True)
class Bracket:
    """Between `kept` and `1 - lost`: in the trials between, nothing is certain.

    kept: the share of trials in which the answer is certainly yes; lost: certainly no; both over the same
    trials. Raises ValueError if they add up to more than 1.
    """

    kept: Interval | Average
    lost: Interval | Average

    def __post_init__(self) -> None:
        if self.kept.value + self.lost.value > 1 + MEET:
            raise ValueError(
                f"expected shares kept and lost of the same trials, got {self.kept.value} and {self.lost.value}"
            )

    @property
    def ends(self) -> tuple[Interval | Average, ...]:
        """The share that is kept at least and at most, each with its interval; one where nothing is open."""
        return (self.kept, remainder(self.lost)) if is_open(self) else (self.kept,)

    @property
    def open(self) -> float:
        """The share of trials in which nothing is certain."""
        return max(0.0, 1 - self.kept.value - self.lost.value)

    @property
    def count(self) -> int:
        """The trials behind it."""
        return self.kept.count

    @property
    def value(self) -> float:
        """What is certainly kept."""
        return self.ends[0].value

    @property
    def low(self) -> float:
        """The lowest share that the lower end's interval allows."""
        return self.ends[0].low

    @property
    def high(self) -> float:
        """The highest share that the upper end's interval allows."""
        return self.ends[-1].high

    def __str__(self) -> str:
        return " to ".join(map(str, self.ends))

    @property
    def percent(self) -> str:
        """The bracket in per cent: `12.0 % [9.0, 15.8] to 85.0 % [80.6, 88.6]`."""
        return " to ".join(end.percent for end in self.ends)

    @property
    def of_loss(self) -> Bracket:
        """The same trials, asked whether the answer is no."""
        return Bracket(self.lost, self.kept)


Number = Interval | Average | Bracket
"""What a claim may state: one cell's estimate, an average over a grid, a share between two certified counts."""


def is_open(number: Number) -> bool:
    """Whether a number is a share that something leaves open: then, and only then, it has two ends."""
    return isinstance(number, Bracket) and number.open > MEET


def ends_of(number: Number) -> tuple[Interval | Average, ...]:
    """The two ends of a share that something leaves open; every other number by itself."""
    return number.ends if isinstance(number, Bracket) else (number,)
