"""A disk that is read-only, a thousand failures, and the four ways in which a command ends."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys

import pytest
from clusters import until
from conftest import Lab

GRID = ("experiment=noop", "level=1,2", "inputs.n=4", "trials=2", "repeats=1", "exec=serial")


def test_results_on_a_read_only_disk_are_looked_at_and_a_run_is_refused(lab: Lab) -> None:
    """Nothing that is done is lost or in doubt; what would write says where it cannot, before anything runs."""
    place = lab.results
    apart = ["unshare", "--mount", "sh", "-c"]
    only = f"mount --bind {place} {place} && mount -o remount,ro,bind {place}"
    place.mkdir()
    if not shutil.which("unshare") or subprocess.run([*apart, only], capture_output=True).returncode:
        pytest.skip("needs the right to mount: a disk cannot be made read-only here")
    assert lab(*GRID).code == 0
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    command = [sys.executable, "-m", "attnlab", f"--config-dir={lab.folder / 'mine'}", f"results={place}"]
    looks = {
        ("action=status",): (0, "2"),
        ("action=show",): (0, "draw"),
        (*GRID, "action=plan"): (0, "2 cells in all, 0 to run"),
        GRID: (2, "can be written"),
        (*GRID, "level=3"): (2, "level"),
        ("action=report",): (2, "can be written"),
    }
    for words, (code, says) in looks.items():
        line = f"{only}; {shlex.join([*command, *words])}"
        done = subprocess.run([*apart, line], capture_output=True, text=True, check=False)
        assert done.returncode == code and says in done.stdout + done.stderr, (words, done)
        assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_a_thousand_failing_cells_are_told_in_a_screen(lab: Lab) -> None:
    """One of them done among them: it stays, the others are counted, and only they run again."""
    words = ("experiment=noop", "level=range(1001)", "inputs.n=4", "trials=2", "repeats=1", "exec=serial")
    assert lab(*words[:1], "level=0", *words[2:]).code == 0
    module = lab.folder / "mine" / "noop.py"
    text = module.read_text()
    module.write_text(text.replace('if mood == "raise":', 'if level and mood == "fine":'))
    answer = lab(*words)
    assert answer.code == 1 and "failed, RuntimeError: 1,001 cells in all" not in answer.err
    assert "failed, RuntimeError: 1,000 cells in all" in answer.err
    assert len(answer.err.splitlines()) < 50 and len(answer.out.splitlines()) < 50
    for name in ("report.html", "report.md", "study.json"):
        assert (lab.results / "noop" / name).stat().st_size < 200_000
    assert "1 already there, 1,000 to run" in lab(*words, "action=plan").out or (
        "1,001 cells in all, 1,000 to run" in lab(*words, "action=plan").out
    )


def test_a_command_ends_in_one_of_four_ways(lab: Lab) -> None:
    """0 all done, 1 a cell is not, 2 refused, 130 interrupted; what was done stays in every case."""
    assert lab(*GRID).code == 0
    assert lab(*GRID, "mood=fine,raise").code == 1
    assert lab(*GRID, "level=three").code == 2
    words = ("experiment=noop", "level=1,2,3", "inputs.n=4", "trials=2", "repeats=1", "mood=fine,sleep")
    process = lab.start(*words, "exec.workers=1")
    cells = lab.results / "noop" / "cells"
    until(lambda: len(list(cells.glob("??/*.json"))) == 5)  # two done, two failed, level=3 done
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=300)
    assert process.returncode == 130
    assert "2 already there, 0 to run" in lab(*GRID).err
