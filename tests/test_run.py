"""Running: nothing lost, nothing done twice, failures isolated, the same numbers however it is run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Lab

from attnlab.harness.store import Store

FAST = ("experiment=noop", "exec=serial")


def records(lab: Lab, study: str = "noop") -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in (lab.results / study / "cells").glob("??/*.json")]
    return {record["key"]: record for record in found}


def numbers(lab: Lab, study: str = "noop") -> dict[str, dict[str, Any]]:
    return {key: record["metrics"] for key, record in records(lab, study).items()}


def csv(lab: Lab, study: str = "noop") -> bytes:
    return (lab.results / study / "results.csv").read_bytes()


def wait_until_gone(group: int) -> None:
    """Until no process of a driver's group is left; fails after forty seconds."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    pytest.fail("processes are left behind")


def test_a_run_leaves_records_table_pages_and_a_trace(lab: Lab) -> None:
    answer = lab(*FAST)
    assert answer.code == 0
    assert answer.out.strip().endswith("index.html")
    folder = lab.results / "noop"
    for name in ("results.csv", "report.html", "report.md", "study.json"):
        assert (folder / name).stat().st_size > 0
    assert (lab.results / "index.md").exists()
    (run,) = folder.glob("runs/*/run.json")
    trace = json.loads(run.read_text())
    assert trace["counts"]["done"] == 8 and trace["exit_code"] == 0 and trace["git"]["sha"]
    one = next(iter(records(lab).values()))
    assert one["metrics"]["draw"]["count"] == 40 and one["metrics"]["positive"]["kind"] == "rate"
    assert one["metrics"]["never"] == {"kind": "mean", "value": None, "count": 0, "nonfinite": 40}


def test_a_second_run_does_nothing_again(lab: Lab) -> None:
    lab(*FAST)
    before, table = records(lab), csv(lab)
    answer = lab(*FAST)
    assert "8 already there, 0 to run" in answer.err
    assert records(lab) == before and csv(lab) == table


def test_derived_files_come_back_from_the_records(lab: Lab) -> None:
    lab(*FAST)
    table = csv(lab)
    for name in ("results.csv", "report.html", "study.json"):
        (lab.results / "noop" / name).unlink()
    assert lab("action=report").code == 0
    assert csv(lab) == table and (lab.results / "noop" / "report.html").exists()


def test_plan_and_status_write_nothing(lab: Lab) -> None:
    answer = lab(*FAST, "action=plan")
    assert answer.code == 0 and "8 cells in all, 8 to run" in answer.out
    assert not lab.results.exists()
    lab(*FAST, "level=0,1")
    assert "8 cells in all, 4 to run" in lab(*FAST, "action=plan").out
    before = sorted(lab.results.rglob("*"))
    assert "4 cells in all, 0 to run" in lab("experiment=noop", "action=status").out
    assert sorted(lab.results.rglob("*")) == before


@pytest.mark.parametrize(
    ("mood", "status", "words"),
    [
        ("raise", "failed", "broke on purpose"),
        ("exit", "failed", "SystemExit"),
        ("decline", "skipped", "is not possible"),
    ],
)
def test_a_bad_cell_becomes_a_record_and_the_others_go_on(
    lab: Lab, mood: str, status: str, words: str
) -> None:
    answer = lab(*FAST, f"mood=fine,{mood}", "level=1,2", "inputs.n=4")
    assert answer.code == (0 if status == "skipped" else 1)
    tally = sorted(record["status"] for record in records(lab).values())
    assert tally == sorted(["done", "done", status, status])
    bad = [record for record in records(lab).values() if record["status"] == status]
    assert all(words in str(record.get("error") or record.get("reason")) for record in bad)
    assert status == "skipped" or all("Traceback" in record["traceback"] for record in bad)
    assert (words in answer.err) == (status == "failed")
    (log,) = (lab.results / "noop" / "runs").glob("*/log.txt")
    assert ("Traceback" in log.read_text()) == (status == "failed")
    assert words in (lab.results / "noop" / "report.md").read_text()


def test_what_is_not_installed_is_said_once_and_tried_again(lab: Lab) -> None:
    for _ in range(2):
        answer = lab(*FAST, "mood=lack", "level=1,2", "inputs.n=4")
        assert answer.code == 0 and "2 to run" in answer.err
        assert answer.err.count("pip install the-missing-thing") == 1
    assert {record["status"] for record in records(lab).values()} == {"unavailable"}
    assert "pip install the-missing-thing" in (lab.results / "noop" / "report.md").read_text()


def test_a_failure_is_tried_again_next_time(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOOP_MARKER", str(lab.folder / "marker"))
    words = (*FAST, "mood=once", "level=1", "inputs.n=4")
    assert lab(*words).code == 1
    assert lab(*words).code == 0
    assert [record["status"] for record in records(lab).values()] == ["done"]


def test_a_cell_that_kills_its_worker_fails_alone(lab: Lab) -> None:
    words = ("experiment=noop", "mood=fine,die", "level=1,2,3", "inputs.n=4", "exec.workers=2")
    assert lab(*words).code == 1
    by_mood = {(record["config"]["mood"], record["status"]) for record in records(lab).values()}
    assert by_mood == {("fine", "done"), ("die", "failed")}
    assert len(records(lab)) == 6


@pytest.mark.parametrize("way", ["exec=serial", "exec.workers=1", "exec.workers=2"])
def test_a_cell_that_runs_too_long_is_stopped(lab: Lab, way: str) -> None:
    """Even one that keeps every Exception to itself; it runs again next time."""
    words = ("experiment=noop", "mood=sleep,deaf", "level=1", "inputs.n=4", way, "exec.timeout=0.3")
    assert lab(*words).code == 1
    assert all(record["status"] == "timeout" and record["duration"] < 10 for record in records(lab).values())
    assert "2 to run" in lab(*words[:4], "action=status").out


def test_a_torn_record_is_a_missing_one(lab: Lab) -> None:
    lab(*FAST)
    before, table = numbers(lab), csv(lab)
    path = next((lab.results / "noop" / "cells").glob("??/*.json"))
    path.write_text(path.read_text()[:40])
    answer = lab(*FAST)
    assert "counts as missing" in answer.err and "1 to run" in answer.err
    assert numbers(lab) == before and csv(lab) == table


def test_workers_order_and_company_change_no_number(lab: Lab) -> None:
    lab("experiment=noop", "study=one", "exec=serial")
    lab("experiment=noop", "study=two", "exec.workers=2")
    lab("experiment=noop", "study=shuffled", "exec=serial", "level=3,1,0,2", "inputs.n=8,4")
    assert numbers(lab, "one") == numbers(lab, "two") == numbers(lab, "shuffled")
    plain = csv(lab, "one")
    for other in ("two", "shuffled"):
        assert csv(lab, other).replace(other.encode(), b"one") == plain


def test_parts_swept_over_the_same_inputs_see_the_same_draws(lab: Lab) -> None:
    lab(*FAST, "level=0,1", "inputs.n=4")
    means = sorted(record["metrics"]["draw"]["value"] for record in records(lab).values())
    assert means[1] - means[0] == pytest.approx(1.0, abs=1e-12)
    lab(*FAST, "study=others", "level=0", "inputs.n=4,8", "seed=0,1")
    assert len({record["metrics"]["draw"]["value"] for record in records(lab, "others").values()}) == 4


def test_kill_and_resume_gives_the_same_table(lab: Lab) -> None:
    """kill -9 of the driver in the middle: its workers go too; only the missing cells run; the same bytes."""
    words = ("experiment=noop", "mood=slow", "level=range(6)", "inputs.n=4,8", "repeats=1", "exec.workers=2")
    process = lab.start(*words, said=subprocess.DEVNULL)
    cells = lab.results / "noop" / "cells"
    deadline = time.monotonic() + 300
    while len(list(cells.glob("??/*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    wait_until_gone(process.pid)
    kept = records(lab)
    assert 3 <= len(kept) < 12
    answer = lab(*words)
    assert answer.code == 0 and f"{len(kept)} already there, {12 - len(kept)} to run" in answer.err
    assert {key: records(lab)[key] for key in kept} == kept
    table = csv(lab)
    lab(*words, "study=again")
    assert csv(lab, "again").replace(b"again", b"noop") == table


@pytest.mark.parametrize(("workers", "stop"), [(1, signal.SIGTERM), (2, signal.SIGINT)])
def test_an_interrupted_run_keeps_what_is_finished(lab: Lab, workers: int, stop: signal.Signals) -> None:
    """At once, though a cell is in the middle of a minute's sleep, and without leaving a process behind."""
    process = lab.start(
        "experiment=noop", "mood=fine,sleep", "level=1", f"exec.workers={workers}", said=subprocess.DEVNULL
    )
    cells = lab.results / "noop" / "cells"
    deadline = time.monotonic() + 300
    while not list(cells.glob("??/*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(stop)
    assert process.wait(timeout=50) == 130
    wait_until_gone(process.pid)
    assert {record["status"] for record in records(lab).values()} == {"done"}
    (run,) = (lab.results / "noop" / "runs").glob("*/run.json")
    assert json.loads(run.read_text())["exit_code"] == 130


def test_a_full_disk_stops_the_run_in_one_sentence(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "write", full)
    answer = lab(*FAST)
    assert answer.code == 1 and "No space left on device" in answer.err
    assert "Traceback" not in answer.err


ODD = r'''"""Odd: what does a trial get away with?"""
import numpy as np
from attnlab.verdicts import Verdict
VERSION = 1


def trial(how, trials, rng):
    x = rng("x").standard_normal(trials)
    row = {
        "fine": {"m": x},
        "whole": {"m": np.arange(trials)},
        "holes": {"m": np.where(np.arange(trials) < 3, 1.0, np.nan)},
        "scalar": {"m": 0.5},
        "matrix": {"m": np.ones((trials, 2))},
        "complex": {"m": x + 1j},
        "text": {"m": np.array(["a"] * trials)},
        "nameless": {3: x},
        "empty": {},
        "nothing": None,
        "huge": {"m": np.full(trials, 1.7e308)},
        "more": {"m": x, "extra": x} if rng.repeat else {"m": x},
        "less": {"m": x} if rng.repeat else {"m": x, "extra": x},
        "changing": {"m": x} if rng.repeat else {"m": x > 0},
        "undecodable": ValueError("bad \udcff text"),
        "cancelled": GeneratorExit(),
    }[how]
    if isinstance(row, BaseException):
        raise row
    return row


def verdict(table):
    return Verdict(("Nothing.",))
'''


def test_a_row_that_is_none_fails_its_cell_alone(lab: Lab) -> None:
    """Also: a trial without annotations and a yaml without title and figures will do."""
    hows = re.findall(r'^        "(\w+)":', ODD, flags=re.MULTILINE)
    (lab.folder / "mine" / "odd.py").write_text(ODD)
    (lab.folder / "mine" / "experiment" / "odd.yaml").write_text(
        "# @package _global_\nhow: fine\nexperiment: {module: odd, grids: {quick: {a: {how: fine}}}}\n"
    )
    answer = lab("experiment=odd", "exec=serial", "trials=4", "repeats=2", "how=" + ",".join(hows))
    assert answer.code == 1 and "Traceback" not in answer.err
    by_status: dict[str, set[str]] = {status: set() for status in ("done", "failed")}
    for record in records(lab, "odd").values():
        by_status[record["status"]].add(record["config"]["how"])
    fine = {"fine", "whole", "holes"}
    assert by_status == {"done": fine, "failed": set(hows) - fine}
    (holes,) = (r["metrics"]["m"] for r in records(lab, "odd").values() if r["config"]["how"] == "holes")
    assert (holes["value"], holes["count"], holes["nonfinite"]) == (1.0, 6, 2)
    assert (lab.results / "odd" / "report.html").exists()


def test_an_older_study_is_left_out_of_the_index(lab: Lab) -> None:
    old = lab.results / "old"
    old.mkdir(parents=True)
    (old / "study.json").write_text('{"module": "noop", "name": "old"}')
    answer = lab(*FAST)
    assert answer.code == 0 and f"{old} is left out of the index" in answer.err


def test_two_drivers_at_once_do_no_harm(lab: Lab) -> None:
    words = ("experiment=noop", "mood=slow", "level=range(4)", "inputs.n=4", "repeats=1")
    drivers = [lab.start(*words, "exec.workers=1", said=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=300) for process in drivers] == [0, 0]
    table = csv(lab)
    assert len(records(lab)) == 4
    lab(*words, "study=alone", "exec.workers=2")
    assert csv(lab, "alone").replace(b"alone", b"noop") == table


DECODER = '''
from dataclasses import dataclass
import numpy as np
from attnlab.decoders.base import Decoder
from attnlab.shapes import Estimate


@dataclass(frozen=True)
class Uniform(Decoder):
    """Knows nothing and says so."""

    def __call__(self, outputs, sample):
        weights = sample.mask / sample.mask.sum(axis=1, keepdims=True)
        return Estimate(weights, np.ones(len(outputs)), np.ones(len(outputs), dtype=bool))
'''


def test_a_decoder_of_ones_own_runs_in_a_sweep(lab: Lab) -> None:
    mine = lab.folder / "mine"
    (mine / "decoder").mkdir()
    (mine / "uniform_guess.py").write_text(DECODER)
    (mine / "decoder" / "uniform_guess.yaml").write_text("_target_: uniform_guess.Uniform\n")
    words = (
        "experiment=recovery",
        "weights=hard",
        "inputs.n=8",
        "trials=5",
        "decoder=glob(*)",
        "exec.workers=2",
    )
    answer = lab(*words)
    assert answer.code == 0, answer.err
    text = csv(lab, "recovery").decode()
    assert ",uniform_guess," in text and ",simplex," in text


def test_a_record_holds_what_made_it(lab: Lab) -> None:
    lab(*FAST, "level=1", "inputs.n=4")
    (record,) = records(lab).values()
    assert record["config"]["inputs"]["n"] == 4 and record["config"]["level"] == 1
    assert record["versions"] == {"experiment": 1, "inputs": 1}
    for name in ("schema", "key", "status", "started", "duration", "host", "run_id", "module"):
        assert name in record


def test_nothing_but_the_store_is_left_behind(lab: Lab) -> None:
    lab(*FAST)
    stray = [path for path in Path(lab.results).rglob("*") if path.name.startswith(".")]
    assert stray == []
