"""Intervals: known values, coverage where trials are independent, honesty where repeats disagree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from attnlab.intervals import design_effect, mean_interval, pool_means, pool_rates, rate_interval, wilson
from attnlab.verdicts import Average, interval, rows


@pytest.mark.parametrize(("hits", "count"), [(0, 10), (3, 10), (10, 10), (17, 40), (199, 200)])
def test_wilson_agrees_with_scipy(hits: int, count: int) -> None:
    oracle = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert wilson(hits / count, count) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


def test_wilson_needs_a_trial() -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        wilson(0.5, 0)


@given(st.integers(0, 50), st.integers(1, 50))
def test_wilson_holds_the_rate_inside_the_unit_interval(hits: int, more: int) -> None:
    count = hits + more
    low, high = wilson(hits / count, count)
    assert 0 <= low <= hits / count <= high <= 1


def test_intervals_cover_what_they_promise() -> None:
    """400 studies of 5 repeats of 40 independent trials: 95 % intervals hold the truth about that often.

    The design effect is at least 1 and its estimate from 5 repeats is noisy, so the intervals are a little too
    wide; 400 studies tell 95 % to about 2 points.
    """
    rng = np.random.default_rng(0)
    held_rate = held_mean = 0
    for _ in range(400):
        hits = [(rng.random(40) < 0.3).astype(float) for _ in range(5)]
        found = rate_interval(hits)
        held_rate += found.low <= 0.3 <= found.high
        draws = [rng.standard_normal(40) for _ in range(5)]
        mean = mean_interval(draws, rng)
        held_mean += mean.low <= 0 <= mean.high
    assert 0.93 <= held_rate / 400 <= 1
    assert 0.92 <= held_mean / 400 <= 1


def test_repeats_that_disagree_widen_the_interval() -> None:
    """Five repeats that are each all right or all wrong are worth about five trials, not 500."""
    repeats = [np.full(100, float(hit)) for hit in (1, 1, 0, 1, 0)]
    found = rate_interval(repeats)
    assert found.count == 500 and found.effective < 6
    assert found.high - found.low > 0.5
    rng = np.random.default_rng(0)
    assert design_effect([rng.random(100) for _ in range(5)]) < 4


def test_one_repeat_tells_nothing_of_the_design() -> None:
    assert design_effect([np.array([0.0, 1.0, 1.0])]) == 1.0


def test_a_constant_has_no_width() -> None:
    found = mean_interval([np.full(4, 2.5), np.full(4, 2.5)], np.random.default_rng(0))
    assert (found.value, found.low, found.high) == (2.5, 2.5, 2.5)


def test_pooling_adds_counts() -> None:
    halves = [rate_interval([np.r_[np.ones(k), np.zeros(50 - k)]]) for k in (10, 30)]
    together = pool_rates(halves)
    assert together.value == pytest.approx(0.4) and together.count == 100
    assert (together.low, together.high) == wilson(0.4, 100)
    rng = np.random.default_rng(1)
    means = [mean_interval([rng.standard_normal(400)], rng) for _ in range(4)]
    pooled = pool_means(means)
    assert pooled.high - pooled.low == pytest.approx((means[0].high - means[0].low) / 2, rel=0.15)


def test_rows_and_interval_read_the_tidy_table() -> None:
    base = {"status": "done", "kind": "rate", "low": 0.0, "high": 1.0, "count": 10, "effective": 10.0}
    table = pd.DataFrame(
        [
            {**base, "metric": "hit", "value": 0.2, "n": 4},
            {**base, "metric": "hit", "value": 0.6, "n": 8},
            {**base, "metric": "hit", "value": np.nan, "n": 8},
            {**base, "metric": "miss", "value": 0.9, "n": 8},
            {**base, "metric": "hit", "value": 0.9, "n": 8, "status": "failed"},
        ]
    )
    found = interval(table, "hit")
    assert isinstance(found, Average) and found.value == pytest.approx(0.4) and found.count == 20
    assert (found.low, found.high, found.cells) == (0.2, 0.6, 2), (
        "a grid has a range and no sampling interval"
    )
    assert len(rows(table, "hit", {"n": (4, 8)})) == 2
    assert interval(table, "hit", {"n": 5}) is None
    assert interval(table, "hit", {"no such setting": 5}) is None
