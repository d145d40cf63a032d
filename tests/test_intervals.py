"""Intervals: known values, honesty where repeats disagree, and how cells are pooled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from attnlab.intervals import SHARE, Interval, pool_means, pool_rates, wilson
from attnlab.intervals import interval as interval_of
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


def test_repeats_that_disagree_widen_the_interval() -> None:
    """Five repeats that are each all right or all wrong are worth about five trials, not 500."""
    repeats, hits = np.repeat(np.arange(5), 100), np.repeat([1.0, 1.0, 0.0, 1.0, 0.0], 100)
    found = interval_of(hits, SHARE, repeats)
    assert found.count == 500 and found.effective < 6
    assert found.high - found.low > 0.5
    alone = interval_of(hits, SHARE)
    assert alone.effective == 500 and (alone.low, alone.high) == wilson(0.6, 500)


def test_pooling_adds_what_the_parts_are_worth() -> None:
    halves = [interval_of(np.r_[np.ones(k), np.zeros(50 - k)], SHARE) for k in (10, 30)]
    together = pool_rates(halves, ["one seed", "another"])
    assert together.value == pytest.approx(0.4) and together.count == 100
    assert (together.low, together.high) == pytest.approx(wilson(0.4, 100))
    weak = [Interval(part.value, part.low, part.high, part.count, 5.0) for part in halves]
    assert pool_rates(weak, ["one seed", "another"]).effective == pytest.approx(10)
    rng = np.random.default_rng(1)
    means = [interval_of(rng.standard_normal(400)) for _ in range(4)]
    pooled = pool_means(means, range(4))
    assert pooled.effective == pytest.approx(4 * means[0].effective)
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
