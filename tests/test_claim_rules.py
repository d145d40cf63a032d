"""What a claim takes from the rows, rule by rule, on tables of a few cells."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from attnlab.intervals import FEWEST, SHARE, Interval, interval, pool_rates, wilson
from attnlab.verdicts import Answer, Bracket, Verdict
from attnlab.verdicts.claim import Claim
from attnlab.verdicts.data import as_data, verdict_of
from attnlab.verdicts.scene import condition, filled, levels, typical, varying
from attnlab.verdicts.settings import valued


def cell(value: float, count: int = 400, metric: str = "top1", **settings: Any) -> dict[str, object]:
    """A row of a rate, with its settings among the columns of a table."""
    low, high = wilson(value, count)
    return {
        "key": repr(sorted(settings.items())), "status": "done", **settings, "metric": metric, "kind": "rate",
        "value": value, "low": low, "high": high, "count": count, "effective": float(count),
    }  # fmt: skip


def told(kind: str) -> dict[str, Any]:
    """What weights of this kind say they are."""
    return {"weights:says": f"{kind} weights"}


def test_the_condition_shown_has_the_most_levels_then_trials_then_company_then_size() -> None:
    def chosen(*cells: dict[str, object], least: tuple[str, ...] = ()) -> set[object]:
        return set(typical(pd.DataFrame(cells), "d", least=least)["n"])

    assert chosen(cell(0.1, n=8, d=2), cell(0.2, n=8, d=4), cell(0.3, 900, n=16, d=2)) == {8}
    assert chosen(cell(0.1, 900, n=8, d=2), cell(0.3, n=16, d=2)) == {8}
    assert chosen(cell(0.1, n=8, d=2, e=1), cell(0.2, n=8, d=2, e=2), cell(0.3, n=16, d=2, e=2)) == {8}
    assert chosen(cell(0.1, n=8, d=2), cell(0.3, n=16, d=2)) == {16}
    assert chosen(cell(0.1, n=8, d=2), cell(0.3, n=16, d=2), least=("n",)) == {8}


@pytest.mark.parametrize("levels", [2, 3, 5])
def test_of_many_levels_the_ends_are_told_and_of_many_names_the_extremes(levels: int) -> None:
    values = [0.5, 0.2, 0.9, 0.3, 0.4][:levels]
    sizes = pd.DataFrame([cell(value, d=2**place) for place, value in enumerate(values)])
    names = pd.DataFrame([cell(value, d="abcde"[place]) for place, value in enumerate(values)])
    for table, ends in ((sizes, [values[0], values[-1]]), (names, [max(values), min(values)])):
        found = Claim(metric="top1", says="it is right", over="d", compares=True).found(table)
        assert found is not None
        shown = [place.number.value for place in found.shown]
        assert shown == (values if levels == 2 else ends)
        assert (f"({levels - 2} more between)" in found.sentence) == (levels > 2)
        assert (found.told.levels is not None) == (levels > 2)


def test_many_levels_of_one_number_have_no_ends() -> None:
    """A lowest and a highest that are both 100 % tell nothing that the number alone does not."""
    for many in (3, 10):
        table = pd.DataFrame([cell(1.0, d=f"kind {place}") for place in range(many)])
        found = Claim(metric="top1", says="it is right", over="d", compares=True).found(table)
        assert found is not None and found.told.levels is not None
        assert f" of trials in each of {many} settings" in found.sentence and "kind" not in found.sentence
    table = pd.DataFrame([cell(1.0, d=f"kind {place}") for place in range(3)])
    uneven = pd.concat([table, pd.DataFrame([cell(1.0, 100, d="another")])])
    other = Claim(metric="top1", says="it is right", over="d", compares=True).found(uneven)
    assert other is not None and "more between" in other.sentence  # its interval is another


def test_a_part_that_is_the_same_at_every_level_is_not_told_beside_it() -> None:
    def words(*kinds: str) -> str:
        table = pd.DataFrame(
            [
                cell(0.2 + 0.1 * place, d=2**place, weights=kind, **told(kind))
                for place, kind in enumerate(kinds)
            ]
        )
        found = Claim(metric="top1", says="it is right", over="d", free=("weights",)).found(table)
        assert found is not None
        return found.sentence.partition("(")[0] + " ".join(place.words for place in found.places)

    assert "hard weights" in words("soft", "hard") and "soft weights" in words("soft", "hard")
    assert "soft weights" not in words("soft", "soft")


def test_a_cell_of_too_few_trials_is_no_evidence() -> None:
    assert Claim(metric="top1", says="it is right").found(pd.DataFrame([cell(0.5, 10, d=2)])) is not None
    assert Claim(metric="top1", says="it is right").found(pd.DataFrame([cell(0.5, 9, d=2)])) is None


def test_the_range_over_all_cells_is_told_where_there_are_more_than_are_told() -> None:
    table = pd.DataFrame([cell(0.25, n=8, d=2), cell(0.5, n=8, d=4), cell(0.75, n=16, d=2)])
    whole = Claim(metric="top1", says="it is right", over="d", spread=True).found(table)
    assert whole is not None and "over all 3 cells it ranges from 25.0 to 75.0 %" in whole.sentence
    same = Claim(metric="top1", says="it is right", over="d", spread=True).found(table[:2])
    assert same is not None and "ranges" not in same.sentence
    alike = pd.DataFrame([cell(0.5, n=8, d=2), cell(0.50001, n=8, d=4), cell(0.49999, n=16, d=2)])
    flat = Claim(metric="top1", says="it is right", over="d", spread=True).found(alike)
    assert flat is not None and "; it is 50.0 % in each of 3 cells (" in flat.sentence


def parts(*kinds: str) -> pd.DataFrame:
    """A cell for each kind of weights, which say what they are."""
    return pd.DataFrame([cell(0.5, d=2, weights=kind, **told(kind)) for kind in kinds])


def test_levels_of_a_part_are_told_by_what_they_are() -> None:
    assert [words for words, _ in levels(parts("hard", "soft"), "weights")] == [
        "for hard weights",
        "for soft weights",
    ]
    assert [words for words, _ in levels(parts("soft"), "weights")] == ["for soft weights"]


def test_a_condition_names_the_parts_that_are_one_thing() -> None:
    one, two = parts("soft", "soft"), parts("hard", "soft")
    assert condition(one, one, "d") == ["soft weights"] and condition(one, one) == ["soft weights", "d = 2"]
    assert condition(two, two, "d") == []


def test_the_least_number_of_trials_that_has_an_interval_has_one_pooled_too() -> None:
    halves = [interval(np.array([0.0, 1.0] * (FEWEST // 4) + [0.0]), SHARE) for _ in range(2)]
    assert sum(part.count for part in halves) == FEWEST and np.isnan(halves[0].low)
    assert pool_rates(halves, [0, 1]).low > 0
    assert np.isnan(pool_rates(halves[:1], [0]).low)


def test_a_fact_without_one_value_is_told_by_its_name() -> None:
    assert filled("knows {weights:says}", parts("hard", "soft")) == "knows says"
    assert filled("knows {weights:says} at {d}", parts("soft")) == "knows soft weights at 2"


def test_a_verdict_comes_back_from_its_data() -> None:
    bracket = Bracket(Interval(0.1, 0.05, 0.2, 100, 100.0), Interval(0.3, 0.2, 0.4, 100, 100.0))
    verdict = Verdict(
        ("A sentence.",), (Answer("Q3", "somewhere", "others", bracket, "kept"),), ("A limit.",)
    )
    assert verdict_of(json.loads(json.dumps(as_data(verdict)))) == verdict


def test_a_setting_is_told_with_its_value_as_one_would_say_it() -> None:
    told = [
        ("inputs.n", 32, "n = 32"),
        ("samples", 800, "800 training examples"),
        ("weights.temperature", 0.3, "temperature 0.3"),
    ]
    assert [valued(column, value) for column, value, _ in told] == [words for *_, words in told]
    assert valued("inputs.values", "fixed") == "one set of values for all examples"
    assert valued("inputs.values", "mine") == "values mine"


def test_what_stands_beside_a_number_is_in_its_unit() -> None:
    chance = cell(0.0625, metric="chance", d=2) | {"low": 0.0625, "high": 0.0625}
    table = pd.DataFrame([cell(0.5, d=2), chance])
    found = Claim(metric="top1", says="it is right", beside={"chance": "chance {}"}).found(table)
    assert found is not None and "chance 6.25 %" in found.sentence


def test_levels_of_a_setting_are_told_by_their_value() -> None:
    table = parts("soft").assign(**{"weights.temperature": 0.3})
    assert [words for words, _ in levels(table, "weights.temperature")] == ["at temperature 0.3"]


def test_trials_are_said_once_and_only_of_shares_of_them() -> None:
    table = pd.DataFrame([cell(0.25, d=2), cell(0.5, d=4)])
    share = Claim(metric="top1", says="it is right", over="d").found(table)
    mean = Claim(metric="top1", says="its distance is", form="{}", unit="plain", over="d").found(table)
    assert share is not None and share.sentence.count(" of trials") == 1
    assert mean is not None and " of trials" not in mean.sentence


def test_a_setting_varies_that_takes_two_values() -> None:
    assert varying(pd.DataFrame([cell(0.25, n=8, d=2), cell(0.5, n=8, d=4)])) == ["d"]


def test_each_sentence_has_the_name_of_its_figure_or_none() -> None:
    assert Verdict(("One.", "Two."), figures=("a", "b", "c")).shown == (("One.", "a", ()), ("Two.", "b", ()))
    assert Verdict(("One.", "Two."), figures=("a",)).shown == (("One.", "a", ()), ("Two.", "", ()))
