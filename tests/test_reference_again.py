"""The committed reference run is what this code measures: cells of it, measured afresh, give its numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Answer

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
CELLS: dict[str, tuple[str, ...]] = {
    "four_questions": (
        "inputs=gaussian",
        "weights=softmax",
        "weights.temperature=1.0",
        "inputs.n=9",
        "inputs.e=8",
        *("asks=weights", "values=given", "trials=40"),
    ),
    "recovery": ("weights=hard", "inputs.n=8,16", "decoder=nearest_value,simplex"),
    "collision": ("collision=radon,null_step", "inputs.n=9,10", "weights.temperature=1.0"),
}
"""Cells of the reference's own grids that take a second or two, by their settings."""
NEAR = 1e-6
"""Means that other processors sum in another order differ by less."""


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Kind, value, interval and count of each metric of each cell that has numbers."""
    rows = table[table["status"] == "done"].set_index(["key", "metric"])
    return rows[["kind", "count", "value", "low", "high"]].sort_index()


def problem_with(fresh: pd.DataFrame, stored: pd.DataFrame) -> str | None:
    """Why the stored numbers are not those that were measured; None if they are."""
    found, before = numbers(fresh), numbers(stored)
    absent = sorted(set(found.index.get_level_values("key")) - set(before.index.get_level_values("key")))
    if absent:
        return (
            f"the reference run lacks {len(absent)} cells of this code, such as {absent[0]}: make reference"
        )
    before = before[before.index.get_level_values("key").isin(found.index.get_level_values("key"))]
    if set(found.index) != set(before.index):
        return f"other metrics: {sorted(set(found.index) ^ set(before.index))}: make reference"
    before = before.loc[found.index]
    other = (found["kind"] != before["kind"]) | (found["count"] != before["count"])
    rates = found["kind"] == "rate"
    events = [np.rint(one["value"] * one["count"]) for one in (found, before)]
    other |= rates & (events[0] != events[1])
    for column in ("value", "low", "high"):
        same = np.isclose(found[column], before[column], rtol=NEAR, atol=NEAR, equal_nan=True)
        other |= ~pd.Series(same, index=found.index)
    if other.any():
        key, metric = found.index[other][0]
        now, then = (one.loc[(key, metric), "value"] for one in (found, before))
        told = f"{int(other.sum())} numbers differ, such as {metric} of {key}: {now}, stored {then}"
        return f"{told}: raise the version, or make reference"
    return None


@pytest.mark.parametrize("study", CELLS)
def test_a_fresh_run_gives_the_numbers_of_the_reference_run(
    study: str, command: Callable[..., Answer], tmp_path: Path
) -> None:
    answer = command(f"results={tmp_path}", "exec=serial", f"experiment={study}", *CELLS[study])
    assert answer.code == 0, answer.err
    fresh = pd.read_csv(tmp_path / study / "results.csv")
    assert len(numbers(fresh)) > 10
    told = problem_with(fresh, pd.read_csv(REFERENCE / study / "results.csv"))
    assert told is None, told


def test_a_number_a_count_a_metric_and_a_cell_that_differ_are_seen() -> None:
    table = pd.read_csv(REFERENCE / "recovery" / "results.csv")
    assert problem_with(table, table) is None
    done = table.index[(table["status"] == "done") & (table["kind"] == "rate")][0]
    for column, value in (
        ("value", table["value"][done] + 0.005),
        ("count", 199),
        ("low", 0.123),
        ("kind", "mean"),
    ):
        changed = table.astype({"count": object})
        changed.loc[done, column] = value
        told = problem_with(changed.infer_objects(), table)
        assert told is not None and told.startswith("1 numbers differ, such as ")
    told = problem_with(table, table.drop(index=done))
    assert told is not None and told.startswith("other metrics: ")
    told = problem_with(table, table[table["key"] != table["key"][done]])
    assert told is not None and told.startswith("the reference run lacks 1 cells of this code, such as ")
