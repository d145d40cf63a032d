"""Grids that are no blocks, names shared by two studies, leaves misspelt; trials that no store wrote."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Lab

from attnlab.harness.store import Store
from attnlab.report.pooling import marks, pooled_over


@pytest.mark.parametrize("blocks", ["[1, 2]", "{one: 3}", "{one: {level: 1}, two: [1]}", "{}", "7"])
def test_a_grid_is_named_blocks_of_keys(lab: Lab, blocks: str) -> None:
    path = lab.folder / "mine" / "experiment" / "noop.yaml"
    written, replaced = re.subn(r"(?m)^    quick: .*$", f"    quick: {blocks}", path.read_text())
    assert replaced == 1
    path.write_text(written)
    answer = lab("action=plan", "experiment=noop")
    assert answer.code == 2 and "blocks, each" in answer.err


def test_two_experiments_do_not_share_a_folder(lab: Lab) -> None:
    answer = lab("action=plan", "experiment=noop,phase", "study=both")
    assert answer.code == 2 and "several cannot share a folder" in answer.err
    assert lab("action=plan", "experiment=noop", "study=both").code == 0


def test_a_misspelt_leaf_of_a_group_in_use_is_told_the_leaves_of_that_group(lab: Lab) -> None:
    answer = lab("action=plan", "experiment=noop", "inputs.nn=3")
    assert answer.code == 2 and "inputs.n" in answer.err and "which uses" not in answer.err


def test_trials_come_back_in_the_order_of_their_repeats_and_no_objects_do(tmp_path: Path) -> None:
    store, record = Store(tmp_path), {"key": "a" * 24, "trials": f"{'a' * 24}.npz"}
    path = store.path(str(record["key"])).with_suffix(".npz")
    path.parent.mkdir(parents=True)
    arrays: dict[str, Any] = {f"{repeat}/m": np.array([repeat]) for repeat in (10, 2, 0)}
    np.savez(path, **arrays)
    assert [row["m"].tolist() for row in store.read_trials(record)] == [[0], [2], [10]]
    arrays = {"0/m": np.array([{}], dtype=object)}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="allow_pickle"):
        store.read_trials(record)


def test_a_mark_is_a_rate_where_all_its_cells_are() -> None:
    def kind(*kinds: str) -> str:
        row = {"key": "a", "status": "done", "d": 2, "metric": "m", "value": 0.5, "low": 0.4, "high": 0.6}
        table = pd.DataFrame([row | {"kind": one, "count": 90, "effective": 90.0} for one in kinds])
        (mark,) = marks(table, ["m"], ["d"])
        return mark.kind

    assert kind("rate") == kind("rate", "rate") == "rate"
    assert kind("mean") == kind("rate", "mean") == "mean"


def test_a_size_that_an_experiment_has_no_grid_for_is_refused(lab: Lab) -> None:
    path = lab.folder / "mine" / "experiment" / "noop.yaml"
    written, replaced = re.subn(r"(?m)^    full: .*\n", "", path.read_text())
    assert replaced == 1
    path.write_text(written)
    answer = lab("action=plan", "experiment=noop", "size=full")
    assert answer.code == 2 and "a grid of this experiment" in answer.err


def test_what_a_figure_pools_over_is_told_whatever_its_places_are() -> None:
    row = {"key": "a", "status": "done", "metric": "m", "kind": "rate", "value": 0.5}
    table = pd.DataFrame([row | {"n": n, "d": d} for n in (2, 4) for d in (1, 2)])
    assert pooled_over(table, ["d"]) == ["n"]
    assert pooled_over(table, ["d", "n"]) == []
    assert pooled_over(table, ["d", "not there"]) == ["n"]
