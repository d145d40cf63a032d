"""From planned cells to records: look what is missing, run that, show what happens, leave a trace of the run."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from attnlab.files import write_atomically
from attnlab.harness.cells import Cell
from attnlab.harness.execution.base import Execution, Outcome, Task
from attnlab.harness.provenance import provenance
from attnlab.harness.store import FINAL, Status, Store, counts

log = logging.getLogger("attnlab")
BAD = ("failed", "timeout", "missing")
INTERRUPTED = 130
"""The exit code of a command that was interrupted."""
EVERY = 30.0
"""Seconds between two log lines where there is no terminal."""


def statuses(cells: Sequence[Cell], results: Path) -> dict[str, Status]:
    """The status of every cell, by key."""
    return {cell.key: Store(results / cell.study).status(cell.key) for cell in cells}


def run(
    studies: Mapping[str, Sequence[Cell]],
    results: Path,
    execution: Execution,
    paths: Sequence[str],
    argv: list[str],
) -> dict[str, int]:
    """Measure every cell that has no final record; returns how many cells ended with which status.

    studies: the cells of each study by its name; paths: folders that hold modules of the user's own.
    """
    cells = [cell for group in studies.values() for cell in group]
    known = statuses(cells, results)
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    tasks = [
        Task(cell, results / cell.study, run_id, tuple(paths))
        for cell in cells
        if known[cell.key] not in FINAL
    ]
    cached = len(cells) - len(tasks)
    with ExitStack() as stack:
        for name, group in studies.items():
            stack.enter_context(_trace(results / name, run_id, argv, group, results))
        log.info("%d cells: %d already there, %d to run", len(cells), cached, len(tasks))
        for outcome in _shown(execution(tasks), len(tasks)):
            known[outcome.task.cell.key] = outcome.status
    return counts(known.values())


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
            if not terminal and now - spoke >= EVERY:
                spoke = now
                left = (now - began) / done * (total - done)
                log.info("%d of %d cells, %d failed, about %.0f s left", done, total, bad, left)
            yield outcome


@contextmanager
def _trace(
    folder: Path, run_id: str, argv: list[str], cells: Sequence[Cell], results: Path
) -> Iterator[None]:
    """runs/<run>/run.json and log.txt of one study: written at the start, completed at the end."""
    place = folder / "runs" / run_id
    facts: dict[str, Any] = {
        "run_id": run_id,
        "argv": argv,
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
        tally = counts(statuses(cells, results).values())
        facts["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
        facts["counts"] = tally
        facts["exit_code"] = facts["exit_code"] or exit_code(tally)
        write_atomically(place / "run.json", json.dumps(facts, indent=1) + "\n")


def exit_code(tally: Mapping[str, int]) -> int:
    """0 if every cell is done, or skipped or unavailable with a reason; else 1."""
    return int(any(tally[status] for status in BAD))
