"""Ctrl-C at any moment, and twice: one line, exit code 130, no traceback, nothing half written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Lab

from attnlab.harness.execution.base import Outcome
from attnlab.harness.execution.worker import withheld
from attnlab.interruption import LINE


def interrupted(lab: Lab, *words: str, after: float, times: int = 1) -> subprocess.CompletedProcess[str]:
    """The command in a process group of its own, which all get the signal, as from a terminal."""
    process = lab.start(*words)
    time.sleep(after)
    for _ in range(times):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.02)
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("after", [0.2, 0.5, 1.0, 2.0])
def test_planning_and_importing_end_in_one_line(lab: Lab, after: float, times: int) -> None:
    done = interrupted(
        lab, "experiment=noop", "level=range(100000)", "force=true", "action=plan", after=after, times=times
    )
    assert (done.returncode, done.stderr.strip(), done.stdout) == (130, LINE, "")
    assert not lab.results.exists()


def test_an_interruption_inside_exec_ends_with_the_exit_code_too(tmp_path: Path) -> None:
    """As in the making of a dataclass while modules are imported; the interpreter would end by the signal."""
    (tmp_path / "inside.py").write_text(
        "import sys\nfrom attnlab import __main__, app\n"
        "def run():\n    try:\n        exec('raise KeyboardInterrupt')\n"
        "    except KeyboardInterrupt:\n        sys.exit(130)\n"
        "app.main = run\n__main__.main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    assert subprocess.run([sys.executable, "-m", "inside"], env=environment).returncode == 130


def test_a_new_worker_never_hears_of_ctrl_c() -> None:
    """Not even before it runs its first line: a terminal's signal reaches every process of the group."""
    with withheld():
        told = "import signal; print(*map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ())))"
        asked = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert str(int(signal.SIGINT)) in asked.stdout.split()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.parametrize("times", [1, 2])
def test_a_run_ends_in_one_line(lab: Lab, times: int) -> None:
    words = ("experiment=noop", "mood=sleep", "level=range(8)", "exec.workers=2")
    done = interrupted(lab, *words, after=6.0, times=times)
    assert done.returncode == 130
    assert done.stderr.count(LINE) == 1 and "Traceback" not in done.stderr


def test_a_run_that_is_interrupted_counts_what_is_stored_though_it_had_not_heard_of_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal may come between a worker's record and the driver's look at it."""

    def stop(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
        for _ in outcomes:
            raise KeyboardInterrupt
        yield from outcomes

    monkeypatch.setattr("attnlab.harness.launch.shown", stop)
    answer = lab("experiment=noop", "inputs.n=4", "repeats=1", "exec=serial")
    assert answer.code == 130
    (run,) = (lab.results / "noop" / "runs").glob("*/run.json")
    assert json.loads(run.read_text())["counts"]["done"] == 1
