"""Numbers that verdicts state: brackets, averages over a grid, and where columns and statuses are listed."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from attnlab.intervals import Interval, wilson
from attnlab.report.interval_bar import interval_bar
from attnlab.report.pooling import marks
from attnlab.report.specs import build
from attnlab.tidy import HEAD, MEASURED, STATUSES, TAIL, settings_of
from attnlab.verdicts import Answer, Average, Bracket, bracket, interval

ROOT = Path(__file__).parents[1]


def share(value: float, count: int = 200) -> Interval:
    return Interval(value, *wilson(value, count), count, float(count))


def rate(metric: str, value: float, **settings: object) -> dict[str, object]:
    found = share(value)
    return {
        "key": str(sorted(settings.items())), "status": "done", "metric": metric, "kind": "rate", "value": value,
        "low": found.low, "high": found.high, "count": 200, "effective": 200.0, **settings,
    }  # fmt: skip


def test_a_bracket_is_two_certified_counts_each_with_its_interval() -> None:
    found = Bracket(kept=share(0.12), lost=share(0.15))
    assert found.percent == f"{share(0.12).percent} to {share(0.85).percent}"
    assert found.percent.startswith("12.0 %") and " to 85.0 %" in found.percent
    assert found.open == pytest.approx(0.73)
    assert found.low == share(0.12).low and found.high == pytest.approx(1 - share(0.15).low)
    assert found.of_loss.percent == f"{share(0.15).percent} to {share(0.88).percent}"
    assert str(found) == f"{share(0.12)} to {found.ends[1]}"


def test_a_bracket_with_nothing_open_is_one_number() -> None:
    found = Bracket(kept=share(0.4), lost=share(0.6))
    assert found.percent == share(0.4).percent and str(found) == str(share(0.4))
    with pytest.raises(ValueError, match="shares kept and lost of the same trials"):
        Bracket(kept=share(0.5), lost=share(0.6))


def test_an_answer_prints_its_bracket() -> None:
    answer = Answer("Q3", "somewhere", "no other query", Bracket(share(0.12), share(0.15)), "kept")
    assert answer.text == f"kept in {Bracket(share(0.12), share(0.15)).percent}"
    assert interval_bar(answer.interval).count("<circle") == 2
    assert interval_bar(share(0.4)).count("<circle") == 1


TABLE = pd.DataFrame(
    [rate("q3_kept", kept, condition=name) for name, kept in (("open", 0.1), ("closed", 0.25))]
    + [rate("q3_lost", lost, condition=name) for name, lost in (("open", 0.2), ("closed", 0.75))]
    + [rate("q2", 0.5, condition=name) for name in ("open", "closed")]
)


def test_two_halves_in_the_table_are_one_cell_of_a_figure() -> None:
    figure = build({"name": "f", "kind": "table", "x": "condition", "y": ["q2", "q3"]})
    drawn = figure.render(TABLE, "figures", "p")
    there = {mark.place[0]: mark.interval for mark in marks(TABLE, ["q3"], ["condition"])}
    assert there["open"] == Bracket(share(0.1), share(0.2)) == bracket(TABLE, "q3", {"condition": "open"})
    assert f"| {there['open']} |" in drawn.markdown.replace("\\", "")
    assert "0.1 [" in drawn.markdown and "to 0.8 [" in drawn.markdown
    assert f"| {share(0.25)} |" in drawn.markdown, "nothing open: one number"
    assert drawn.html.count("<circle") == 5
    assert bracket(TABLE, "q3", {"condition": "nowhere"}) is None and bracket(TABLE, "q2") is None


def test_an_average_over_a_grid_shows_its_range_and_no_interval() -> None:
    found = interval(TABLE, "q3_kept")
    assert found == Average(0.175, 0.1, 0.25, 400, 2)
    assert str(found) == "0.175 on average (0.1 to 0.25)"
    assert interval(TABLE, "q3_kept", {"condition": "open"}) == share(0.1)
    figure = build({"name": "f", "kind": "points", "x": "metric", "y": ["q2"]})
    assert "Averaged over condition." in figure.caption(TABLE)
    assert "Bars: the range over the cells that were averaged" in figure.caption(TABLE)


def test_the_same_cell_at_two_seeds_is_pooled_and_keeps_an_interval() -> None:
    twice = pd.DataFrame([rate("hit", value, n=4) | {"seed": seed} for seed, value in ((0, 0.2), (1, 0.6))])
    found = interval(twice, "hit")
    assert isinstance(found, Interval) and found.count == 400
    assert (found.low, found.high) == pytest.approx(wilson(0.4, 400))


def test_the_columns_and_the_statuses_are_listed_in_one_place() -> None:
    lists = {name: re.compile(r"\W+".join(name)) for name in (HEAD[:4], MEASURED[1:4], STATUSES[:4])}
    for name, pattern in lists.items():
        where = [path.name for path in (ROOT / "attnlab").rglob("*.py") if pattern.search(path.read_text())]
        assert where == ["tidy.py"], name


def test_a_table_of_results_has_these_columns_and_settings_between() -> None:
    for path in sorted((ROOT / "results" / "reference").glob("*/results.csv")):
        columns = tuple(pd.read_csv(path, nrows=0).columns)
        assert columns[: len(HEAD)] == HEAD and columns[-len(MEASURED) - len(TAIL) :] == (*TAIL, *MEASURED)
        assert len(settings_of(pd.read_csv(path, nrows=0))) > 0


def test_the_launch_keys_are_those_of_the_config() -> None:
    from attnlab.harness.overrides import LAUNCH

    config = yaml.safe_load((ROOT / "conf" / "config.yaml").read_text())
    groups = {name for entry in config["defaults"] if isinstance(entry, dict) for name in entry}
    groups = {name for name in groups if not name.startswith("override")}
    parts = {"inputs", "weights", "channel", "collision", "decoder", "probe"}
    assert set(LAUNCH) == ((set(config) | groups) - parts - {"defaults", "seed", "hydra"})
