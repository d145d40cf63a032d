"""What is not there is said and counted as missing: records deleted under a run, links that lead nowhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Lab

from attnlab.harness.actions import ACTIONS
from attnlab.harness.store import Store

GRID = ("experiment=noop", "level=range(6)", "inputs.n=4", "trials=2", "repeats=1", "exec=serial")
WORDS = {"run": GRID, "plan": GRID, "compare": ("a=one", "b=two")}


@pytest.mark.parametrize("gone", ["", "noop", "noop/cells"])
def test_records_deleted_under_a_run_count_as_missing_and_come_back(lab: Lab, gone: str) -> None:
    """The fourth cell deletes what is there: nothing passes for done that is not, and one more run heals it."""
    module, marker = lab.folder / "mine" / "noop.py", lab.folder / "deleted"
    text = module.read_text()
    deletes = f"""
    if level == 3 and not os.path.exists({str(marker)!r}):
        import shutil
        shutil.rmtree({str(lab.results / gone)!r})
        open({str(marker)!r}, "w").close()
"""
    module.write_text(text.replace('    if mood == "raise":', deletes + '    if mood == "raise":', 1))
    answer = lab(*GRID)
    assert answer.code == 1 and "3 records of noop deleted while this ran" in answer.err
    assert "3 done, 3 missing" in answer.out and len(list(Store(lab.results / "noop").all())) == 3
    (run,) = (lab.results / "noop" / "runs").iterdir()
    facts = json.loads((run / "run.json").read_text())
    assert facts["exit_code"] == 1 and facts["counts"]["done"] == facts["counts"]["missing"] == 3
    status = lab("action=status").out
    assert "6 cells in all, 3 to run" in status, status
    again = lab(*GRID)
    assert again.code == 0 and "3 already there, 3 to run" in again.err and "6 done" in again.out


def _link(place: Path, target: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


@pytest.mark.parametrize("below", ["", "/deeper"])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_link_to_nowhere_is_refused_by_every_action(lab: Lab, action: str, below: str) -> None:
    """A disk that is not mounted: no empty folder takes its place, and nobody is told that nothing is stored."""
    place = lab.folder / "a-link"
    _link(place, "unmounted/results")
    words = WORDS.get(action, ())
    answer = lab.command(
        f"--config-dir={lab.folder / 'mine'}", f"results={place}{below}", f"action={action}", *words
    )
    assert answer.code == 2 and f"{place} is a link to unmounted/results, which is not there" in answer.err
    assert not place.exists() and os.readlink(place) == "unmounted/results"


@pytest.mark.parametrize("name", ["noop", "noop/cells"])
def test_a_study_or_its_cells_behind_a_link_to_nowhere_stay_where_they_are(lab: Lab, name: str) -> None:
    """A run begins no second copy beside what somebody keeps on another disk; on that disk it goes on."""
    elsewhere = lab.folder / "disk"
    _link(lab.results / name, str(elsewhere))
    refused = lab(*GRID)
    assert refused.code == 2 and f"is a link to {elsewhere}, which is not there" in refused.err
    assert (lab.results / name).is_symlink() and not elsewhere.exists()
    elsewhere.mkdir()
    assert lab(*GRID).code == 0
    assert (lab.results / name).is_symlink() and list(elsewhere.rglob("*.json"))
    assert "6 already there, 0 to run" in lab(*GRID).err
