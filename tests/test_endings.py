"""Cells that do not end by themselves, and drivers that end too early: time is kept and nobody is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Lab
from kills import workers_of

import attnlab
from attnlab.harness.execution import worker

ONE = ("experiment=noop", "inputs.n=4", "trials=2", "repeats=1")


def records(lab: Lab) -> dict[str, dict[str, Any]]:
    """By the mood and level of the cell."""
    found = [json.loads(path.read_text()) for path in (lab.results / "noop" / "cells").glob("??/*.json")]
    return {f"{record['config']['mood']} {record['config']['level']}": record for record in found}


def wait_for(happened: Callable[[], Any], what: str, seconds: float = 300) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = happened()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"{what}: not in {seconds} seconds")


def running(process: int) -> bool:
    """Whether it is there and no zombie that its parent has yet to look at."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def cpu(process: int) -> int:
    """Ticks that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_timeout_holds_whatever_the_cell_is_at(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """In compiled code, deaf to every exception or to the alarm: its record says timeout, the others are done."""
    monkeypatch.setattr(worker, "GRACE", 0.5)
    words = ("mood=fine,compiled,stubborn,unalarmed,partial", "level=1")
    answer = lab(*ONE, *words, "exec.workers=2", "exec.timeout=1")
    assert answer.code == 1 and "Traceback" not in answer.err
    found = records(lab)
    assert len(found) == 5 and found.pop("fine 1")["status"] == "done"
    assert {record["status"] for record in found.values()} == {"timeout"}
    assert {record["error"] for record in found.values()} == {"still running after 1 s"}


def test_in_serial_a_timeout_is_best_effort_and_says_so(lab: Lab) -> None:
    answer = lab(*ONE, "mood=partial,sleep", "level=1", "exec=serial", "exec.timeout=0.3")
    assert answer.err.count("a timeout ends no cell that is inside compiled code") == 1
    assert {record["status"] for record in records(lab).values()} == {"timeout"}
    assert "best effort" not in lab(*ONE, "exec=serial").err


def test_an_alarm_of_the_cells_own_is_not_its_timeout(lab: Lab) -> None:
    assert lab(*ONE, "mood=alarm", "level=1", "exec=serial", "exec.timeout=50").code == 0
    assert {record["status"] for record in records(lab).values()} == {"done"}


def test_a_log_that_cannot_be_written_is_no_traceback(lab: Lab) -> None:
    """The cell has closed the log of the run, and a record is written all the same."""
    process = lab.start(*ONE, "mood=unlogged,raise", "level=1", "exec=serial")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1 and "Traceback" not in err and "Logging error" not in err
    assert len(records(lab)) == 2


def test_in_a_thread_serial_has_no_alarm_and_the_cells_are_measured(lab: Lab) -> None:
    found: list[Any] = []

    def work() -> None:
        settings: dict[str, Any] = {"exec": "serial", "exec.timeout": 5, "level": 1, "inputs.n": 4}
        found.append(
            attnlab.run("noop", settings, results=lab.results, config_dir=lab.folder / "mine").counts
        )

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [{"done": 1}]


@pytest.mark.parametrize(("mood", "workers"), [("compiled", 2), ("stubborn", 1)])
def test_no_worker_outlives_a_driver_that_was_killed(lab: Lab, mood: str, workers: int) -> None:
    process = lab.start(*ONE, f"mood={mood}", "level=1,2", f"exec.workers={workers}")
    busy = wait_for(lambda: len(found := workers_of(process.pid)) == workers and found, "workers")
    if mood == "compiled":
        wait_for(lambda: all(cpu(child) > 200 for child in busy), "all of them inside the loop")
    else:
        time.sleep(3)
    process.kill()
    process.communicate()
    wait_for(lambda: not any(map(running, busy)), "its workers are gone", 40)


def test_the_watch_alone_ends_a_worker_too(tmp_path: Path) -> None:
    """Where the kernel sends no signal, and in the processes that draw pages, which another thread may start."""
    script = tmp_path / "driver.py"
    watched = (
        "import sys, time; from attnlab.harness.execution.worker import end_with; end_with(int(sys.argv[1]));"
        "print('there', flush=True); time.sleep(60)"
    )
    script.write_text(
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {watched!r}, str(os.getpid())], stdout=-1)\n"
        "child.stdout.readline()\nprint(child.pid, flush=True)\nchild.wait()\n"
    )
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    assert running(child)
    process.kill()
    process.communicate()
    wait_for(lambda: not running(child), "the worker is gone", 40)


def test_the_signal_follows_the_thread_and_a_run_in_a_second_thread_has_its_workers(lab: Lab) -> None:
    """Workers are those of one run: none is killed because the thread of another has ended."""
    found: list[Any] = []

    def work(level: int) -> None:
        settings: dict[str, Any] = {"exec.workers": 2, "level": [level, level + 1], "inputs.n": 4}
        found.append(
            attnlab.run("noop", settings, results=lab.results, config_dir=lab.folder / "mine").counts
        )

    for level in (1, 3):
        thread = threading.Thread(target=work, args=(level,))
        thread.start()
        thread.join()
    assert found == [{"done": 2}, {"done": 2}]


def test_a_child_of_a_dead_worker_that_holds_the_line_is_no_reason_to_wait(lab: Lab) -> None:
    answer = lab(*ONE, "mood=forks,die", "level=1", "exec.workers=2")
    assert answer.code == 1
    assert {name: record["status"] for name, record in records(lab).items()} == {
        "forks 1": "done",
        "die 1": "failed",
    }


@pytest.mark.parametrize("way", ["exec=serial", "exec.workers=1"])
def test_a_keyboard_interrupt_of_the_cells_own_is_its_failure(lab: Lab, way: str) -> None:
    answer = lab(*ONE, "mood=keyboard,fine", "level=1", way)
    assert answer.code == 1 and "Traceback" not in answer.err
    found = records(lab)
    assert (found["keyboard 1"]["status"], found["keyboard 1"]["error"]) == ("failed", "KeyboardInterrupt")
    assert found["fine 1"]["status"] == "done"


@pytest.mark.parametrize("mood", ["sleep", "partial"])
def test_a_real_ctrl_c_fails_no_cell_not_even_one_that_keeps_it_to_itself(lab: Lab, mood: str) -> None:
    process = lab.start(*ONE, f"mood=fine,{mood}", "level=1", "exec=serial")
    wait_for(lambda: list((lab.results / "noop" / "cells").glob("??/*.json")), "the first cell")
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130 and "Traceback" not in err
    assert {name: record["status"] for name, record in records(lab).items()} == {"fine 1": "done"}


@pytest.mark.parametrize("way", ["exec=serial", "exec.workers=1"])
def test_a_cell_that_goes_elsewhere_takes_no_other_along(
    lab: Lab, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.folder)
    words = (*ONE, "mood=fine,elsewhere", "level=1,2", "results=here", way)
    answer = lab.command("--config-dir=mine", *words)
    assert answer.code == 0, answer.err
    assert Path.cwd() == lab.folder
    paths = list((lab.folder / "here" / "noop" / "cells").glob("??/*.json"))
    assert len(paths) == 4
    assert "0 to run" in lab.command("--config-dir=mine", *words).err


@pytest.mark.parametrize("way", ["exec=serial", "exec.workers=2"])
def test_on_error_stop_goes_no_further_and_the_same_command_goes_on(lab: Lab, way: str) -> None:
    words = (*ONE, "mood=raise,slow", "level=range(10)", way)
    answer = lab(*words, "exec.on_error=stop")
    assert answer.code == 1 and answer.err.count("exec.on_error=stop") == 1
    tally = [record["status"] for record in records(lab).values()]
    assert tally.count("failed") == 1 and len(tally) <= 3
    assert (lab.results / "noop" / "report.html").exists()
    answer = lab(*words)
    assert f"{tally.count('done')} already there" in answer.err and len(records(lab)) == 20


def test_on_error_is_one_of_two_words(lab: Lab) -> None:
    answer = lab(*ONE, "exec.on_error=halt")
    assert answer.code == 2 and "one of continue, stop" in answer.err


def test_a_closed_terminal_closes_the_run_and_nohup_is_heeded(lab: Lab) -> None:
    process = lab.start(*ONE, "mood=fine,sleep", "level=1", "exec.workers=1")
    wait_for(lambda: list((lab.results / "noop" / "cells").glob("??/*.json")), "the first cell")
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130 and "Traceback" not in err
    (run,) = (lab.results / "noop" / "runs").glob("*/run.json")
    told = json.loads(run.read_text())
    assert told["exit_code"] == 130 and told["finished"] and told["counts"]["done"] == 1

    words = (*ONE, "mood=slow", "level=range(4)", "exec.workers=1")
    ignoring = lab.start(*words, said=subprocess.DEVNULL, under=["nohup"])
    wait_for(lambda: len(list((lab.results / "noop" / "cells").glob("??/*.json"))) > 1, "its first cell")
    ignoring.send_signal(signal.SIGHUP)
    assert ignoring.wait(timeout=300) == 0


def test_a_driver_ends_with_its_test(lab: Lab) -> None:
    """Else the next one, whichever it is, is told of a process that goes on and of pipes that are open."""
    process = lab.start(*ONE, "mood=sleep", "level=1")
    lab.end()
    assert process.returncode == -signal.SIGKILL and process.stderr is not None and process.stderr.closed
