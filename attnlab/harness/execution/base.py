"""The contract of every way to run cells, and the one function that all of them run."""

from __future__ import annotations

import abc
import dataclasses
import socket
import time
import traceback
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from attnlab import interruption
from attnlab.harness import own
from attnlab.harness.cells import Cell
from attnlab.harness.claims import claimed
from attnlab.harness.execution.limits import Limit, back_again
from attnlab.harness.execution.queued import Job
from attnlab.harness.records import SCHEMA
from attnlab.harness.store import Store
from attnlab.parts import Declined, Part, Positive, SettingError, Unavailable
from attnlab.report.words import MOST_SAID, short
from attnlab.tidy import FINAL, Status

Place = tuple[Path, str]
"""The folder of a study and the key of one of its cells."""


@dataclass(frozen=True)
class Task:
    """One cell to measure: where its record goes, for which run of which code, with which folders to import.

    keep_trials: the values of every trial are stored as well.
    """

    cell: Cell
    folder: Path
    run_id: str
    paths: tuple[str, ...] = ()
    code: str = "unknown"
    keep_trials: bool = False

    @property
    def is_done(self) -> bool:
        """Whether there is a final record, with the values of its trials if they are asked for."""
        stored = Store(self.folder).read(self.cell.key)
        return stored is not None and is_final(stored, Store(self.folder), self.keep_trials)

    @property
    def status(self) -> Status:
        """The status that its record has."""
        return Store(self.folder).status(self.cell.key)

    @property
    def place(self) -> Place:
        """Where its record goes; two studies of one command may hold a cell of the same key."""
        return self.folder, self.cell.key


@dataclass(frozen=True)
class Outcome:
    """What became of a task; the record itself is on disk. job: the one it is queued in."""

    task: Task
    status: Status
    reason: str | None = None
    traceback: str | None = None
    job: Job | None = None


def in_job(task: Task, job: Job) -> Outcome:
    """The outcome of a task that is left to a job."""
    return Outcome(task, "queued", f"job {job.id}", job=job)


@dataclass(frozen=True)
class Execution(Part, abc.ABC):
    """Runs tasks somewhere.

    timeout: seconds a cell may take, null for no limit; on_error: whether a run goes on after a cell that failed
    or ran too long.
    Law: every task yields exactly one Outcome, in any order, and leaves its record in the store, whatever the
    cell does: raise, exit, run too long or kill its process. Only where it runs on other machines may an outcome
    be without a record: `queued`, or `missing` with what became of it there. The records are the same wherever
    they are made but for host, times and run. Closed before it is through, it leaves nothing running that it
    waits for.
    """

    timeout: Positive | None = None
    on_error: Literal["continue", "stop"] = "continue"

    @property
    def at_once(self) -> int | None:
        """How many cells are measured at a time, None where a cluster decides."""
        return 1

    def ends_with(self, outcome: Outcome) -> bool:
        """Whether a run goes no further after this."""
        return self.on_error == "stop" and outcome.status in ("failed", "timeout")

    def require_ready(self) -> None:
        """Raise SettingError where nothing could be run now: with what is not installed, or does not answer."""

    @abc.abstractmethod
    def __call__(self, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        """Run the tasks, yielding outcomes as they come."""

    def awaited(self, tasks: Sequence[Task], jobs: Mapping[Place, Job]) -> Iterator[Outcome]:
        """What becomes of tasks that are in the jobs of a cluster: they are left to these, and are `queued`."""
        return (in_job(task, jobs[task.place]) for task in tasks)


def perform(task: Task, timeout: float | None) -> Outcome:
    """Measure one cell and write its record; whatever it raises becomes the record.

    One that another driver is at is waited for, and taken as that leaves it if it is done then.
    A KeyboardInterrupt that is the cell's own is no other failure; that of whoever interrupts the run is raised
    (`interruption.noted`), also where the cell keeps it to itself. Raises OSError where no record can be written.
    """
    own.reach(task.paths)
    with claimed(task.folder, task.cell.key):
        if task.is_done:  # another driver was faster
            return Outcome(task, task.status)
        return _performed(task, timeout)


def _performed(task: Task, timeout: float | None) -> Outcome:
    """Measure one cell that nobody else is at, and write its record."""
    store = Store(task.folder)
    started, clock = datetime.now(UTC), time.perf_counter()
    facts: dict[str, Any]
    rows: list[dict[str, Any]] = []
    limit = Limit(timeout)
    try:
        with back_again(), limit:
            _require_same_code(task.cell)
            rows, facts = _measured(task.cell)
    except BaseException as error:  # SystemExit and the like end a cell, not the run
        facts = _failure(error)
    if interruption.came():
        raise KeyboardInterrupt
    duration = time.perf_counter() - clock
    # also one that kept the alarm to itself: its numbers are cut short
    if timeout is not None and limit.expired:
        return timed_out(task, timeout, started, duration)
    if task.keep_trials and facts["status"] == "done":
        facts["trials"] = store.write_trials(task.cell.key, rows)
    try:
        return record(task, facts, started, duration)
    except (TypeError, ValueError) as error:  # numbers that no record can hold
        return record(task, _failure(error), started, duration)


def _failure(error: BaseException) -> dict[str, Any]:
    said = f"{type(error).__name__}: {_message(error)}".rstrip(": ")
    return {"status": "failed", "error": said, "traceback": "".join(traceback.format_exception(error))}


def _message(error: BaseException) -> str:
    """What an exception says; one of the user's own may break when it is asked."""
    try:
        return str(error)
    except Exception as other:
        return f"(its message cannot be read: {type(other).__name__})"


def _require_same_code(cell: Cell) -> None:
    """Raise RuntimeError where code of the user's own is not what it was when the cell got its key.

    A process that starts late, after another one died or hours later in a job, imports the code as it is then.
    """
    if cell.code and dataclasses.replace(cell).code != cell.code:
        raise RuntimeError("the code has changed since this run began: the same command plans the cell anew")


def timed_out(task: Task, timeout: float, started: datetime, duration: float) -> Outcome:
    """Record a cell as one that took longer than it may."""
    facts = {"status": "timeout", "error": f"still running after {timeout:g} s"}
    return record(task, facts, started, duration)


def _measured(cell: Cell) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What the trials returned, and the record's status with numbers or a reason. Raises whatever they raise."""
    try:
        rows = cell.rows()
    except Unavailable as reason:
        return [], {"status": "unavailable", "reason": str(reason)}
    except Declined as reason:
        return [], {"status": "skipped", "reason": str(reason), **_known(cell, reason)}
    return rows, {"status": "done", "metrics": cell.summaries(rows), **cell.exhibit()}


def _known(cell: Cell, declined: Declined) -> dict[str, Any]:
    """What was measured before a part declined, for the record."""
    return {"metrics": cell.summaries([cell.row(declined.measured)])} if declined.measured else {}


def record(task: Task, facts: dict[str, Any], started: datetime, duration: float) -> Outcome:
    """Write the record of one cell; one that is done gives way to no lesser one (measured again)."""
    cell = task.cell
    facts = {
        name: short(_encodable(fact), MOST_TRACE if name == "traceback" else MOST_SAID)
        if isinstance(fact, str)
        else fact
        for name, fact in facts.items()
    }
    store = Store(task.folder)
    told = _outcome(task, facts)
    if facts["status"] != "done" and store.status(cell.key) == "done":
        return told
    store.write(
        {
            "schema": SCHEMA,
            "key": cell.key,
            "study": cell.study,
            "module": cell.module,
            "versions": cell.versions,
            "sources": cell.code,
            "config": dict(cell.config),
            "choices": dict(cell.choices),
            "facts": _declared(cell),
            **facts,
            "started": started.isoformat(timespec="seconds"),
            "duration": round(duration, 6),
            "host": socket.gethostname(),
            "run_id": task.run_id,
            "code": task.code,
        }
    )
    return told


def recorded(task: Task, run_id: str) -> Outcome | None:
    """What the store has of a task that this run measured, or that need not be measured; None if nothing yet."""
    store = Store(task.folder)
    found = store.read(task.cell.key)
    if found is None or not (found["run_id"] == run_id or is_final(found, store, task.keep_trials)):
        return None
    return _outcome(task, found)


def _outcome(task: Task, facts: Mapping[str, Any]) -> Outcome:
    """What a record says became of its task."""
    return Outcome(task, facts["status"], facts.get("reason") or facts.get("error"), facts.get("traceback"))


def _declared(cell: Cell) -> dict[str, Any]:
    """What the parts of a cell declare of themselves; nothing where code has broken since the cell was planned."""
    try:
        return cell.facts()
    except SettingError:
        return {}


def is_final(record: Mapping[str, Any], store: Store, keep_trials: bool) -> bool:
    """Whether a cell with this record need not run: it has a final status, and the trials asked for."""
    wanting = keep_trials and record["status"] == "done" and not store.has_trials(record)
    return record["status"] in FINAL and not wanting


MOST_TRACE = 8000
"""Characters of a traceback that a record holds."""


def _encodable(text: str) -> str:
    """Text that every file and page can hold; an error's message may quote bytes that are no text."""
    return text.encode(errors="backslashreplace").decode()
