"""From planned cells to records: look what is missing, run that, show what happens, leave a trace of the run."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from attnlab.files import write_atomically
from attnlab.harness.cells import Cell
from attnlab.harness.execution.base import Execution, Outcome, Task, is_final
from attnlab.harness.grid import Plan
from attnlab.harness.provenance import code, provenance
from attnlab.harness.store import FINAL, Store, counts, own_name
from attnlab.interruption import INTERRUPTED
from attnlab.parts import SettingError, SettingErrors
from attnlab.report.words import counted, listed
from attnlab.tidy import Status

log = logging.getLogger("attnlab")
BAD = ("failed", "timeout", "missing")
QUIET = 30.0
"""Seconds between two lines of progress where there is no terminal."""


Records = dict[str, dict[str, Any]]
"""The records of one study, by the key of their cell."""


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


def statuses(cells: Sequence[Cell], records: Records) -> list[Status]:
    """The status of every cell, missing where it has no record."""
    return [records[cell.key]["status"] if cell.key in records else "missing" for cell in cells]


def run(
    plans: Sequence[Plan],
    results: Path,
    execution: Execution,
    paths: Sequence[str],
    words: Sequence[str],
    keep_trials: bool = False,
) -> dict[str, Records]:
    """Measure every cell that has no final record; returns every record there is then, by study.

    paths: folders that hold modules of the user's own; words: the command line; keep_trials: the values of every
    trial are stored as well, and a cell that is done without them is measured again.
    """
    known = stored(plans, results, keep_trials)
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    made_by = code()
    cells = [cell for plan in plans for cell in plan.cells]
    tasks = [
        Task(cell, results / plan.name, run_id, tuple(paths), made_by, keep_trials)
        for plan in plans
        for cell, status in zip(plan.cells, statuses(plan.cells, known[plan.name]), strict=True)
        if status not in FINAL
    ]
    with ExitStack() as stack:
        for plan in plans:
            stack.enter_context(_trace(results / plan.name, run_id, words, plan.cells, known[plan.name]))
        log.info(
            "%s: %d already there, %d to run",
            counted(len(cells), "cell"),
            len(cells) - len(tasks),
            len(tasks),
        )
        for outcome in _shown(execution(tasks), len(tasks)):
            cell = outcome.task.cell
            known[cell.study] |= Store(outcome.task.folder).records([cell.key])
    return known


def _shown(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """Pass the outcomes on, showing progress and every failure at once."""
    terminal = sys.stderr.isatty()
    bar = tqdm(total=total, unit="cell", disable=not terminal or total == 0, smoothing=0.1)
    began = spoke = time.monotonic()
    bad = 0
    told: set[str | None] = set()
    with bar:
        for done, outcome in enumerate(outcomes, start=1):
            if outcome.status == "unavailable" and outcome.reason not in told:
                told.add(outcome.reason)
                with bar.external_write_mode(file=sys.stderr):
                    log.warning("unavailable: %s", outcome.reason)
            if outcome.status in BAD:
                bad += 1
                with bar.external_write_mode(file=sys.stderr):
                    log.error("%s: %s %s", outcome.status, outcome.task.cell.study, outcome.task.cell.words)
                    log.error("  %s", outcome.reason)
                    log.error("  %s", Store(outcome.task.folder).path(outcome.task.cell.key))
                    log.debug("%s", outcome.traceback or "")
            bar.update()
            bar.set_postfix_str(f"{bad} failed" if bad else "", refresh=False)
            now = time.monotonic()
            if not terminal and now - spoke >= QUIET:
                spoke = now
                left = (now - began) / done * (total - done)
                log.info("%d of %s, %d failed, about %.0f s left", done, counted(total, "cell"), bad, left)
            yield outcome


@contextmanager
def _trace(
    folder: Path, run_id: str, words: Sequence[str], cells: Sequence[Cell], records: Records
) -> Iterator[None]:
    """runs/<run>/run.json and log.txt of one study: written at the start, completed at the end.

    records: those of the study, which grow while it runs.
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
    handler = logging.FileHandler(place / "log.txt", encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield
    except KeyboardInterrupt:
        facts["exit_code"] = INTERRUPTED
        raise
    finally:
        log.removeHandler(handler)
        handler.close()
        tally = counts(statuses(cells, records))
        facts["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
        facts["counts"] = tally
        facts["exit_code"] = facts["exit_code"] or exit_code(tally)
        write_atomically(place / "run.json", json.dumps(facts, indent=1) + "\n")


def exit_code(tally: Mapping[str, int]) -> int:
    """0 if every cell is done, or skipped or unavailable with a reason; else 1."""
    return int(any(tally[status] for status in BAD))
