"""Cells that differ only in what plays no role are told before they are measured, and have the same numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import Answer

TRAINED = ("experiment=importance", "source=trained", "task=majority", "inputs=gaussian,sink", "exec=serial")


def test_they_are_told_by_plan_and_run_and_have_the_same_numbers(
    command: Callable[..., Answer], tmp_path: Path
) -> None:
    pytest.importorskip("torch")  # trains a layer
    small = (*TRAINED, "trials=4", "repeats=1", "model.steps=1", "model.batch=4", f"results={tmp_path}")
    planned = command("action=plan", *small).out
    told = re.search(
        r"alike: (\d+) cells with source=trained: another cell has the same numbers, "
        "since inputs, weights and answers play no role there",
        planned,
    )
    assert told is not None
    ran = command(*small)
    assert ran.code == 0 and f"importance: {told[0]}" in ran.err
    table = pd.read_csv(tmp_path / "importance" / "results.csv")
    cells = table.pivot(index="key", columns="metric", values="value")
    role = table.drop_duplicates("key").set_index("key")[["reads", "removal"]]
    assert len(cells) - int(told[1]) == len(role.drop_duplicates())
    for _, keys in role.groupby(["reads", "removal"]).groups.items():
        assert len(cells.loc[keys].drop_duplicates()) == 1


@pytest.mark.parametrize("size", ["quick", "full"])
def test_no_grid_of_the_project_measures_anything_twice(command: Callable[..., Answer], size: str) -> None:
    """Of those whose figures say what plays no role."""
    planned = command("action=plan", "experiment=importance,four_questions", f"size={size}")
    assert planned.code == 0 and "alike:" not in planned.out
