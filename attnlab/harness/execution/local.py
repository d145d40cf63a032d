"""Cells in processes of this machine; one BLAS thread each."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from joblib import cpu_count

from attnlab.harness import own
from attnlab.harness.cells import renew
from attnlab.harness.execution.base import Execution, Outcome, Place, Task, record
from attnlab.harness.execution.worker import Worker, listen
from attnlab.parts import Count

TRIES = 2
"""How often a cell is run whose process dies: once may have been somebody else's doing."""


@dataclass(frozen=True)
class Local(Execution):
    """workers: processes, null for one a core.

    A cell that runs too long loses its process a moment after its timeout, whatever it is at. One whose process
    dies is run once more, and fails if it dies again. Every other cell goes on where it is.
    """

    workers: Count | None = None

    @property
    def at_once(self) -> int:
        """As many as there are processes."""
        return self.workers or cpu_count()

    def __call__(self, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        waiting = deque(tasks)
        died: dict[Place, int] = {}
        count = min(self.at_once, len(tasks))
        crew: list[Worker] = []
        try:
            crew += (Worker() for _ in range(count))
            # ends: every cell has an outcome, see `died`
            while waiting or any(worker.task for worker in crew):
                for worker in crew:
                    if worker.task is None and waiting:
                        worker.give(waiting.popleft(), self.timeout)
                for worker in listen([worker for worker in crew if worker.task is not None]):
                    task = worker.task
                    assert task is not None
                    try:
                        outcome = worker.late() if worker.patience == 0.0 else worker.hear()
                    except EOFError:
                        died[task.place] = died.get(task.place, 0) + 1
                        outcome = _dead(worker, task, died[task.place])
                        if outcome is None:
                            waiting.appendleft(task)
                    if not worker.lives:
                        crew[crew.index(worker)] = Worker()
                    if outcome is not None:
                        yield outcome
        finally:
            for worker in crew:
                worker.end()


def _dead(worker: Worker, task: Task, times: int) -> Outcome | None:
    """What becomes of the cell of a dead worker: nothing yet after the first time.

    Raises OSError for a process that did not even come to its first cell.
    """
    how = worker.death()
    worker.end()
    if times < TRIES:
        return None
    if not worker.is_ready:
        raise OSError(f"no process can be started for cells ({how}); try exec=serial")
    facts = {"status": "failed", "error": f"the cell lost its process, twice: {how}"}
    return record(task, facts, worker.started, time.monotonic() - worker.began)


def measure(tasks: Sequence[Task], local: Local) -> None:
    """Measure a chunk of cells on another machine of a cluster; the records are all that it gives back."""
    renew()  # the process may have served before
    own.reach(tasks[0].paths)  # the record of a cell whose process was ended is made here
    with closing(local(tasks)) as outcomes:
        for outcome in outcomes:
            if local.ends_with(outcome):
                return
