"""From planned cells to records: look what is missing, run that, show what happens, leave a trace of the run."""

from __future__ import annotations

import json
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attnlab.files import remove_unfinished, write_atomically
from attnlab.harness.cells import Cell
from attnlab.harness.execution.base import Execution, Outcome, Place, Task, is_final
from attnlab.harness.execution.queued import Job, clear, jobs
from attnlab.harness.grid import Plan
from attnlab.harness.progress import BAD, shown
from attnlab.harness.provenance import code, provenance
from attnlab.harness.store import Store, counts, own_name
from attnlab.interruption import INTERRUPTED
from attnlab.parts import SettingError, SettingErrors
from attnlab.report.words import counted, listed
from attnlab.streams import Harmless
from attnlab.tidy import FINAL, Status

log = logging.getLogger("attnlab")
Records = dict[str, dict[str, Any]]
"""The records of one study, by the key of their cell."""
Jobs = dict[str, Job]
"""The jobs that cells of one study wait or run in, by the key of the cell."""


def stored(plans: Sequence[Plan], results: Path, keep_trials: bool = False) -> dict[str, Records]:
    """Every record there is of the planned cells, by study; each file is read once.

    keep_trials: only those that need not be measured again to have the values of their trials.
    """
    found = {}
    for plan in plans:
        store = Store(results / plan.name)
        records = store.records(cell.key for cell in plan.cells)
        found[plan.name] = {
            key: record
            for key, record in records.items()
            if not (keep_trials and record["status"] in FINAL) or is_final(record, store, True)
        }
    return found


def queued(plans: Sequence[Plan], results: Path, known: Mapping[str, Records]) -> dict[str, Jobs]:
    """The jobs of a cluster that planned cells wait or run in, by study."""
    return {plan.name: jobs(results / plan.name, known[plan.name]) for plan in plans}


def require_own(plans: Sequence[Plan], results: Path) -> None:
    """Raise SettingErrors for studies whose folder holds records of another experiment."""
    problems = []
    for plan in plans:
        store = Store(results / plan.name)
        ours = {cell.module.rpartition(".")[2] for cell in plan.cells}
        names = (own_name(record) for record in store.all(but={cell.key for cell in plan.cells}))
        foreign = Counter(name for name in names if name and name not in ours)
        if ours and foreign:
            held = listed([f"{counted(count, 'record')} of {name}" for name, count in foreign.items()])
            told = f"another name: {store.folder} holds {held}, which is another experiment"
            problems.append(SettingError("study", plan.name, told))
    if problems:
        raise SettingErrors(problems)


def statuses(cells: Sequence[Cell], records: Records, held: Mapping[str, Job]) -> list[Status]:
    """The status of every cell: queued where it is in a job, else that of its record, missing without one."""
    return [
        "queued" if cell.key in held else records[cell.key]["status"] if cell.key in records else "missing"
        for cell in cells
    ]


def run(
    plans: Sequence[Plan],
    results: Path,
    execution: Execution,
    paths: Sequence[str],
    words: Sequence[str],
    keep_trials: bool = False,
    hear: Callable[[str, Mapping[str, Any]], None] = lambda study, record: None,
) -> tuple[dict[str, Records], dict[str, Jobs]]:
    """Measure every cell that has no final record; returns every record there is then, and what is queued.

    A cell that is in a job of a cluster is not run again: it is left to its job, or waited for.
    paths: folders that hold modules of the user's own; words: the command line; keep_trials: the values of every
    trial are stored as well, and a cell that is done without them is measured again; hear: is told each record
    but the last, with the name of its study, as soon as it is there.
    """
    known = stored(plans, results, keep_trials)
    held = queued(plans, results, known)
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    made_by = code()
    cells = [cell for plan in plans for cell in plan.cells]
    tasks = [
        Task(cell, results / plan.name, run_id, tuple(paths), made_by, keep_trials)
        for plan in plans
        for cell, status in zip(plan.cells, statuses(plan.cells, known[plan.name], {}), strict=True)
        if status not in FINAL
    ]
    jobs_of = {(results / name, key): job for name, jobs in held.items() for key, job in jobs.items()}
    here = [task for task in tasks if task.place not in jobs_of]
    left = [task for task in tasks if task.place in jobs_of]
    with ExitStack() as stack:
        for plan in plans:
            clear(results / plan.name)
            remove_unfinished(results / plan.name)
            stack.callback(remove_unfinished, results / plan.name)
            trace = _trace(results / plan.name, run_id, words, plan.cells, known[plan.name], held[plan.name])
            stack.enter_context(trace)
        log.info(
            "%s: %d already there, %d to run%s",
            counted(len(cells), "cell"),
            len(cells) - len(tasks),
            len(here),
            f", {len(left)} queued before" if left else "",
        )
        made = _until(_outcomes(execution, here, left, jobs_of), execution)
        outcomes = stack.enter_context(closing(shown(made, len(tasks))))
        for number, outcome in enumerate(outcomes, start=1):
            cell = outcome.task.cell
            if outcome.status != "queued":
                held[cell.study].pop(cell.key, None)
            elif outcome.job is not None:
                held[cell.study][cell.key] = outcome.job
            found = Store(outcome.task.folder).records([cell.key])
            known[cell.study] |= found
            for record in found.values() if number < len(tasks) else ():
                hear(cell.study, record)
    return known, held


def _require_there(store: Store, records: Records) -> None:
    """Count as missing, and say so, what somebody has deleted since it was read or written."""
    gone = [key for key in records if not store.path(key).exists()]
    for key in gone:
        del records[key]
    if gone:
        told = f"{counted(len(gone), 'record')} of {store.folder.name}"
        log.error("%s deleted while this ran: the same command measures what is missing", told)


def _outcomes(
    execution: Execution, here: Sequence[Task], left: Sequence[Task], jobs_of: Mapping[Place, Job]
) -> Generator[Outcome, None, None]:
    """What becomes of the cells that run now, and of those that are in jobs from before."""
    yield from execution(here)
    yield from execution.awaited(left, jobs_of)


def _until(outcomes: Generator[Outcome, None, None], execution: Execution) -> Iterator[Outcome]:
    """Pass the outcomes on, as far as a run is to go; what is under way then is ended and counts as missing."""
    for outcome in outcomes:
        yield outcome
        if execution.ends_with(outcome):
            log.error("stopped after this cell (exec.on_error=stop); the same command goes on")
            outcomes.close()
            return


@contextmanager
def _trace(
    folder: Path, run_id: str, words: Sequence[str], cells: Sequence[Cell], records: Records, held: Jobs
) -> Iterator[None]:
    """runs/<run>/run.json and log.txt of one study: written at the start, completed at the end.

    records, held: those of the study and what of it is queued, which change while it runs.
    """
    place = folder / "runs" / run_id
    facts: dict[str, Any] = {
        "run_id": run_id,
        "argv": ["attnlab", *words],
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "finished": None,
        "cells": len(cells),
        "counts": None,
        "exit_code": None,
        **provenance(),
    }
    write_atomically(place / "run.json", json.dumps(facts, indent=1) + "\n")
    handler = logging.FileHandler(place / "log.txt", encoding="utf-8", errors="backslashreplace", delay=True)
    handler.setFormatter(Harmless("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield
        _require_there(Store(folder), records)
    except KeyboardInterrupt:
        facts["exit_code"] = INTERRUPTED
        records |= Store(folder).records(_unheard(cells, records))
        raise
    finally:
        log.removeHandler(handler)
        handler.close()
        tally = counts(statuses(cells, records, held))
        facts["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
        facts["counts"] = tally
        facts["exit_code"] = facts["exit_code"] or exit_code(tally)
        write_atomically(place / "run.json", json.dumps(facts, indent=1) + "\n")


def _unheard(cells: Sequence[Cell], records: Records) -> Iterator[str]:
    """The cells that may be done and stored, though the driver was interrupted before it heard of it."""
    return (cell.key for cell in cells if cell.key not in records or records[cell.key]["status"] not in FINAL)


def exit_code(tally: Mapping[str, int]) -> int:
    """0 if every cell is done, skipped or unavailable with a reason, or queued; else 1."""
    return int(any(tally[status] for status in BAD))
