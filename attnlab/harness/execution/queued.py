"""Cells in the jobs of a cluster: what was submitted, and what of it the queue still holds.

Beside a study's cells stands `jobs/<name>/cells.json` for every submission, written before the submission is made:
the name that all its jobs have, and the cells of each. What is queued is asked of the queue (`squeue`), by that
name, every time: nothing here can be out of date, a driver killed at any moment leaves nothing behind that is not
found again, and the cells of a job that was cancelled are missing, as they are.
"""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnlab.files import read_json, write_atomically
from attnlab.harness.store import Store
from attnlab.tidy import FINAL

log = logging.getLogger(__name__)
PENDING = "PENDING"
ANSWERS_IN = 60
"""Seconds in which `squeue` answers."""
PATIENCE = 20
"""Looks at the queue, half a second apart, for jobs that are about to end."""


@dataclass(frozen=True)
class Submission:
    """Jobs that were submitted together: their name, the run they belong to, and the keys of the cells of each."""

    name: str
    folder: Path
    run_id: str
    cells: tuple[tuple[str, ...], ...]

    def write(self) -> None:
        """Leave word of it, in a folder that its files go to."""
        facts = {"run_id": self.run_id, "cells": self.cells}
        write_atomically(self.folder / "cells.json", json.dumps(facts) + "\n")


@dataclass(frozen=True)
class Job:
    """One job that is waiting or running.

    id: as the cluster has it, `12` or `12_3`; name, index: its submission's, and its place in that; run_id: of the
    run that submitted it.
    """

    id: str
    name: str
    index: int
    run_id: str


def place(study: Path, name: str) -> Path:
    """Where a submission of a study's cells leaves its files."""
    return study / "jobs" / name


def renewed(study: Path) -> None:
    """Have a shared disk show what other machines have submitted: it remembers a folder until it writes there."""
    place(study, "").mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=place(study, "")).close()


def submissions(study: Path) -> Iterator[Submission]:
    """Every submission of a study's cells there is word of."""
    for path in sorted(study.glob("jobs/*/cells.json")):
        try:
            facts = read_json(path)
            cells = tuple(tuple(map(str, keys)) for keys in facts["cells"])
            yield Submission(path.parent.name, path.parent, str(facts["run_id"]), cells)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s cannot be read (%s): the jobs it names are not looked for", path, error)


def held(names: Iterable[str]) -> dict[tuple[str, int], tuple[str, str]] | None:
    """The id and the state of every job of these names, by name and place in its array; None: no answer."""
    asked = ",".join(names)
    if not asked:
        return {}
    command = ["squeue", "--noheader", "--array", "--format=%i|%j|%T", f"--name={asked}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWERS_IN, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.debug("squeue: %s", error)
        return None
    if done.returncode:
        log.debug("squeue: %s", done.stderr.strip())
        return None
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for line in done.stdout.splitlines():
        number, name, state = line.strip().split("|")
        index = number.partition("_")[2]
        found[name, int(index) if index.isdigit() else 0] = (number, state)
    return found


def jobs(study: Path, records: Mapping[str, Mapping[str, Any]]) -> dict[str, Job]:
    """The job of each cell of a study that waits or runs in one and has no outcome of it yet, by the cell's key.

    records: those of the study that count.
    """
    made = list(submissions(study))
    still = held(one.name for one in made)
    if still is None:
        log.warning("%s: squeue does not answer, so cells that are queued count as missing", study.name)
        return {}
    found: dict[str, Job] = {}
    for one in made:
        for index, keys in enumerate(one.cells):
            if (one.name, index) in still:
                job = Job(still[one.name, index][0], one.name, index, one.run_id)
                found |= {key: job for key in keys if not answered(records.get(key), one.run_id)}
    return found


def answered(record: Mapping[str, Any] | None, run_id: str) -> bool:
    """Whether this record is what a run's job has made of a cell, or needed not to make again."""
    return record is not None and (record["status"] in FINAL or record.get("run_id") == run_id)


def clear(study: Path, ending: Collection[str] = ()) -> None:
    """Remove what is over: submissions of which the queue holds no job, and all of whose cells are final.

    ending: the names of submissions whose last records are there: their jobs are given a moment to end.
    """
    store, made = Store(study), list(submissions(study))
    for _ in range(PATIENCE):
        still = held(one.name for one in made)
        names = None if still is None else {name for name, _ in still}
        if names is None or not names & set(ending):
            break
        time.sleep(0.5)
    for one in made:
        over = names is not None and one.name not in names
        if over and all(store.status(key) in FINAL for keys in one.cells for key in keys):
            shutil.rmtree(one.folder, ignore_errors=True)
