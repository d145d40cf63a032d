"""How often the nominal 95 % intervals hold the truth, by simulation, at the designs that are shipped."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from attnlab.intervals import (
    ANY,
    NONNEGATIVE,
    SHARE,
    UNIT,
    Interval,
    Measure,
    interval,
    pool_means,
    pool_rates,
)
from attnlab.shapes import Array

STUDIES = 600
SHORTFALL = 0.03
"""600 studies tell a coverage of .93 to .01; three of these below would be .90."""
LEAST = 0.93
DESIGNS = [(5, 40), (5, 200), (10, 40), (10, 200)]
"""Repeats and trials of size=quick and size=full, and of the studies that set their own."""


def covered(made: list[Interval], truth: float) -> float:
    return float(np.mean([found.low <= truth <= found.high for found in made]))


def rates(rng: np.random.Generator, p: float, correlation: float, repeats: int) -> Array:
    """The rate of each repeat: p for all, or Beta with this correlation between the trials of a repeat."""
    if correlation == 0.0:
        return np.full(repeats, p)
    size = 1 / correlation - 1
    return rng.beta(p * size, (1 - p) * size, repeats)


@pytest.mark.parametrize(("repeats", "trials"), DESIGNS)
@pytest.mark.parametrize("correlation", [0.0, 0.02, 0.1, 0.3])
def test_rates_of_trials_that_share_a_draw(repeats: int, trials: int, correlation: float) -> None:
    """From rare to even events, from no correlation within a repeat to what the intervals assume at most."""
    rng = np.random.default_rng([repeats, trials, int(100 * correlation)])
    group = np.repeat(np.arange(repeats), trials)
    for p in (0.01, 0.05, 0.1, 0.3, 0.5, 0.9, 0.98):
        made = [
            interval(
                (rng.random(group.size) < rates(rng, p, correlation, repeats)[group]).astype(np.float64),
                SHARE,
                group,
            )
            for _ in range(STUDIES // 3)
        ]
        assert covered(made, p) >= LEAST - SHORTFALL, p


@pytest.mark.parametrize("count", [15, 200, 2000])
def test_rates_of_independent_trials(count: int) -> None:
    """Exactly, by summing the binomial law: no truth, however rare, is held in less than 93 % of studies."""
    from scipy.stats import binom

    hits = np.arange(count + 1)
    ends = np.array([(found.low, found.high) for found in map(lambda k: _hits(int(k), count), hits)])
    for p in np.concatenate([np.linspace(0.1, 0.9, 33), np.geomspace(0.05 / count, 0.1, 30)]):
        held = (ends[:, 0] <= p) & (p <= ends[:, 1])
        assert binom.pmf(hits, count, p)[held].sum() >= LEAST, p


def _hits(hits: int, count: int) -> Interval:
    return interval((np.arange(count) < hits).astype(np.float64), SHARE)


SHAPES: dict[str, tuple[Callable[[np.random.Generator, int], Array], float, Measure]] = {
    "normal": (lambda rng, size: rng.standard_normal(size), 0.0, ANY),
    "exponential": (lambda rng, size: rng.exponential(size=size), 1.0, NONNEGATIVE),
    "lognormal": (lambda rng, size: np.exp(rng.standard_normal(size)), float(np.exp(0.5)), NONNEGATIVE),
    "near zero": (lambda rng, size: rng.beta(0.3, 5.7, size), 0.05, UNIT),
    "both ends": (lambda rng, size: rng.beta(0.2, 0.2, size), 0.5, UNIT),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("repeats", "trials"), [(5, 40), (10, 200)])
def test_means_of_independent_trials(shape: str, repeats: int, trials: int) -> None:
    draw, truth, measure = SHAPES[shape]
    rng = np.random.default_rng([repeats, len(shape)])
    made = [interval(draw(rng, repeats * trials), measure) for _ in range(STUDIES)]
    assert covered(made, truth) >= LEAST - SHORTFALL / 2


@pytest.mark.parametrize("repeats", [5, 10])
@pytest.mark.parametrize("shift", [0.0, 0.3, 2.0])
def test_means_of_trials_that_share_a_draw(repeats: int, shift: float) -> None:
    """Each repeat has a level of its own, from none to twice the spread of its trials."""
    rng = np.random.default_rng([repeats, int(10 * shift)])
    group = np.repeat(np.arange(repeats), 40)
    made = [
        interval(rng.standard_normal(group.size) + shift * rng.standard_normal(repeats)[group], ANY, group)
        for _ in range(STUDIES)
    ]
    assert covered(made, 0.0) >= LEAST - SHORTFALL / 2


@pytest.mark.parametrize("repeats", [5, 10])
def test_one_number_a_repeat(repeats: int) -> None:
    rng = np.random.default_rng(repeats)
    made = [interval(rng.standard_normal(repeats), Measure(whole=True)) for _ in range(2 * STUDIES)]
    assert covered(made, 0.0) >= LEAST
    held = [
        interval(np.exp(0.3 * rng.standard_normal(repeats)), Measure(0.0, whole=True)) for _ in range(STUDIES)
    ]
    assert covered(held, float(np.exp(0.045))) >= LEAST - SHORTFALL / 2


def test_values_that_come_back_are_one_group() -> None:
    """Four values serve 200 trials of one repeat: what they are worth is counted in values, not in trials."""
    rng = np.random.default_rng(0)
    group = np.arange(200) % 4
    made = [
        interval((rng.random(200) < rates(rng, 0.1, 0.3, 4)[group]).astype(np.float64), SHARE, group)
        for _ in range(STUDIES)
    ]
    assert covered(made, 0.1) >= LEAST
    assert np.median([found.effective for found in made]) < 20


@pytest.mark.parametrize("kind", ["rate", "mean"])
@pytest.mark.parametrize("paired", [True, False])
def test_pooled_cells_that_share_their_draws(kind: str, paired: bool) -> None:
    """Six cells over the same trials, or over trials of their own: the pooled interval holds the common truth."""
    rng = np.random.default_rng([len(kind), paired])
    pool, made = (pool_rates, SHARE) if kind == "rate" else (pool_means, ANY), []
    for _ in range(STUDIES):
        common = rng.random(100)
        drawn = [common if paired else rng.random(100) for _ in range(6)]
        parts = [
            interval((u < 0.3).astype(np.float64) if kind == "rate" else u - 0.2, pool[1]) for u in drawn
        ]
        made.append(pool[0](parts, [0] * 6 if paired else range(6)))
    assert covered(made, 0.3) >= LEAST - SHORTFALL / 2
    width = np.mean([found.high - found.low for found in made])
    alone = np.mean([interval((rng.random(100) < 0.3).astype(np.float64), SHARE).high for _ in range(100)])
    assert width > 0 and alone > 0.3
    assert (made[0].effective > 400) == (not paired)


def test_unknown_draws_are_taken_as_shared() -> None:
    parts = [interval((np.arange(100) < 30).astype(np.float64), SHARE)] * 4
    assert pool_rates(parts).effective == pytest.approx(100)
    assert pool_rates(parts, range(4)).effective == pytest.approx(400)


VALUES: list[tuple[str, Array, Measure]] = [
    ("share of three trials", np.array([1.0, 0.0, 0.0]), SHARE),
    ("one trial", np.array([1.0]), SHARE),
    ("nine trials", np.arange(9.0), ANY),
    ("the same unbounded number", np.full(200, 2.5), ANY),
    ("the same number inside its bounds", np.full(200, 0.5), UNIT),
]


@pytest.mark.parametrize(
    ("values", "measure"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES]
)
def test_no_interval_where_nothing_is_known(values: Array, measure: Measure) -> None:
    found = interval(values, measure)
    assert np.isnan(found.low) and np.isnan(found.high) and not found.known
    assert str(found).endswith("(no interval)") and found.percent.endswith("% (no interval)")


def test_one_group_has_no_interval() -> None:
    found = interval(np.arange(300.0), ANY, np.zeros(300, dtype=np.int64))
    assert not found.known and found.effective == 1.0


@pytest.mark.parametrize("measure", [SHARE, UNIT])
@pytest.mark.parametrize("groups", [200, 5])
@pytest.mark.parametrize("at", [0.0, 1.0])
def test_never_and_always_are_not_certain(measure: Measure, groups: int, at: float) -> None:
    found = interval(np.full(200, at), measure, np.arange(200) % groups)
    assert 0 <= found.low <= at <= found.high <= 1 and 0.01 < found.high - found.low < 0.4


def bounded(rng: np.random.Generator) -> tuple[Array, Measure, NDArray[np.int64]]:
    low, width = 10 * rng.standard_normal(), 10 ** rng.uniform(-3, 3)
    measure = Measure(low, low + width if rng.random() < 0.6 else np.inf)
    a, b = (float(shape) for shape in 10 ** rng.uniform(-2, 1, 2))
    values = low + width * rng.beta(a, b, 40)
    return values, measure, rng.integers(1 + rng.integers(40), size=40)


def test_no_interval_leaves_the_bounds_or_its_own_value() -> None:
    rng = np.random.default_rng(5)
    for _ in range(400):
        values, measure, group = bounded(rng)
        found = interval(values, measure, group)
        assert not found.known or measure.low <= found.low <= found.value <= found.high <= measure.high
        assert found.effective <= 40


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_unit_of_a_metric_does_not_matter(scale: float) -> None:
    values = np.random.default_rng(0).exponential(size=50)
    for measure in (ANY, NONNEGATIVE):
        near, far = interval(values, measure), interval(scale * values, measure)
        assert far.low == pytest.approx(scale * near.low) and far.high == pytest.approx(scale * near.high)


def test_a_measure_refuses_what_it_excludes() -> None:
    assert UNIT.refusal(np.array([0.0, 1.0 + 1e-12])) is None
    assert "0.5 outside" in str(UNIT.refusal(np.array([1.5])))
    assert "0, 1 or NaN" in str(SHARE.refusal(np.array([0.5])))
    for low, high in ((1.0, 1.0), (-np.inf, 1.0)):
        with pytest.raises(ValueError, match="low < high"):
            Measure(low, high)


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        interval(np.zeros(0))


def test_a_mean_over_groups_is_students_interval_of_their_means() -> None:
    """Groups of one size that disagree: the textbook's interval of five numbers."""
    from scipy.stats import sem, t

    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(5), 40)
    values = rng.standard_normal(200) + 10 * rng.standard_normal(5)[group]
    means = values.reshape(5, 40).mean(axis=1)
    found = interval(values, ANY, group)
    assert (found.low, found.high) == pytest.approx(t.interval(0.95, 4, means.mean(), sem(means)))


def test_ten_trials_are_enough_and_a_narrow_mean_has_a_narrow_interval() -> None:
    assert interval(np.arange(10.0)).known and interval((np.arange(10) < 4).astype(np.float64), SHARE).known
    near = interval(np.linspace(0.49, 0.51, 100), UNIT)
    assert near.high - near.low < 0.005


def test_pooling_too_little_gives_no_interval() -> None:
    few = interval(np.array([1.0, 0.0, 0.0]), SHARE)
    assert not pool_rates([few] * 3, range(3)).known and pool_rates([few] * 4, range(4)).known
    group = interval((np.arange(200) < 60).astype(np.float64), SHARE, np.zeros(200, dtype=np.int64))
    assert not pool_rates([group, group]).known and pool_rates([group] * 5, range(5)).known
    assert not pool_means([interval(np.arange(9.0)), interval(np.arange(50.0))]).known
