"""Intervals and pooling against formulas written out here, and small functions on cases worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attnlab.experiments.training import _answer_only
from scipy import stats

from attnlab import intervals
from attnlab.intervals import LEVEL, SHARE, Interval, Measure, interval, pool_means, pool_rates
from attnlab.report.pooling import derive
from attnlab.verdicts import rows
from attnlab.verdicts.scene import constant

RNG = np.random.default_rng(0)


def test_the_mean_of_independent_trials_has_students_interval() -> None:
    values = RNG.standard_normal(23) + 5
    found = interval(values)
    expected = stats.t.interval(LEVEL, 22, values.mean(), stats.sem(values))
    np.testing.assert_allclose((found.value, found.low, found.high), (values.mean(), *expected), rtol=1e-12)
    worth = 23 * (stats.norm.ppf((1 + LEVEL) / 2) / stats.t.ppf((1 + LEVEL) / 2, 22)) ** 2
    assert found.count == 23 and found.effective == pytest.approx(worth, rel=1e-12)


def test_the_mean_of_groups_has_the_interval_of_their_totals() -> None:
    """Six groups of unequal sizes whose members agree: the variance of a ratio, `G/(G-1) sum (t_g - m n_g)^2`."""
    sizes = np.array([2, 3, 4, 5, 6, 7])
    group = np.repeat(np.arange(6), sizes)
    values = RNG.standard_normal(6)[group] + 0.01 * RNG.standard_normal(group.size)
    found, n = interval(values, group=group), group.size
    totals = np.array([values[group == g].sum() for g in range(6)])
    variance = 6 / 5 * ((totals - values.mean() * sizes) ** 2).sum() / n**2
    half = stats.t.ppf((1 + LEVEL) / 2, 5) * np.sqrt(variance)
    np.testing.assert_allclose(
        (found.low, found.high), (values.mean() - half, values.mean() + half), rtol=1e-12
    )


@pytest.mark.parametrize("size", [2, 10])
def test_never_in_groups_is_worth_what_the_assumed_correlation_leaves(size: int) -> None:
    """No event was seen, so nothing tells how trials of a group agree: the design effect is the assumed one."""
    group = np.repeat(np.arange(12), size)
    found = interval(np.zeros(group.size), SHARE, group)
    effect = 1 + intervals.CORRELATION * (size - 1)
    t = stats.t.ppf((1 + LEVEL) / 2, 11) / stats.norm.ppf((1 + LEVEL) / 2)
    assert found.effective == pytest.approx(group.size / effect / t**2, rel=1e-12)


@pytest.mark.parametrize("pool", [pool_means, pool_rates])
def test_one_part_pooled_is_itself(pool: object) -> None:
    hits = (np.arange(40) < 13).astype(np.float64)
    part = interval(hits, SHARE) if pool is pool_rates else interval(hits, Measure(0.0))
    again = pool([part])  # type: ignore[operator]
    for name in ("value", "low", "high", "count", "effective"):
        assert getattr(again, name) == pytest.approx(getattr(part, name), rel=1e-9), name


def test_pooled_means_add_up_within_draws_and_in_quadrature_between_them() -> None:
    parts = [Interval(1.0, 0.9, 1.3, 30, 25.0), Interval(2.0, 1.6, 2.2, 10, 16.0)]
    for draws, below, above, width in (
        (None, 0.75 * 0.1 + 0.25 * 0.4, 0.75 * 0.3 + 0.25 * 0.2, 0.75 / 5 + 0.25 / 4),
        (("a", "b"), np.hypot(0.075, 0.1), np.hypot(0.225, 0.05), np.hypot(0.75 / 5, 0.25 / 4)),
    ):
        found = pool_means(parts, draws)
        np.testing.assert_allclose(
            (found.value, found.low, found.high, found.count, found.effective),
            (1.25, 1.25 - below, 1.25 + above, 40, width**-2),
            rtol=1e-12,
        )


def test_rows_of_a_setting_that_no_cell_has_are_none() -> None:
    table = pd.DataFrame(
        {
            "metric": ["m", "m", "o"],
            "status": ["done", "failed", "done"],
            "value": [1.0, 2.0, 3.0],
            "n": [4, 4, 4],
        }
    )
    assert list(rows(table, "m")["value"]) == list(rows(table, "m", {"n": [4, 8]})["value"]) == [1.0]
    assert rows(table, "m", {"absent": 4}).empty and rows(table, "m", {"n": 8}).empty


def test_a_setting_is_constant_where_it_has_one_value() -> None:
    table = pd.DataFrame({"one": [3, 3], "two": [3, 4], "none": [np.nan, np.nan]})
    assert [constant(table, column) for column in ("one", "two", "none", "absent")] == [3, None, None, None]
    assert constant(table.iloc[:0], "one") is None


def test_derived_settings_are_quotients_and_differences() -> None:
    table = pd.DataFrame({"a": [6.0, 9.0], "b": [2.0, 3.0]})
    assert list(derive(table, "a/b")["a/b"]) == [3.0, 3.0]
    assert list(derive(table, "a-b")["a-b"]) == [4.0, 6.0]


def test_whoever_reads_only_the_answer_chooses_among_those_that_show_it() -> None:
    shown = np.array([[0, 1, 1, 2], [3, 3, 3, 3], [0, 1, 2, 3]])
    assert _answer_only(shown, np.array([2, 0, 3])).tolist() == [1 / 2, 1 / 4, 1.0]
