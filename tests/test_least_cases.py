"""The least case of each rule that numbers go through: two groups, a law at the end of an interval, one gap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit

from attnlab.intervals import ANY, CORRELATION, SHARE, TRUST, Z, interval
from attnlab.report.pooling import at_level
from attnlab.verdicts.answers import Verdict
from attnlab.verdicts.changed import SIMILAR, claims
from attnlab.verdicts.difference import difference
from attnlab.verdicts.pooling import agreement
from attnlab.verdicts.scene import typical


def test_two_groups_have_an_interval_and_one_has_none() -> None:
    """From two totals: Student's t with one degree of freedom."""
    values, group = np.repeat([0.25, 0.75], 10), np.repeat([0, 1], 10)
    found = interval(values, ANY, group)
    half = float(stdtrit(1, 0.975)) * 0.25
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5 - half, 0.5 + half))
    assert np.isnan(interval(values, ANY, np.zeros(20, dtype=np.int64)).low)


def cells(**numbers: tuple[float, float, float]) -> pd.DataFrame:
    """One cell with a row for each metric: value, low and high."""
    return pd.DataFrame(
        {
            "key": "a", "status": "done", "metric": metric, "kind": "rate", "value": value, "low": low,
            "high": high, "count": 200, "effective": 200.0,
        }
        for metric, (value, low, high) in numbers.items()
    )  # fmt: skip


@pytest.mark.parametrize(("law", "inside"), [(0.0, True), (0.02, True), (0.03, False)])
def test_a_law_at_the_end_of_an_interval_lies_in_it(law: float, inside: bool) -> None:
    (sentence,) = agreement(cells(share=(0.0, 0.0, 0.02), exact=(law, law, law)), "share", "exact")
    lies = "lies in" if inside else "does not lie in"
    assert f"The exact law {lies} the" in sentence and "in the one cell" in sentence


def test_a_part_whose_levels_have_other_settings_keeps_them_all() -> None:
    table = pd.DataFrame(
        {
            "key": ["a", "b", "c"], "status": "done", "metric": "m", "kind": "rate", "value": [0.1, 0.2, 0.3],
            "weights": ["hard", "softmax", "softmax"], "weights.temperature": [np.nan, 0.5, 0.5],
            "inputs.n": [8, 8, 16], "count": 100, "seed": 0,
        }
    )  # fmt: skip
    assert set(typical(table, "weights")["weights"]) == {"hard", "softmax"}


@pytest.mark.parametrize("left", [[0.1] * 5, [0.1, 0.1, 0.1, 0.1, 0.1, None], []])
def test_repeats_that_do_not_pair_say_nothing_of_a_difference(left: list[float | None]) -> None:
    rng = np.random.default_rng(0)
    one, other = (interval((rng.random(60) < rate).astype(np.float64), SHARE) for rate in (0.1, 0.4))
    right: list[float | None] = [other.value] * 6
    assert difference(one, other, True, (left, right)).how == "one seed"
    assert difference(one, other, True, (right, left)).how == "one seed"


def test_a_sentence_of_any_length_finds_its_partner() -> None:
    one = "the share of trials rises " * 60
    told = claims(Verdict((one,)), Verdict(("again " + one,)), lambda _one, _other: False)
    assert told.changed == ((one, "again " + one),) and SIMILAR < 1


@pytest.mark.parametrize("events", [2, 5])
def test_few_events_far_apart_are_taken_for_correlated_in_part(events: int) -> None:
    """One event in each of some of 40 groups: by the doubt v / (v + 40 TRUST) the correlation is assumed."""
    groups, size = 40, 5
    group = np.repeat(np.arange(groups), size)
    values = ((np.arange(group.size) % size == 0) & (group < events)).astype(np.float64)
    rate = events / group.size
    alone = rate * (1 - rate) / group.size
    totals = values.reshape(groups, size).sum(axis=1)
    between = groups / (groups - 1) * ((totals - rate * size) ** 2).sum() / group.size**2
    variation = between * groups / rate**2
    doubt = variation / (variation + TRUST * groups)
    effect = (1 - doubt) * between / alone + doubt * (1 + CORRELATION * (size - 1))
    found = interval(values, SHARE, group)
    assert effect > 1.01
    assert found.effective == pytest.approx(
        group.size / effect * (Z / float(stdtrit(groups - 1, 0.975))) ** 2
    )


def test_unequal_groups_weigh_as_much_as_the_trials_in_them() -> None:
    """No event at all: the assumed correlation alone, at the size of the group that a trial is in on average."""
    sizes = np.array([1, 2, 9, 4])
    group = np.repeat(np.arange(4), sizes)
    found = interval(np.zeros(16), SHARE, group)
    assumed = 1 + CORRELATION * ((sizes**2).sum() / 16 - 1)
    t = float(stdtrit(3, 0.975))
    assert found.effective == pytest.approx(16 / assumed * (Z / t) ** 2)


def test_the_rows_of_a_level_and_of_none() -> None:
    table = pd.DataFrame({"weights.temperature": [0.5, np.nan, 1.0], "value": [1, 2, 3]})
    assert at_level(table, "weights.temperature", 0.5)["value"].tolist() == [1]
    assert at_level(table, "weights.temperature", None)["value"].tolist() == [2]
