"""The harness at its edges: one key in two studies, names that are taken, how many cells a command may have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Lab

from attnlab.harness import grid
from attnlab.harness.grid import COMPARISONS, REFERENCE
from attnlab.harness.overrides import LAUNCH
from attnlab.tidy import BOOKKEEPING, TAIL

FAST = ("experiment=noop", "exec=serial")


def again(lab: Lab) -> None:
    """A second experiment of the same module: its cells have the keys of the first one's."""
    folder = lab.folder / "mine" / "experiment"
    (folder / "again.yaml").write_text((folder / "noop.yaml").read_text())


def records(lab: Lab, study: str) -> dict[str, str]:
    paths = (lab.results / study / "cells").glob("??/*.json")
    return {path.stem: json.loads(path.read_text())["status"] for path in paths}


@pytest.mark.parametrize("workers", [1, 2])
def test_one_key_in_two_studies_of_a_command_is_run_in_both(lab: Lab, workers: int) -> None:
    """Also where a worker dies, and the cells under way are run again alone."""
    again(lab)
    words = ("experiment=again,noop", "exec=local", f"exec.workers={workers}", "level=1")
    answer = lab(*words, "mood=fine,die", "inputs.n=4")
    assert answer.code == 1 and "Traceback" not in answer.err
    assert "4 cells: 0 already there, 4 to run" in answer.err
    assert records(lab, "again") == records(lab, "noop")
    assert sorted(records(lab, "noop").values()) == ["done", "failed"]


TAKEN = sorted({*LAUNCH, "figures", "hydra"} | (BOOKKEEPING - set(TAIL)))


def test_arguments_of_a_trial_that_are_called_like_something_else_are_refused(lab: Lab) -> None:
    assert {"key", "force", "a", "b", "study", "status", "value", "kind", "count", "low", "metric"} <= set(
        TAKEN
    )
    module = lab.folder / "mine" / "noop.py"
    text = module.read_text()
    for name in TAKEN:
        module.write_text(text.replace("mood: str, trials", f"mood: str, {name}: int, trials"))
        answer = lab(*FAST)
        assert answer.code == 2 and "Traceback" not in answer.err, answer.err
        assert f"a trial without arguments named `{name}`" in " ".join(answer.err.split())
        assert not lab.results.exists()
    module.write_text(text)
    assert lab(*FAST, "action=plan").code == 0


def test_the_most_cells_are_those_of_the_whole_command(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    again(lab)
    monkeypatch.setattr(grid, "MOST_CELLS", 10)
    assert lab(*FAST, "action=plan").code == 0
    answer = lab("experiment=again,noop", "exec=serial", "action=plan")
    assert answer.code == 2 and "true for the 16 cells of again, noop, or fewer than 10" in answer.err
    assert lab("experiment=again,noop", "exec=serial", "action=plan", "force=true").code == 0


def test_one_is_told_as_one(lab: Lab) -> None:
    one = (*FAST, "level=1", "inputs.n=4")
    assert "noop: 1 cell in 1 block\n" in lab(*one, "action=plan").out
    assert "1 cell: 0 already there, 1 to run" in lab(*one).err
    out = lab(*one, "action=plan").out + lab("action=status").out
    lab(*FAST, "level=0,1", "inputs.n=4")
    out += lab(*FAST, "level=2", "inputs.n=4", "action=plan").out + lab("action=show").out
    page = (lab.results / "noop" / "report.md").read_text()
    assert " 1 cells" not in out + page and " 1 blocks" not in out and " 1 stored cells" not in out
    assert "1 cell in all" in out


def test_folders_of_the_harness_are_no_studies(lab: Lab) -> None:
    for name in (REFERENCE, COMPARISONS):
        answer = lab(*FAST, f"study={name}")
        assert answer.code == 2 and f"another name: results/{name}" in answer.err
    assert not Path(lab.results).exists()
