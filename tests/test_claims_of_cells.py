"""Two drivers that start in the same second: each cell is submitted once, and measured by one at a time."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import clusters
import pytest
from clusters import until
from conftest import Lab

from attnlab.harness.claims import claimed
from attnlab.harness.provenance import provenance

TRIAL = """
import os, time
from pathlib import Path
VERSION = 1
def trial(level: int, wait: float, rng):
    with open(Path(os.environ["MEASURED"]), "a") as file:
        file.write(f"{level}\\n")
    time.sleep(wait)
    return {"told": [float(level)]}
"""
YAML = """
# @package _global_
level: 0
wait: 0.2
experiment:
  module: counting
  title: Counting
  grids: {quick: {all: {level: "range(6)"}}}
  figures: []
"""
HOLDER = """
import sys, time
from pathlib import Path
from attnlab.harness.claims import claimed
with claimed(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def counting(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An experiment that leaves a line for every cell that is measured; the file with the lines."""
    (lab.folder / "mine" / "counting.py").write_text(TRIAL)
    (lab.folder / "mine" / "experiment" / "counting.yaml").write_text(YAML)
    monkeypatch.setenv("MEASURED", str(lab.folder / "measured.txt"))
    return lab.folder / "measured.txt"


def together(lab: Lab, *words: str) -> list[str]:
    """Two drivers with the same words, started in the same second; what each said."""
    both = [lab.start(*words) for _ in range(2)]
    said = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    return said


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """`holder(what)`: another process that has claimed it."""
    processes = []

    def hold(what: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLDER, str(tmp_path), what]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert processes[-1].stdout is not None and processes[-1].stdout.readline() == "held\n"
        return processes[-1]

    yield hold
    for process in processes:
        process.kill()
        process.communicate()


def test_a_claim_is_one_process_s_until_it_ends_however_it_ends(
    tmp_path: Path, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    """What was left in the file, or in its place by a dead one, stops nobody."""
    (tmp_path / "claims").write_bytes(b"torn" * 100)
    process = holder("a")
    with claimed(tmp_path, "b", longest=0) as ours:
        assert ours
    with claimed(tmp_path, "a", longest=0) as ours:
        assert not ours
    process.send_signal(signal.SIGKILL)
    process.wait()
    with claimed(tmp_path, "a", longest=0) as ours:
        assert ours


def test_a_claim_is_waited_for(tmp_path: Path, holder: Callable[[str], subprocess.Popen[str]]) -> None:
    process = holder("a")
    began = time.monotonic()
    with claimed(tmp_path, "a", longest=0.3) as ours:
        assert not ours and time.monotonic() - began >= 0.3
    process.kill()
    with claimed(tmp_path, "a") as ours:
        assert ours


def test_where_no_claims_are_kept_work_goes_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file system without locks; and a folder in which nothing can be written."""

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "lockf", none)
        with claimed(tmp_path, "a", longest=60) as ours:
            assert not ours
        assert lab("experiment=noop", "exec=serial", "level=0").code == 0
    (tmp_path / "file").write_text("")
    with claimed(tmp_path / "file", "a") as ours:
        assert not ours


def test_two_drivers_measure_each_cell_once(lab: Lab, counting: Path) -> None:
    together(lab, "experiment=counting", "repeats=1", "exec.workers=2")
    assert sorted(counting.read_text().split()) == [str(level) for level in range(6)]
    assert (lab.results / "counting" / "results.csv").read_text().count(",done,") == 6


def test_a_driver_killed_at_a_cell_leaves_it_to_the_other(lab: Lab, counting: Path) -> None:
    words = ("experiment=counting", "level=1", "repeats=1", "wait=2")
    first = lab.start(*words)
    until(counting.exists)
    second = lab.start(*words)
    time.sleep(0.5)
    first.kill()
    first.communicate()
    assert second.wait(timeout=300) == 0, second.communicate()
    second.communicate()
    assert (lab.results / "counting" / "results.csv").read_text().count(",done,") == 1


def test_two_drivers_under_dask_measure_each_cell_once(lab: Lab, counting: Path) -> None:
    with clusters.dask() as cluster:
        words = ("exec=dask", "exec.chunk=2", f"exec.address={cluster.address}")
        together(lab, "experiment=counting", "repeats=1", *words)
    assert sorted(counting.read_text().split()) == [str(level) for level in range(6)]


def submitted(said: str) -> list[int]:
    """How many cells went into each submission."""
    return [int(count) for count in re.findall(r"submitted job \d+: (\d+) cells", said)]


def test_two_drivers_in_one_second_submit_each_cell_once(lab: Lab, counting: Path, slurm: None) -> None:
    said = together(lab, "experiment=counting", "repeats=1", "wait=0", "exec=slurm", "exec.chunk=3")
    assert sum(map(sum, map(submitted, said))) == 6, said
    assert sorted(counting.read_text().split()) == [str(level) for level in range(6)]
    assert list((lab.results / "counting" / "jobs").iterdir()) == []


def test_what_was_submitted_after_a_driver_looked_is_not_submitted_again(
    lab: Lab, slurm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one comes in between, to the moment; its cells are those of its jobs."""
    words = ("experiment=noop", "exec=slurm", "exec.chunk=3", "exec.wait=false", "exec.sbatch=[--hold]")
    said: list[str] = []

    def other() -> dict[str, object]:
        if not said:  # after the look at the queue, before anything is submitted
            said.append(lab.start(*words, "level=0,1,2").communicate(timeout=300)[1])
        return provenance()

    monkeypatch.setattr("attnlab.harness.launch.provenance", other)
    answer = lab(*words)
    assert answer.code == 0, answer.err
    assert sum(submitted(said[0])) == 6 and submitted(answer.err) == [2]
    assert "6 cells of noop submitted by another command" in answer.err
    (run, *_) = [
        json.loads(path.read_text())
        for path in sorted((lab.results / "noop" / "runs").glob("*/run.json"), key=os.path.getmtime)[::-1]
    ]
    assert run["counts"]["queued"] == 8
