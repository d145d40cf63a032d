"""What a command says in the terminal: numbers of few cells, the verdict of many, a record, a plan."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Lab

from attnlab.harness import grid

FAST = ("experiment=noop", "exec=serial")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_few_cells_are_shown_with_their_intervals(lab: Lab) -> None:
    lines = lab(*FAST).out.splitlines()
    assert lines[0] == "noop: 8 done"
    assert lines[1].split() == ["inputs.n", "level", "draw"]
    assert len([line for line in lines if re.match(r"  [48] +[0-3] +-?[\d.]+ \[", line)]) == 8
    assert lines[-1] == str(lab.results / "index.html") and f"  {lab.results}/noop/report.html" in lines


def test_many_cells_are_told_by_the_verdict(lab: Lab) -> None:
    out = lab(*FAST, "level=range(7)").out
    assert "The mean draw is" in out and "level" not in out


def test_cells_that_are_not_done_say_why(lab: Lab) -> None:
    out = lab(*FAST, "mood=fine,raise,decline", "level=1", "inputs.n=4").out
    assert "1 done, 1 failed, 1 skipped" in out
    assert (
        "failed: RuntimeError: level 1 broke on purpose" in out and "skipped: level 1 is not possible" in out
    )


def test_show_prints_what_the_run_printed_and_writes_nothing(lab: Lab) -> None:
    out = lab(*FAST, "study=mine", "level=1,2").out
    before = files(lab.results)
    answer = lab("action=show", "study=mine")
    assert answer.code == 0 and answer.out == out
    assert lab("action=show").out == out
    assert files(lab.results) == before
    shown = lab("action=show", "study=mine", "experiment=noop", "level=1").out
    assert "noop" not in shown.splitlines()[1] and shown.count("\n") < out.count("\n")


def test_show_prints_one_record_whole(lab: Lab) -> None:
    lab(*FAST, "level=1,2", "inputs.n=4")
    path = next((lab.results / "noop" / "cells").glob("??/*.json"))
    for words in (("study=noop",), ()):
        answer = lab("action=show", f"key={path.stem[:9]}", *words)
        assert answer.code == 0 and json.loads(answer.out) == json.loads(path.read_text())
    assert "the beginning of a stored key" in lab("action=show", "key=zz").err
    answer = lab("action=show", "key=''")
    assert answer.code == 2 and "not of 2" in answer.err


def test_show_refuses_a_study_without_records(lab: Lab) -> None:
    lab(*FAST, "study=mine", "level=1")
    answer = lab("action=show", "study=yours")
    assert answer.code == 2 and "yours" in answer.err and "mine" in answer.err


def test_a_plan_shows_blocks_ends_and_time(lab: Lab) -> None:
    out = lab(*FAST, "action=plan", "level=range(20)").out
    assert "noop: 40 cells in 1 block\n" in out
    assert "level=0,1,2,3,4,5,6,7,... (20)" in out
    assert re.search(r"first: inputs=gaussian inputs.n=4 .*level=0 ", out)
    assert re.search(r"last: inputs=gaussian inputs.n=8 .*level=19 ", out)
    assert "40 to run; no cell of noop is stored" in out
    lab(*FAST, "level=0,1")
    out = lab(*FAST, "action=plan", "level=range(20)").out
    assert re.search(r"36 to run, about \d+ s on 1 worker, going by 4 stored cells", out)
    assert "nothing to run" in lab(*FAST, "action=plan", "level=0").out


def test_a_plan_without_end_is_refused_unless_forced(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not expanded: the refusal of ten million cells is as quick as that of ten."""
    answer = lab(*FAST, "level=range(1000)", "inputs.n=range(1000)", "seed=range(10)", "action=plan")
    assert answer.code == 2 and "10,000,000 cells" in answer.err and "force" in answer.err
    monkeypatch.setattr(grid, "MOST_CELLS", 7)
    assert lab(*FAST).code == 2 and not lab.results.exists()
    assert lab(*FAST, "force=true").code == 0
    assert "force" not in json.loads((lab.results / "noop" / "study.json").read_text())["study"]["command"]


def test_planning_that_takes_long_says_so_and_stops_at_once(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid, "SPEAK", 0.0)
    assert "planning noop: 3 of 8 cells" in lab(*FAST, "action=plan").err

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(grid, "study_name", interrupted)
    answer = lab(*FAST, "action=plan")
    assert answer.code == 130 and "Traceback" not in answer.err and "interrupted" in answer.err
