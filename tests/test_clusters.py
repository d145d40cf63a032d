"""Engines on real clusters: the same command, keys and numbers; nothing finished is lost, nothing runs twice."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clusters
import kills_dask
import pytest
from clusters import DaskCluster, until
from conftest import Lab
from fences import commands

from attnlab.tidy import STATUSES

CLI = Path(__file__).parents[1] / "docs" / "cli.md"
SLOW = ("experiment=noop", "mood=slow", "level=range(6)", "inputs.n=4", "repeats=1")


@pytest.fixture(scope="module")
def dask() -> Iterator[DaskCluster]:
    with clusters.dask() as cluster:
        yield cluster


def ask(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def queue() -> list[str]:
    """The ids of the jobs in the queue."""
    return ask("squeue", "--noheader", "--array", "--format=%i").split()


def records(lab: Lab, study: str = "noop") -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in (lab.results / study / "cells").glob("??/*.json")]
    return {record["key"]: record for record in found}


def csv(lab: Lab, study: str = "noop") -> bytes:
    return (lab.results / study / "results.csv").read_bytes().replace(study.encode(), b"noop")


def statuses(lab: Lab) -> dict[str, int]:
    """How many cells have which status, by action=status; those that none has are left out."""
    told = lab("experiment=noop", "study=noop", "action=status").out.splitlines()
    counts = next(line for line in told if line.startswith("noop ")).split()[2:]
    found = dict(zip(STATUSES, map(int, counts), strict=False))
    return {status: count for status, count in found.items() if count}


def require_like_serial(lab: Lab, *words: str) -> None:
    """The same bytes as when the same command runs in one process."""
    assert lab(*words, "study=alone", "exec=serial").code == 0
    assert csv(lab) == csv(lab, "alone")
    assert set(records(lab)) == set(records(lab, "alone"))


def test_slurm_gives_the_same_bytes(lab: Lab, slurm: None) -> None:
    """In chunks of three, as arrays within MaxArraySize, whose numbers are told; nothing is left behind."""
    words = ("experiment=noop", "repeats=2")
    answer = lab(
        *words, "exec=slurm", "exec.chunk=3", "exec.partition=main", "exec.time=5", "exec.memory=0.2"
    )
    assert answer.code == 0, answer.err
    told = re.findall(r"submitted job \d+: (\d cells of noop in \d)", answer.err)
    assert told == ["6 cells of noop in 2", "2 cells of noop in 1"]
    require_like_serial(lab, *words)
    assert list((lab.results / "noop" / "jobs").iterdir()) == []


def test_a_driver_killed_while_jobs_are_queued_finds_them_again(lab: Lab, slurm: None) -> None:
    """What was cancelled meanwhile is missing; the next run waits for the rest and submits that alone."""
    words = ("experiment=noop", "repeats=2", "exec=slurm", "exec.chunk=3")
    first = lab.start(*words, "exec.sbatch=[--hold]", said=subprocess.DEVNULL)
    until(lambda: len(queue()) == 3)
    first.kill()
    first.wait()
    assert statuses(lab) == {"queued": 8}
    again = lab(*words, "exec.wait=false")
    assert again.code == 0 and "8 queued before" in again.err and "submitted" not in again.err
    held = queue()
    assert len(held) == 3 and records(lab) == {}
    arrays = sorted({job.partition("_")[0] for job in held}, key=int)
    assert all(f"queued in job {job}" in lab("action=status").out for job in arrays)
    ask("scancel", arrays[1])
    until(lambda: len(queue()) == 2)
    assert statuses(lab) == {"queued": 6, "missing": 2}
    last = lab.start(*words)
    assert last.stderr is not None
    said = last.stderr.readline() + last.stderr.readline()  # before: it must find them queued
    ask("scontrol", "release", arrays[0])
    said += last.stderr.read()
    assert last.wait() == 0 and "2 to run, 6 queued before" in said
    assert len(re.findall(r"submitted job \d+: 2 cells", said)) == said.count("submitted") == 1
    require_like_serial(lab, *words[:2])


def test_a_driver_that_does_not_wait_leaves_at_once(lab: Lab, slurm: None) -> None:
    words = ("experiment=noop", "level=0,1", "exec=slurm", "exec.wait=false", "exec.sbatch=[--hold]")
    answer = lab(*words)
    assert answer.code == 0 and "submitted job" in answer.err
    (job,) = queue()
    assert csv(lab).count(f",queued,job {job},".encode()) == 4
    assert f"4 cells queued in job {job}" in lab("action=status").out
    assert "4 queued before" in lab(*words[:2], "exec=serial").err and records(lab) == {}
    ask("scancel", job)
    until(lambda: not queue())
    assert statuses(lab) == {"missing": 4}
    (run, *_) = sorted((lab.results / "noop" / "runs").glob("*/run.json"))
    assert json.loads(run.read_text())["counts"]["queued"] == 4


def test_a_killed_job_loses_no_finished_cell(lab: Lab, slurm: None) -> None:
    words = (*SLOW, "exec=slurm", "exec.chunk=6")
    process = lab.start(*words, said=subprocess.DEVNULL)
    until(lambda: len(records(lab)) >= 2)
    ask("scancel", "--signal=KILL", *queue())
    assert process.wait(timeout=300) == 1
    kept = records(lab)
    assert 2 <= len(kept) < 6 and {record["status"] for record in kept.values()} == {"done"}
    assert b"ended without its record" not in csv(lab)
    assert statuses(lab) == {"done": len(kept), "missing": 6 - len(kept)}
    assert lab(*words).code == 0
    assert {key: records(lab)[key] for key in kept} == kept
    require_like_serial(lab, *SLOW)


def test_on_error_stop_takes_the_rest_out_of_the_queue(lab: Lab, slurm: None) -> None:
    words = ("experiment=noop", "mood=raise,sleep", "level=1", "inputs.n=4", "exec=slurm", "exec.chunk=1")
    answer = lab(*words, "exec.on_error=stop")
    assert answer.code == 1 and "taken out of the queue: job" in answer.err
    until(lambda: not queue())
    assert statuses(lab) == {"failed": 1, "missing": 1}


def test_dask_gives_the_same_bytes(lab: Lab, dask: DaskCluster) -> None:
    words = ("experiment=noop", "repeats=2", "mood=fine,decline")
    answer = lab(*words, "exec=dask", f"exec.address={dask.address}")
    assert answer.code == 0, answer.err
    require_like_serial(lab, *words)


def test_bad_cells_under_dask_fail_alone(lab: Lab, dask: DaskCluster) -> None:
    """Raise, exit, kill their process, keep every exception to themselves: each its own cell's failure."""
    words = ("experiment=noop", "mood=fine,raise,exit,die,deaf", "level=1", "inputs.n=4", "exec.timeout=1")
    answer = lab(*words, "exec=dask", f"exec.address={dask.address}")
    assert answer.code == 1
    found = {record["config"]["mood"]: record["status"] for record in records(lab).values()}
    bad = dict.fromkeys(("raise", "exit", "die"), "failed")
    assert found == {"fine": "done", **bad, "deaf": "timeout"}


def test_a_killed_dask_worker_loses_no_finished_cell(lab: Lab, dask: DaskCluster) -> None:
    words = (*SLOW, "exec=dask", "exec.chunk=3", f"exec.address={dask.address}")
    process = lab.start(*words, said=subprocess.DEVNULL)
    until(lambda: len(records(lab)) >= 2)
    dask.kill(1)
    kept = records(lab)
    assert process.wait(timeout=300) == 0
    assert {key: records(lab)[key] for key in kept} == kept and len(records(lab)) == 6
    require_like_serial(lab, *SLOW)


def test_kills_at_random_moments_under_dask_lose_nothing(dask: DaskCluster) -> None:
    """Two moments; `python tests/kills_dask.py 200` tries as many as are asked for."""
    kills_dask.tried(dask, 2, seed=5)


def test_a_dask_scheduler_that_goes_away_leaves_cells_missing(lab: Lab) -> None:
    with clusters.dask() as cluster:
        words = ("experiment=noop", "mood=fine,sleep", "level=1", "inputs.n=4", "exec=dask")
        process = lab.start(*words, f"exec.address={cluster.address}", said=subprocess.DEVNULL)
        until(lambda: records(lab))
        cluster.processes[0].kill()
        assert process.wait(timeout=300) == 1
    assert statuses(lab) == {"done": 1, "missing": 1}


def test_the_commands_of_the_docs_run(lab: Lab, slurm: None, dask: DaskCluster) -> None:
    """Those of docs/cli.md, On a cluster: as they are written, over one small cell each, at this scheduler."""
    small = ("inputs.n=8", "weights=hard", "decoder=nearest_value", "trials=5", "repeats=1")
    lines = [line for line in commands(CLI) if "exec=slurm" in line or "exec=dask" in line]
    assert len(lines) == 3 and all(line in CLI.read_text().partition("## On a cluster")[2] for line in lines)
    for seed, line in enumerate(lines):
        words = line.replace("tcp://127.0.0.1:8786", dask.address)
        answer = lab(*shlex.split(words)[1:], *small, f"seed={seed}")
        assert answer.code == 0, answer.err
        if "exec.wait=false" in line:
            assert "queued in job" in lab("action=status").out
    assert ",done," in (lab.results / "recovery" / "results.csv").read_text()


@pytest.mark.parametrize(
    ("engine", "extra", "says"),
    [("slurm", "submitit", "pip install 'attnlab[slurm]'"), ("dask", "distributed", "attnlab[dask]")],
)
def test_without_its_extra_an_engine_says_what_to_install(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, engine: str, extra: str, says: str
) -> None:
    monkeypatch.setitem(sys.modules, extra, None)
    answer = lab("experiment=noop", f"exec={engine}")
    assert answer.code == 2 and says in answer.err and not lab.results.exists()


def test_without_a_cluster_an_engine_says_so(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for words, says in [
        (("exec=dask",), "exec.address"),
        (("exec=dask", "exec.address=tcp://127.0.0.1:1"), "dask scheduler"),
        (("exec=slurm", "exec.sbatch=[account]"), "--account=abc"),
    ]:
        answer = lab("experiment=noop", *words)
        assert answer.code == 2 and says in answer.err and not lab.results.exists()
    monkeypatch.setenv("PATH", str(lab.folder))
    answer = lab("experiment=noop", "exec=slurm")
    assert answer.code == 2 and "apt-get install slurm-wlm" in answer.err and not lab.results.exists()


def test_the_address_of_a_worker_is_no_schedulers(lab: Lab, dask: DaskCluster) -> None:
    library: Any = pytest.importorskip("distributed")
    with library.Client(dask.address, set_as_default=False) as client:
        worker = next(iter(client.nthreads()))
    answer = lab("experiment=noop", "exec=dask", f"exec.address={worker}")
    assert answer.code == 2 and "a worker answers there" in answer.err and not lab.results.exists()


def test_slurm_refuses_what_sbatch_refuses(lab: Lab, slurm: None) -> None:
    answer = lab("experiment=noop", "exec=slurm", "exec.partition=nowhere")
    assert answer.code == 2 and "nowhere" in answer.err and not lab.results.exists()
