"""The contract of every way to run cells, and the one function that all of them run."""

from __future__ import annotations

import abc
import signal
import socket
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from attnlab.harness import own
from attnlab.harness.cells import SCHEMA, Cell
from attnlab.harness.store import FINAL, Store
from attnlab.parts import Declined, Part, Positive, Unavailable
from attnlab.tidy import Status


@dataclass(frozen=True)
class Task:
    """One cell to measure: where its record goes, for which run of which code, with which folders to import."""

    cell: Cell
    folder: Path
    run_id: str
    paths: tuple[str, ...] = ()
    code: str = "unknown"


@dataclass(frozen=True)
class Outcome:
    """What became of a task; the record itself is on disk."""

    task: Task
    status: Status
    reason: str | None = None
    traceback: str | None = None


@dataclass(frozen=True)
class Execution(Part, abc.ABC):
    """Runs tasks somewhere.

    timeout: seconds a cell may take, null for no limit.
    Law: every task yields exactly one Outcome, in any order, and leaves its record in the store, whatever the
    cell does: raise, exit, run too long or kill its process.
    """

    timeout: Positive | None = None

    @abc.abstractmethod
    def __call__(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Run the tasks, yielding outcomes as they come."""


class CellTimeout(BaseException):
    """A cell ran longer than it may; no Exception, which a trial's own `except` would keep to itself."""


def perform(task: Task, timeout: float | None) -> Outcome:
    """Measure one cell and write its record; whatever it raises becomes the record."""
    own.reach(task.paths)
    store = Store(task.folder)
    previous = store.status(task.cell.key)
    if previous in FINAL:  # another driver was faster
        return Outcome(task, previous)
    started, clock = datetime.now(UTC), time.perf_counter()
    facts: dict[str, Any]
    try:
        with _limit(timeout):
            facts = {"status": "done", "metrics": task.cell.measure()}
    except Unavailable as reason:
        facts = {"status": "unavailable", "reason": str(reason)}
    except Declined as reason:
        facts = {"status": "skipped", "reason": str(reason), **_known(task.cell, reason)}
    except CellTimeout:
        facts = {"status": "timeout", "error": f"still running after {timeout:g} s"}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit and the like end a cell, not the run
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        facts = {"status": "failed", "error": said, "traceback": traceback.format_exc()}
    return record(task, facts, started, time.perf_counter() - clock)


def _known(cell: Cell, declined: Declined) -> dict[str, Any]:
    """What was measured before a part declined, for the record."""
    return {"metrics": cell.summaries([dict(declined.measured)])} if declined.measured else {}


def record(task: Task, facts: dict[str, Any], started: datetime, duration: float) -> Outcome:
    """Write the record of one cell."""
    cell = task.cell
    facts = {name: _encodable(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    Store(task.folder).write(
        {
            "schema": SCHEMA,
            "key": cell.key,
            "study": cell.study,
            "module": cell.module,
            "versions": cell.versions,
            "sources": cell.code,
            "config": dict(cell.config),
            "choices": dict(cell.choices),
            "facts": cell.facts(),
            **facts,
            "started": started.isoformat(timespec="seconds"),
            "duration": round(duration, 6),
            "host": socket.gethostname(),
            "run_id": task.run_id,
            "code": task.code,
        }
    )
    return Outcome(task, facts["status"], facts.get("reason") or facts.get("error"), facts.get("traceback"))


def _encodable(text: str) -> str:
    """Text that every file and page can hold; an error's message may quote bytes that are no text."""
    return text.encode(errors="backslashreplace").decode()


@contextmanager
def _limit(seconds: float | None) -> Iterator[None]:
    if seconds is None:
        yield
        return

    def expire(_signal: int, _frame: FrameType | None) -> None:
        raise CellTimeout

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
