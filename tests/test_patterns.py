"""Cells that are not done are told as products of settings, each in one of them."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest
from conftest import Lab

from attnlab.harness.patterns import MOST_PATTERNS, MOST_REASONS, patterns


def grid(**axes: list[Any]) -> list[dict[str, Any]]:
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def told(cells: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(one.words, one.cells) for one in patterns(cells)]


def test_a_whole_grid_is_one_line() -> None:
    cells = grid(level=list(range(1000)), inputs=["a", "b"], depth=[2, 4, 6, 8], seed=[0])
    assert told(cells) == [("level=range(0,1000) inputs=a,b depth=range(2,9,2) seed=0", 8000)]
    random.Random(0).shuffle(cells)
    ((words, count),) = told(cells)
    assert count == 8000 and words.startswith("level=range(0,1000)")


def test_a_grid_done_up_to_some_point_is_a_few() -> None:
    cells = grid(level=list(range(10)), n=[4, 8], seed=[0])[7:]
    assert told(cells) == [("level=range(4,10) n=4,8 seed=0", 12), ("level=3 n=8 seed=0", 1)]


def test_one_cell_is_told_as_it_would_be_typed_and_kinds_are_apart() -> None:
    cells: list[dict[str, Any]] = [
        {"level": 1, "mood": "fine"},
        {"level": 1, "width": None},
        {"level": True, "width": [1, 2]},
    ]
    assert told(cells) == [
        ("level=1 mood=fine", 1),
        ("level=1 width=None", 1),
        ("level=True width=[1, 2]", 1),
    ]
    many = [{"level": 3 * value**2} for value in range(40)]
    assert told(many) == [("level=0,3,12,27,48,75,108,147,192,243,300,...,4563 (40 values)", 40)]
    assert told([]) == []


@pytest.mark.parametrize("seed", range(20))
def test_each_cell_is_in_one_pattern_and_no_other_is(seed: int) -> None:
    chance = random.Random(seed)
    every = grid(a=list(range(5)), b=["x", "y", "z"], c=[0.5, 1.5], d=[None])
    cells = [cell for cell in every if chance.random() < 0.6]
    covered = []
    for one in patterns(cells):
        axes = {
            name: values.split(",")
            for name, _, values in (word.partition("=") for word in one.words.split(" "))
        }
        if axes["a"][0].startswith("range"):
            low, high, *step = (int(text.strip("range()")) for text in axes["a"])
            axes["a"] = [str(value) for value in range(low, high, *step)]
        covered += list(itertools.product(*axes.values()))
        assert len(list(itertools.product(*axes.values()))) == one.cells
    assert sorted(covered) == sorted(tuple(map(str, cell.values())) for cell in cells)


def test_a_page_with_many_missing_and_many_failed_cells_is_short(lab: Lab) -> None:
    words = ("experiment=noop", "exec=serial", "inputs.n=4", "trials=2", "repeats=1")
    assert lab(*words, "level=range(70)", "mood=raise").code == 1
    path = lab.results / "noop" / "grid.json"
    remembered = json.loads(path.read_text())
    (block,) = remembered["cells"]
    names = block["settings"]
    for level in range(3000):
        values = {**dict(zip(names, next(iter(block["cells"].values())), strict=True)), "level": 100 + level}
        block["cells"][f"{level:024x}"] = [values[name] for name in names]
    path.write_text(json.dumps(remembered))
    assert lab("action=report").code == 1
    facts = json.loads((lab.results / "noop" / "study.json").read_text())["study"]
    assert facts["counts"]["missing"] == 3000 and facts["counts"]["failed"] == 70
    missing = [problem for problem in facts["problems"] if problem[1] == "missing"]
    assert len(missing) == 1 and missing[0][3] == 3000 and "level=range(100,3100)" in missing[0][0]
    assert sum(problem[3] for problem in facts["problems"] if problem[1] == "failed") == 70
    assert len(facts["problems"]) <= MOST_REASONS + 2
    assert (lab.results / "noop" / "study.json").stat().st_size < 30_000
    for name in ("report.md", "report.html"):
        text = (lab.results / "noop" / name).read_text()
        assert "3,000 cells: not run yet" in text and "other reason" in text


def test_of_cells_without_a_pattern_the_first_are_named(lab: Lab) -> None:
    levels = ",".join(str(level * level) for level in range(1, 24))
    words = ("experiment=noop", "exec=serial", f"level={levels}", "trials=2", "repeats=1")
    assert lab(*words, "inputs.n=4").code == 0
    path = lab.results / "noop" / "grid.json"
    (block,) = json.loads(path.read_text())["cells"]
    keys = list(block["cells"])
    names, place = block["settings"], block["settings"].index("level")
    for number, key in enumerate(keys):
        block["cells"][key][place] = number
        block["cells"][key][names.index("trials")] = 1000 + number
        folder = Path(lab.results / "noop" / "cells" / key[:2])
        (folder / f"{key}.json").unlink()
    remembered = json.loads(path.read_text())
    path.write_text(json.dumps({**remembered, "cells": [block]}))
    cells = lab.results / "noop" / "cells" / "00"
    cells.mkdir(exist_ok=True)
    (cells / ("0" * 24 + ".json")).write_text("{")  # so that the folder counts as a study
    assert lab("action=report").code == 1
    problems = json.loads((lab.results / "noop" / "study.json").read_text())["study"]["problems"]
    assert len(problems) == MOST_PATTERNS + 1 and sum(problem[3] for problem in problems) == 23
    assert problems[-1][0] == "and 4 cells more: results.csv has them"
