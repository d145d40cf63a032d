"""Cells in a cluster's jobs are queued as long as its queue says so: neither missing nor run a second time."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Lab

from attnlab.harness.execution.queued import Submission, answered, place, submissions
from attnlab.tidy import STATUSES

GRID = ("experiment=noop", "exec=serial", "level=0,1", "inputs.n=4,8")
NAME = "attnlab-0123abcd"


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`queue(answer)`: a command squeue that says this, or fails if it is told `fail`."""

    def says(answer: str) -> None:
        command = tmp_path / "bin" / "squeue"
        command.parent.mkdir(exist_ok=True)
        last = "exit 1" if answer == "fail" else f"printf '{answer}'"
        command.write_text(f"#!/bin/sh\n{last}\n")
        command.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return says


def keys(lab: Lab) -> list[str]:
    grid = json.loads((lab.results / "noop" / "grid.json").read_text())
    return [key for block in grid["cells"] for key in block["cells"]]


def submitted(lab: Lab, run_id: str = "run") -> list[str]:
    """The cells of a small grid as two jobs, none of them measured; their keys."""
    lab(*GRID)
    found = keys(lab)
    for path in (lab.results / "noop" / "cells").glob("??/*.json"):
        path.unlink()
    study = lab.results / "noop"
    Submission(NAME, place(study, NAME), run_id, (tuple(found[:3]), tuple(found[3:]))).write()
    return found


def statuses(lab: Lab) -> dict[str, int]:
    told = lab("experiment=noop", "action=status").out.splitlines()
    line = next(line for line in told if line.startswith("noop "))
    return dict(zip(STATUSES, map(int, line.split()[2:]), strict=False))


def test_what_the_queue_holds_is_queued_and_what_it_lost_is_missing(
    lab: Lab, queue: Callable[[str], None]
) -> None:
    submitted(lab)
    queue(rf"17_0|{NAME}|PENDING\n17_1|{NAME}|RUNNING\n")
    assert statuses(lab) == dict.fromkeys(STATUSES, 0) | {"queued": 4}
    assert "noop: 4 cells queued in job 17" in lab("action=status").out
    assert "4 cells in all, 0 to run" in lab(*GRID, "action=plan").out
    queue(rf"17_0|{NAME}|PENDING\n")
    assert statuses(lab) == dict.fromkeys(STATUSES, 0) | {"queued": 3, "missing": 1}


def test_a_run_leaves_queued_cells_to_their_job(lab: Lab, queue: Callable[[str], None]) -> None:
    submitted(lab)
    queue(rf"17_0|{NAME}|PENDING\n")
    answer = lab(*GRID)
    assert answer.code == 0 and "1 to run, 3 queued before" in answer.err
    table = (lab.results / "noop" / "results.csv").read_text()
    assert table.count(",queued,job 17_0,") == 3
    assert len(list((lab.results / "noop" / "cells").glob("??/*.json"))) == 1
    queue("")
    assert "3 to run" in lab(*GRID).err
    assert statuses(lab) == dict.fromkeys(STATUSES, 0) | {"done": 4}
    assert place(lab.results / "noop", NAME).is_dir()  # its jobs might yet have run
    lab(*GRID)
    assert not place(
        lab.results / "noop", NAME
    ).exists()  # all its cells are done, and the queue holds none of it


def test_a_queue_that_does_not_answer_is_said_so(lab: Lab, queue: Callable[[str], None]) -> None:
    submitted(lab)
    queue("fail")
    answer = lab("action=status")
    assert "squeue does not answer" in answer.err and answer.code == 0
    assert statuses(lab)["missing"] == 4


def test_a_job_that_gave_its_outcome_holds_the_cell_no_longer() -> None:
    failed = {"status": "failed", "run_id": "this"}
    assert answered(failed, "this") and not answered(failed, "a later one")
    assert answered({"status": "done", "run_id": "any"}, "this") and not answered(None, "this")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"run_id": 1, "cells": [3]}'])
def test_word_of_jobs_that_cannot_be_read_is_passed_over(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = place(tmp_path, NAME) / "cells.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert list(submissions(tmp_path)) == [] and "cannot be read" in caplog.text
