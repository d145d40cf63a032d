"""A number over many trials with its 95 % interval.

Trials that share a draw (values that come back, one fitted probe, one trained layer) form a group; groups are
independent, trials within one need not be. The variance of a mean is that of its group totals (Cochran 1977),
with Student's t for their few degrees of freedom, never below what independent trials would have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri, stdtrit

from attnlab.shapes import Array

LEVEL = 0.95
Z = float(ndtri((1 + LEVEL) / 2))
FEWEST = 10
"""Trials below which there is no interval."""
FEWEST_SUMMARIES = 5
"""The same for numbers that each sum up a whole repeat."""
CORRELATION, TRUST = 0.3, 0.8
"""Correlation within a group that is assumed where the groups cannot tell, and how soon they are trusted."""
NOTHING = 1e-3
"""An interval of a share that leaves out no more than this at either end says nothing."""
ROUNDING = 1e-9
"""A lower end this small beside the upper one is printed as 0."""
CONSTANT = 1e-12
"""Values that differ by no more than this, relatively, are one number and the rounding of it: no interval."""
RARE = 10
"""With fewer events than this, or fewer trials without, Wilson's interval can be too narrow."""
SHARPEST = 1e70
"""Means of numbers near the smallest a float holds have intervals as small: this many times narrower than
their bounds is narrow enough, and no square overflows."""


@dataclass(frozen=True)
class Measure:
    """What is known of a metric before it is measured; an experiment declares it in `MEASURES`.

    low, high: no value leaves them, and no interval; share: each value is 0 or 1, NaN where the question does
    not arise (a boolean array is a share without being declared); whole: it depends on something made once per
    repeat (a fitted probe, a trained layer), so that a repeat is one group; absent: there are cells in which no
    trial has a value, as the question does not arise there (without it such a cell fails); unless, otherwise: a
    fact that a part may declare (`decoder:signed`), and what is known where it does; about_position: bits about a
    position, at most log2 of the positions there are; most: that, once it is known: no interval passes it. Raises
    ValueError for bounds that are not low < high, or for an upper one alone.
    """

    low: float = -np.inf
    high: float = np.inf
    share: bool = False
    whole: bool = False
    absent: bool = False
    unless: str = ""
    otherwise: Measure | None = None
    about_position: bool = False
    most: float = np.inf

    def __post_init__(self) -> None:
        if not self.low < self.high or (np.isinf(self.low) and np.isfinite(self.high)):
            raise ValueError(f"expected low < high, or a lower bound alone, got [{self.low}, {self.high}]")

    @property
    def sometimes(self) -> Measure:
        """The same of a question that does not arise in every cell."""
        return dataclasses.replace(self, absent=True)

    def given(self, facts: Mapping[str, object]) -> Measure:
        """What is known in a cell whose parts declare these facts."""
        return self.otherwise if self.otherwise is not None and facts.get(self.unless) else self

    def among(self, positions: int | None) -> Measure:
        """What is known where trials see this many positions at most; None where that is not known."""
        if not self.about_position or not positions:
            return self
        return dataclasses.replace(self, most=float(np.log2(positions)))

    def refusal(self, values: Array) -> str | None:
        """Why finite values cannot be of this metric, or None if they can; rounding may pass a bound by 1e-9."""
        if self.share and not np.isin(values, (0.0, 1.0)).all():
            return "expected 0, 1 or NaN in each trial of a share"
        high = min(self.high, self.most)
        off = max(self.low - values.min(initial=np.inf), values.max(initial=-np.inf) - high)
        return f"expected values in [{self.low:g}, {high:g}], got one {off:g} outside" if off > 1e-9 else None


ANY = Measure()
SHARE = Measure(0.0, 1.0, share=True)
UNIT = Measure(0.0, 1.0)
NONNEGATIVE = Measure(0.0)
BITS = Measure(0.0, about_position=True)
"""Of an entropy over positions, or of information about one."""
DISTANCE = Measure(0.0, 1.0, unless="decoder:signed", otherwise=NONNEGATIVE)
"""Of the total variation from weights to what a decoder makes of them: at most 1 between points of the simplex."""


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval, the trials behind it and what they are worth if independent.

    low, high: NaN where there is no interval; effective: as many independent trials would tell as much.
    """

    value: float
    low: float
    high: float
    count: int
    effective: float

    @property
    def known(self) -> bool:
        """True if there is an interval."""
        return bool(self.low <= self.high)

    @property
    def empty(self) -> bool:
        """True for an interval from 0 to 1: of a share, whose trials are too few to leave anything out."""
        return 0 <= self.low <= NOTHING and 1 - NOTHING <= self.high <= 1

    @property
    def silent(self) -> bool:
        """True if it says nothing: there is none, or it leaves nothing out."""
        return not self.known or self.empty

    def __str__(self) -> str:
        return f"{self.value:.3g} {self._ends(1, '.3g')}"

    @property
    def percent(self) -> str:
        """The interval of a rate, in per cent."""
        return f"{100 * self.value:.1f} % {self.allowed}"

    @property
    def allowed(self) -> str:
        """What the interval of a rate allows, in per cent: `[9.0, 88.6]`, or why there is none."""
        return self._ends(100, ".1f")

    def _ends(self, unit: float, form: str) -> str:
        """The interval in words; one that says nothing is not printed."""
        if not self.known and not (self.count >= FEWEST and self.effective < 1):
            return "(no interval)"
        if self.silent:
            few = "trials" if self.count < FEWEST else "independent groups"
            return f"(no interval: too few {few})"
        low = 0.0 if 0 < self.low < ROUNDING * self.high else self.low
        return f"[{unit * low:{form}}, {unit * self.high:{form}}]"


def wilson(rate: float, count: float) -> tuple[float, float]:
    """Wilson's score interval for a rate seen over `count` independent trials (Wilson 1927).

    Raises ValueError if there are no trials.
    """
    if count <= 0:
        raise ValueError(f"expected at least one trial, got {count}")
    z2 = Z**2
    centre = (rate + z2 / (2 * count)) / (1 + z2 / count)
    half = np.sqrt(z2 * (rate * (1 - rate) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def rate_ends(rate: float, count: float) -> tuple[float, float]:
    """Wilson's interval; where there are few events, or few trials without, at least Clopper & Pearson's (1934).

    There Wilson's covers as little as 84 % (Brown, Cai & DasGupta 2001). count may be a fraction.
    """
    low, high = wilson(rate, count)
    hits, tail = rate * count, (1 - LEVEL) / 2
    if min(hits, count - hits) < RARE:
        low = min(low, float(betaincinv(hits, count - hits + 1, tail)) if rate > 0 else 0.0)
        high = max(high, float(betaincinv(hits + 1, count - hits, 1 - tail)) if rate < 1 else 1.0)
    return low, high


def interval(values: Array, measure: Measure = ANY, group: NDArray[np.int64] | None = None) -> Interval:
    """The mean of values (N,) with its interval inside the measure's bounds.

    group (N,): trials that share a number share a draw; each is its own if not given. Rates and means between
    two bounds get a score interval, means above a bound one that is symmetric in logarithms, others a
    symmetric one. Raises ValueError without values.
    """
    if values.size == 0:
        raise ValueError("expected at least one value, got none")
    count, value = values.size, float(values.mean())
    if np.abs(values - value).max() <= CONSTANT * np.abs(values).max():
        values = np.full(count, value := float(values[0]))
    sizes, totals = _groups(values, group)
    groups = sizes.size
    needed = FEWEST_SUMMARIES if measure.whole and groups == count else FEWEST
    if groups < 2:
        return Interval(value, np.nan, np.nan, count, 1.0)
    unit = float(np.abs(values - value).max()) or 1.0  # so that no square overflows or vanishes
    alone = float((((values - value) / unit) ** 2).mean()) / (count if measure.share else count - 1)
    residual = (totals - value * sizes) / (unit * count)
    between = groups / (groups - 1) * float(residual @ residual)
    bounded = bool(np.isfinite(measure.high))
    rarer = min(value - measure.low, measure.high - value) / unit if bounded else np.inf
    effect = _design_effect(alone, between, sizes, rarer)
    binomial = measure.share and groups == count  # its variance is known, not estimated
    t = Z if binomial else float(stdtrit(groups - 1, (1 + LEVEL) / 2))
    effective = count / effect * (Z / t) ** 2
    if count < needed or (measure.share and effective <= 1):
        return Interval(value, np.nan, np.nan, count, effective)
    deviation = unit * float(np.sqrt(alone * effect))
    low, high = _ends(value, t * deviation, effective, measure)
    return Interval(value, low, min(high, max(value, measure.most)), count, effective)


def _groups(values: Array, group: NDArray[np.int64] | None) -> tuple[Array, Array]:
    """The size and the total of every group that has values."""
    if group is None:
        return np.ones(values.size), values
    sizes = np.bincount(group).astype(np.float64)
    totals = np.bincount(group, weights=values).astype(np.float64)
    return sizes[sizes > 0], totals[sizes > 0]


def _design_effect(alone: float, between: float, sizes: Array, rarer: float) -> float:
    """How much larger the variance of the mean is than that of independent trials; at least 1.

    alone, between: that variance if trials were independent, and as the groups show it; rarer: how far the mean
    is from its nearer bound. Where few groups hold the rarer kind of event (their totals vary a lot relative to
    their mean) the estimate is worthless and, worse, small together with the rate: the more so, the more of the
    assumed correlation takes its place.
    """
    if sizes.max() == 1:
        return 1.0
    seen = between / alone if alone > 0 else 1.0
    if np.isinf(rarer):
        return max(1.0, seen)
    assumed = 1 + CORRELATION * (float((sizes**2).sum() / sizes.sum()) - 1)
    variation = between * sizes.size / rarer**2 if rarer > 0 else np.inf
    doubt = 1.0 if np.isinf(variation) else variation / (variation + TRUST * sizes.size)
    return max(1.0, seen, (1 - doubt) * seen + doubt * assumed)


def _ends(value: float, half: float, effective: float, measure: Measure) -> tuple[float, float]:
    """The ends of the interval; half: the symmetric one's half-width."""
    if np.isfinite(measure.high):
        width = measure.high - measure.low
        rate = min(max((value - measure.low) / width, 0.0), 1.0)
        if 0 < rate < 1:
            if half == 0.0:
                return np.nan, np.nan  # the same inside the bounds in every trial: nothing to go by
            root = float(np.sqrt(rate * (1 - rate))) * (Z * width / half)
            effective = min(root, SHARPEST) ** 2
        low, high = rate_ends(rate, effective)
        return measure.low + width * low, measure.low + width * high
    if half == 0.0:
        return np.nan, np.nan
    if np.isfinite(measure.low):
        above = value - measure.low
        return measure.low + above * np.exp(-half / above), measure.low + above * np.exp(half / above)
    return value - half, value + half


def pool_rates(parts: Sequence[Interval], draws: Sequence[Hashable] | None = None) -> Interval:
    """One rate over several cells, each with the weight of its trials.

    draws: what each cell drew its trials from; cells with the same draws (a paired design: same seed, same
    inputs) are taken as fully dependent, cells with different ones as independent. Not given: all the same,
    which is safe whatever they share.
    """
    share = _shares(parts)
    worth = 1 / _joined(share, [part.effective**-0.5 for part in parts], draws) ** 2
    count = sum(part.count for part in parts)
    rate = float(share @ [part.value for part in parts])
    told = count >= FEWEST and worth > 1
    return Interval(rate, *(rate_ends(rate, worth) if told else (np.nan, np.nan)), count, worth)


def pool_means(parts: Sequence[Interval], draws: Sequence[Hashable] | None = None) -> Interval:
    """One mean over several cells, each with the weight of its trials; draws as for `pool_rates`.

    There is no interval if one of the parts has none.
    """
    share = _shares(parts)
    mean = float(share @ [part.value for part in parts])
    below = _joined(share, [part.value - part.low for part in parts], draws)
    above = _joined(share, [part.high - part.value for part in parts], draws)
    worth = 1 / _joined(share, [part.effective**-0.5 for part in parts], draws) ** 2
    return Interval(mean, mean - below, mean + above, sum(part.count for part in parts), worth)


def _shares(parts: Sequence[Interval]) -> Array:
    counts = np.array([part.count for part in parts], dtype=np.float64)
    return counts / counts.sum()


def _joined(share: Array, widths: Sequence[float], draws: Sequence[Hashable] | None) -> float:
    """The width of a weighted sum: widths add up within the same draws, in quadrature between different ones."""
    sums: dict[Hashable, float] = {}
    for weight, width, draw in zip(share, widths, draws or [None] * len(widths), strict=True):
        sums[draw] = sums.get(draw, 0.0) + float(weight) * width
    return float(np.linalg.norm(list(sums.values())))
