"""Cells in processes of this machine, through joblib; one BLAS thread each."""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import resource_tracker

from joblib import Parallel, cpu_count, delayed, parallel_config
from joblib.externals.loky import ProcessPoolExecutor

from attnlab.harness.cells import renew
from attnlab.harness.execution.base import Execution, Outcome, Task, perform, record
from attnlab.parts import Count


@dataclass(frozen=True)
class Local(Execution):
    """workers: processes, null for one a core.

    A cell that kills its worker takes the pool with it. The cells that were under way are then run alone, each
    in a process of its own, so that only the guilty one fails; the rest go on in a new pool.
    """

    workers: Count | None = None

    def __call__(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        processes = min(self.workers or cpu_count(), max(1, len(tasks)))
        pool = self._pool if processes > 1 else self._process
        waiting = {task.place: task for task in tasks}
        while waiting:  # ends: each round does all that waits, or takes one at least out of it
            try:
                for outcome in pool(list(waiting.values()), processes):
                    del waiting[outcome.task.place]
                    yield outcome
            except BrokenProcessPool:
                # Tasks go out in order, two a process, so those under way are among the first still waiting.
                for task in list(waiting.values())[: 2 * processes + 1]:
                    del waiting[task.place]
                    yield self._alone(task)

    def _pool(self, tasks: Sequence[Task], processes: int) -> Iterator[Outcome]:
        with parallel_config(backend="loky", inner_max_num_threads=1):
            pool = Parallel(
                n_jobs=processes, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs"
            )
            with _withheld():
                outcomes = pool(delayed(_work)(task, self.timeout, os.getpid()) for task in tasks)
            yield from outcomes

    def _process(self, tasks: Sequence[Task], processes: int) -> Iterator[Outcome]:
        """One worker: joblib would run it in this process, where a dying cell takes the driver along."""
        pool = ProcessPoolExecutor(processes)
        try:
            for task in tasks:
                with _withheld():
                    outcome = pool.submit(_work, task, self.timeout, os.getpid())
                yield outcome.result()
        finally:
            pool.shutdown(kill_workers=True)

    def _alone(self, task: Task) -> Outcome:
        started, clock = datetime.now(UTC), time.perf_counter()
        try:
            (outcome,) = self._process([task], 1)
        except BrokenProcessPool:
            facts = {"status": "failed", "error": "the cell killed its process (out of memory, or a crash)"}
            return record(task, facts, started, time.perf_counter() - clock)
        return outcome


@contextmanager
def _withheld() -> Iterator[None]:
    """In this block Ctrl-C waits; processes and threads that start in it never hear of it.

    A signal held back stays so through the start of a program: not even its first lines can be struck.
    """
    resource_tracker.ensure_running()  # the first worker would start it, and that lets signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(task: Task, timeout: float | None, driver: int) -> Outcome:
    """Measure one cell in a worker."""
    _leave_with(driver)
    _start(task.run_id)
    return perform(task, timeout)


@functools.lru_cache(maxsize=1)
def _start(_run: str) -> None:
    """Take the code of the user's own as it is at the start of a run: a worker may have served an older one."""
    renew()


@functools.cache
def _leave_with(driver: int) -> None:
    """End this worker once its driver is gone: killed, it cannot say so, and its cells are for its next run.

    Ctrl-C at a terminal reaches every process; the driver alone answers it, and ends its workers: they start with
    it withheld.
    """

    def watch() -> None:
        while os.getppid() == driver:  # ends: with the driver, or with this process
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
