"""Q3 of one situation is one set of trials: every situation that two studies share, found from their settings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from attnlab.harness.command import ask

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
STUDIES = ("four_questions", "collision", "alignment", "recovery")
PROBLEM = ("inputs", "weights")
"""The parts that Q3 is about; what the studies set besides comes after the sum."""
USUAL = {"asks": "weights", "values": "given"}
"""Where four_questions sets these otherwise it asks of other things."""
Situation = tuple[tuple[str, Any], ...]
LARGE = {("inputs.n", 32), ("inputs.d", 8), ("inputs.e", 8)}


def situation(settings: Mapping[str, Any]) -> Situation | None:
    """What a cell's Q3 is about; None where it is not about given weights and values."""
    if any(settings.get(name, usual) != usual for name, usual in USUAL.items()):
        return None
    told = {name: value for name, value in settings.items() if name.partition(".")[0] in PROBLEM}
    return tuple(sorted((name, value) for name, value in told.items() if not pd.isna(value)))


def shared(found: Mapping[str, Mapping[Situation, Any]]) -> dict[Situation, dict[str, Any]]:
    """What each study has of the situations that two of them or more have."""
    told = {
        one: {study: own[one] for study, own in found.items() if one in own}
        for own in found.values()
        for one in own
    }
    return {one: studies for one, studies in told.items() if len(studies) > 1}


def of_table(table: pd.DataFrame) -> dict[Situation, set[tuple[Any, ...]]]:
    """All that the rows of a study print of Q3, by situation."""
    told: dict[Situation, set[tuple[Any, ...]]] = {}
    rows = table[table["metric"].astype(str).str.startswith("q3_") & (table["status"] == "done")]
    settings = [name for name in table.columns if ":" not in name]
    for _, cell in rows.groupby("key"):
        about = situation({name: cell[name].iloc[0] for name in settings})
        if about is not None:
            numbers = cell[["metric", "value", "low", "high", "count"]].sort_values("metric")
            told.setdefault(about, set()).add(tuple(map(tuple, numbers.to_numpy())))
    return told


def differing(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """The shared situations whose printed numbers are not one set. At n = 32, d = 8 there must be one."""
    common = shared({study: of_table(table) for study, table in tables.items()})
    assert any(set(one) >= LARGE for one in common), (
        f"no situation of {list(tables)} is shared at n = 32, d = 8"
    )
    return [
        f"{dict(one)}: {studies}"
        for one, studies in common.items()
        if len(set().union(*studies.values())) != 1
    ]


@pytest.mark.parametrize("size", ["quick", "full"])
def test_shared_situations_have_the_same_trials(size: str) -> None:
    found: dict[str, dict[Situation, set[tuple[Any, ...]]]] = {}
    for study in STUDIES:
        (plan,) = ask([f"experiment={study}", f"size={size}"]).plans()
        own = found.setdefault(study, {})
        for cell in plan.cells:
            settings = cell.settings()
            about = situation(settings)
            if about is not None:
                drawn = tuple(settings[name] for name in ("trials", "repeats", "seed"))
                own.setdefault(about, set()).add(drawn)
    common = shared(found)
    assert sum(set(one) >= LARGE for one in common) >= 2
    for one, studies in common.items():
        assert len(set().union(*studies.values())) == 1, (one, studies)


def test_small_cells_of_the_shipped_size_give_one_number(command: Callable[..., Any], tmp_path: Path) -> None:
    answer = command(
        f"experiment={','.join(STUDIES)}",
        *("inputs=gaussian", "inputs.n=32", "inputs.d=8", "inputs.e=8", "weights=softmax"),
        *("weights.temperature=0.1,1.0", "trials=5", "repeats=2", "exec=serial", "experiment.figures=[]"),
        *("asks=weights", "values=given", "probe=output_linear", "samples=60"),
        *("collision=reachable", "decoder=softmax_inverse", f"results={tmp_path}"),
    )
    assert answer.code == 0, answer.err
    tables = {study: pd.read_csv(tmp_path / study / "results.csv") for study in STUDIES}
    assert all(len(of_table(table)) == 2 for table in tables.values())
    assert not differing(tables)
    changed = tables["collision"]
    changed.loc[changed["metric"] == "q3_lost", "value"] += 0.1
    assert len(differing(tables)) == 2


def test_the_reference_run_prints_one_number_for_one_situation() -> None:
    tables = {study: pd.read_csv(REFERENCE / study / "results.csv") for study in STUDIES}
    apart = differing(tables)
    assert not apart, f"{len(apart)} shared situations differ, make reference: {apart[0]}"


def test_each_study_of_the_reference_run_shares_a_situation_with_each() -> None:
    told = {study: of_table(pd.read_csv(REFERENCE / study / "results.csv")) for study in STUDIES}
    for one, other in itertools.combinations(STUDIES, 2):
        assert shared({one: told[one], other: told[other]}), (one, other)
