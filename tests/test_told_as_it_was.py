"""What became of a cell is told as it was: how its process ended, what a record says it took, what is left."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Lab

from attnlab.harness import progress
from attnlab.harness.store import Store

DEATHS = {
    "os.kill(os.getpid(), signal.SIGKILL)": "killed, as the system does when memory runs out (SIGKILL)",
    "os.kill(os.getpid(), signal.SIGSEGV)": "crashed (SIGSEGV)",
    "os.abort()": "crashed (SIGABRT)",
    "os.kill(os.getpid(), signal.SIGTERM)": "ended (SIGTERM)",
    "os._exit(9)": "ended with exit code 9",
}
"""Ways in which a cell loses its process, and what is said of it."""


def _dying(lab: Lab, way: str) -> None:
    """Have the mood `die` be that way."""
    module = lab.folder / "mine" / "noop.py"
    text = module.read_text()
    assert "os._exit(9)" in text
    module.write_text(text.replace("os._exit(9)", way))


@pytest.mark.parametrize("way", DEATHS)
def test_a_cell_without_its_process_says_how_it_lost_it(lab: Lab, way: str) -> None:
    """The other cell is done; whoever reads the record knows whether to look for memory or for a fault."""
    _dying(lab, way)
    words = ("experiment=noop", "level=1", "mood=die,fine", "inputs.n=4", "trials=2", "repeats=1")
    answer = lab(*words, "exec=local", "exec.workers=1")
    assert answer.code == 1
    failed, done = sorted(
        Store(lab.results / "noop").all(), key=lambda record: str(record["status"] == "done")
    )
    assert done["status"] == "done" and failed["status"] == "failed"
    assert failed["error"].startswith("the cell lost its process, twice: ") and DEATHS[way] in failed["error"]
    assert failed["error"] in answer.err
    others = [says for other, says in DEATHS.items() if other != way]
    assert not any(says in failed["error"] for says in others)


@pytest.mark.parametrize("duration", [-5, 1e300, 1e9])
def test_a_record_that_took_an_impossible_time_is_none(lab: Lab, duration: float) -> None:
    """A plan goes by these times; its cell is measured again."""
    words = ("experiment=noop", "level=1,2", "inputs.n=4", "trials=2", "repeats=1", "exec=serial")
    assert lab(*words).code == 0
    paths = sorted((lab.results / "noop" / "cells").glob("??/*.json"))
    right = _numbers(paths)
    changed = json.loads(paths[0].read_text())
    paths[0].write_text(json.dumps({**changed, "duration": duration}))
    told = lab(*words, "action=plan")
    assert "1 to run, about 0 s" in told.out and "no number of seconds" in told.err
    assert "1 already there, 1 to run" in lab(*words).err
    assert _numbers(paths) == right


def _numbers(paths: list[Path]) -> list[Any]:
    return [json.loads(path.read_text())["metrics"] for path in paths]


class Clock:
    """Seconds that pass as they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


def test_the_rest_is_told_by_the_cells_after_the_first(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The first waits a minute for kernels, the others take ten seconds each: nobody is told of hours."""
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    assert time.monotonic() != clock.now

    class Done:
        status, reason, traceback = "done", None, None

    def outcomes() -> Iterator[Any]:
        for seconds in (60.0, *[10.0] * 9):
            clock.now += seconds
            yield Done()

    caplog.set_level("INFO", logger="attnlab")
    assert len(list(progress.shown(outcomes(), 100))) == 10
    assert caplog.messages == [
        "1 of 100 cells, 0 failed",
        "4 of 100 cells, 0 failed, about 960 s left",
        "7 of 100 cells, 0 failed, about 930 s left",
        "10 of 100 cells, 0 failed, about 900 s left",
    ]
