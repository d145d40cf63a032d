"""Numbers with their intervals: Wilson for rates, bootstrap for means, both widened where repeats disagree.

Trials within a repeat may share draws (one fitted probe, one fixed V). The design effect says by how much the
repeats vary more than independent trials would; the effective count is the count divided by it, never more
than the count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from attnlab.shapes import Array

LEVEL = 0.95
RESAMPLES = 1000
BATCH = 1_000_000


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval, the trials behind it and what they are worth if independent."""

    value: float
    low: float
    high: float
    count: int
    effective: float

    def __str__(self) -> str:
        constant = self.low == self.value == self.high  # the same in every trial: there is nothing to bracket
        return f"{self.value:.3g}" if constant else f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"

    @property
    def percent(self) -> str:
        """The interval of a rate, in per cent."""
        return f"{100 * self.value:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}]"


def wilson(rate: float, count: float) -> tuple[float, float]:
    """Wilson's score interval for a rate seen over `count` independent trials (Wilson 1927).

    Raises ValueError if there are no trials.
    """
    if count <= 0:
        raise ValueError(f"expected at least one trial, got {count}")
    z2 = float(ndtri((1 + LEVEL) / 2)) ** 2
    centre = (rate + z2 / (2 * count)) / (1 + z2 / count)
    half = np.sqrt(z2 * (rate * (1 - rate) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def design_effect(repeats: Sequence[Array]) -> float:
    """How much more the means of the repeats vary than those of independent trials would; at least 1.

    repeats: one array of finite trials each. With fewer than two repeats nothing is known and 1 is returned.
    """
    filled = [repeat for repeat in repeats if repeat.size]
    if len(filled) < 2:
        return 1.0
    pooled = np.concatenate(filled)
    expected = float(pooled.var() * np.mean([1 / repeat.size for repeat in filled]))
    if expected == 0.0:
        return 1.0
    seen = float(np.var([repeat.mean() for repeat in filled], ddof=1))
    return max(1.0, seen / expected)


def rate_interval(repeats: Sequence[Array]) -> Interval:
    """The rate of ones over all repeats, with Wilson's interval at the effective count."""
    pooled = np.concatenate(list(repeats))
    effective = pooled.size / design_effect(repeats)
    rate = float(pooled.mean())
    return Interval(rate, *wilson(rate, effective), int(pooled.size), effective)


def mean_interval(repeats: Sequence[Array], rng: np.random.Generator) -> Interval:
    """The mean over all repeats, with the percentile bootstrap interval widened by the design effect."""
    pooled = np.concatenate(list(repeats))
    effect = design_effect(repeats)
    mean = float(pooled.mean())
    if np.ptp(pooled) == 0.0:
        return Interval(mean, mean, mean, int(pooled.size), pooled.size / effect)
    batch = max(1, BATCH // pooled.size)
    means = [
        pooled[rng.integers(pooled.size, size=(min(batch, RESAMPLES - start), pooled.size))].mean(axis=1)
        for start in range(0, RESAMPLES, batch)
    ]
    low, high = np.quantile(np.concatenate(means), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    widen = np.sqrt(effect)
    return Interval(
        mean,
        mean - widen * (mean - low),
        mean + widen * (high - mean),
        int(pooled.size),
        pooled.size / effect,
    )


def pool_rates(parts: Sequence[Interval]) -> Interval:
    """One rate over several cells: counts add up, and so do effective counts."""
    count = sum(part.count for part in parts)
    effective = sum(part.effective for part in parts)
    rate = sum(part.value * part.count for part in parts) / count
    return Interval(rate, *wilson(rate, effective), count, effective)


def pool_means(parts: Sequence[Interval]) -> Interval:
    """One mean over several independent cells, weighted by their counts; half-widths add in quadrature."""
    count = sum(part.count for part in parts)
    share = np.array([part.count / count for part in parts])
    mean = float(share @ np.array([part.value for part in parts]))
    below = float(np.linalg.norm(share * np.array([part.value - part.low for part in parts])))
    above = float(np.linalg.norm(share * np.array([part.high - part.value for part in parts])))
    return Interval(mean, mean - below, mean + above, count, sum(part.effective for part in parts))
