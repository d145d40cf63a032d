"""Where a command finds itself: closed streams, no shared memory, a full disk, a folder that is gone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Lab

ONE = ("experiment=noop", "level=1", "inputs.n=4", "trials=2", "repeats=1")


def shell(lab: Lab, line: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command in a shell, where `"$@"` is attnlab with these words."""
    own = (f"--config-dir={lab.folder / 'mine'}", f"results='{lab.results}'")
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}", "bash", sys.executable, "-m", "attnlab", *own, *words],
        capture_output=True,
        text=True,
        env={**os.environ, **more},
        timeout=300,
        check=False,
    )


def statuses(lab: Lab, study: str = "noop") -> list[str]:
    paths = (lab.results / study / "cells").glob("??/*.json")
    return sorted(json.loads(path.read_text())["status"] for path in paths)


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing_and_no_file_gets_what_is_printed(lab: Lab, closed: str) -> None:
    done = shell(lab, f'"$@" {closed}', *ONE, "mood=fine,raise", "exec.workers=2")
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    assert statuses(lab) == ["done", "failed"]
    for path in lab.results.rglob("*.json"):
        json.loads(path.read_text())


@pytest.mark.parametrize("line", ['"$@" 2>&1 | head -1', '"$@" 2> >(true)'])
def test_a_reader_of_everything_that_stops_reading_is_no_failure(lab: Lab, line: str) -> None:
    done = shell(lab, line, *ONE, "mood=fine")
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr
    assert statuses(lab) == ["done"]


def test_a_path_that_the_terminal_cannot_show_is_shown_as_its_code(lab: Lab) -> None:
    odd = Lab(lab.folder / "ü–🙂", lab.command)
    shutil.copytree(lab.folder / "mine", odd.folder / "mine")
    for where in (
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ):
        done = shell(odd, '"$@"', *ONE, "mood=fine,raise", "exec=serial", **where)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        assert "\\xfc" in done.stdout or "LC_ALL" in where


def test_a_folder_that_is_gone_is_no_place_for_results_and_no_hindrance(lab: Lab) -> None:
    """Several studies, so that pages are drawn in processes; a relative path is refused in a sentence."""
    mine = lab.folder / "mine" / "experiment"
    shutil.copy(mine / "noop.yaml", mine / "again.yaml")
    gone = 'mkdir "$0.gone" && cd "$0.gone" && rmdir "$0.gone" && '.replace("$0", str(lab.folder / "x"))
    words = ("level=1", "inputs.n=4", "trials=2", "repeats=1", "exec.workers=2")
    done = shell(lab, f'{gone}"$@"', "experiment=noop,again", *words)
    assert done.returncode == 0, done.stderr
    assert statuses(lab) == statuses(lab, "again") == ["done"]
    relative = subprocess.run(
        ["bash", "-c", f'{gone}"$@"', "bash", sys.executable, "-m", "attnlab", "action=status"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert relative.returncode == 2
    assert "an absolute path: the folder that this command was called from is gone" in relative.stderr


def test_without_shared_memory_everything_works(lab: Lab) -> None:
    """Cells in processes of their own, pages drawn one after another."""
    mine = lab.folder / "mine" / "experiment"
    shutil.copy(mine / "noop.yaml", mine / "again.yaml")
    apart = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o ro tmpfs /dev/shm && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("needs the right to mount: /dev/shm cannot be taken away here")
    own = (f"--config-dir={lab.folder / 'mine'}", f"results={lab.results}")
    words = ("experiment=noop,again", "level=1,2", "inputs.n=4", "trials=2", "repeats=1", "exec.workers=2")
    done = subprocess.run(
        [*apart, sys.executable, "-m", "attnlab", *own, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert statuses(lab) == statuses(lab, "again") == ["done", "done"]


def test_a_long_name_is_refused_and_two_folders_answer_for_help(lab: Lab) -> None:
    answer = lab(*ONE, f"study={'x' * 300}")
    assert answer.code == 2 and "Traceback" not in answer.err and not lab.results.exists()
    other = lab.folder / "other"
    (other / "experiment").mkdir(parents=True)
    shutil.copy(lab.folder / "mine" / "experiment" / "noop.yaml", other / "experiment" / "second.yaml")
    for words in ((f"--config-dir={other}", "--help"), ("--help", "--config-dir", str(other))):
        answer = lab.command(f"--config-dir={lab.folder / 'mine'}", *words)
        (line,) = [line for line in answer.out.splitlines() if line.startswith("experiment:")]
        assert answer.code == 0 and "noop" in line and "second" in line


def test_a_results_folder_on_a_full_disk_keeps_what_is_done(tmp_path: Path, lab: Lab) -> None:
    """Two megabytes: the run stops in a sentence, and goes on where there is room again."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = ["unshare", "--mount", "sh", "-c"]
    small = f"mount -t tmpfs -o size=2m tmpfs {place}"
    if not shutil.which("unshare") or subprocess.run([*mounted, small], capture_output=True).returncode:
        pytest.skip("needs the right to mount: a disk cannot be made small here")
    own = f"--config-dir={lab.folder / 'mine'} results={place}/results"
    grid = "experiment=noop level='range(2000)' inputs.n=4 trials=2 repeats=1 exec.workers=2"
    run = f"{sys.executable} -m attnlab {own} {grid}"
    line = (
        f"{small}; {run}; echo code $?; find {place} -name '.unfinished*' | wc -l; "
        f"find {place}/results/noop/cells -name '*.json' -size +0 | wc -l; "
        f"mount -o remount,size=64m {place}; {run} action=plan | grep 'cells in all'"
    )
    done = subprocess.run([*mounted, line], capture_output=True, text=True, check=False, timeout=300)
    out = done.stdout.splitlines()
    assert out[0] == "code 1" and "No space left on device" in done.stderr and "Traceback" not in done.stderr
    assert "what was finished is kept" in done.stderr
    assert out[1] == "0", "nothing half written stays"
    kept = int(out[2])
    assert kept > 100 and f"2,000 cells in all, {2000 - kept:,} to run" in out[3]


def test_a_clock_that_goes_backwards_changes_nothing(lab: Lab) -> None:
    """What was measured in a year to come stays, and what is measured now comes after it."""
    words = ("experiment=noop", "inputs.n=4", "trials=2", "repeats=1", "exec=serial")
    assert lab(*words, "level=1,2").code == 0
    for path in [*lab.results.glob("noop/cells/??/*.json"), *lab.results.glob("noop/runs/*/run.json")]:
        path.write_text(re.sub(r'"started": "20\d\d', '"started": "2199', path.read_text()))
    (old,) = (lab.results / "noop" / "runs").iterdir()
    old.rename(old.with_name("21990101T000000Z-ffffff"))
    answer = lab(*words, "level=1,2,3")
    assert answer.code == 0 and "2 already there, 1 to run" in answer.err
    assert "3 already there, 0 to run" in lab(*words, "level=1,2,3").err
    assert lab("action=report").code == lab("action=status").code == 0
    assert " to 2199-" in (lab.results / "noop" / "report.md").read_text()


def test_two_drivers_on_one_study_with_different_grids_lose_nothing(lab: Lab) -> None:
    words = ("experiment=noop", "mood=slow", "inputs.n=4", "trials=2", "repeats=1", "exec.workers=1")
    grids = ("level=range(0,6)", "level=range(3,9)")
    drivers = [lab.start(*words, grid) for grid in grids]
    said = [process.communicate(timeout=300)[1] for process in drivers]
    assert [process.returncode for process in drivers] == [0, 0], said
    assert not any("Traceback" in one for one in said)
    assert statuses(lab) == ["done"] * 9
    for grid in grids:
        assert "6 already there, 0 to run" in lab(*words, grid).err
