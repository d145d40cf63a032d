"""A process that measures cells, one at a time, from both its ends.

joblib's pool does not say which cell is under way and dies whole with one worker: who is to be ended for taking
too long, and which cell killed its process, can only be guessed there. A line to each process says both, and needs
neither semaphores nor /dev/shm.
"""

from __future__ import annotations

import ctypes
import functools
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path

from attnlab.harness.cells import renew
from attnlab.harness.execution.base import Outcome, Task, perform, timed_out

THREADS = dict.fromkeys(("BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""One thread a worker, also for the libraries that the command itself leaves alone."""
PROGRAM = (
    "import json, sys; told = json.loads(sys.argv[1]); sys.path[:] = told['path']; "
    "from attnlab.harness.execution.worker import serve; serve(told['line'], told['driver'])"
)
GRACE = 2.0
"""Seconds beyond its timeout after which a cell that did not end itself loses its process."""
LOOK = 1.0
"""Seconds between two looks whether workers live: a child of a dead one may hold its line open."""
ENDS = dict.fromkeys(("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP"), "it crashed") | {
    "SIGKILL": "it was killed, as the system does when memory runs out",
    "SIGXCPU": "it had no more of the time that the system gives it",
}
"""What is said of a process that a signal ended."""
DEATH_SIGNAL = 1
"""Linux's PR_SET_PDEATHSIG: a signal for when the thread that started this process ends."""


class Worker:
    """The driver's end of one process. On Linux it dies with the thread that starts it, which is to be the one
    that ends it.

    task: the cell under way, None if it is free; started, began: when it was, by the calendar and by the clock.
    """

    def __init__(self) -> None:
        self.task: Task | None = None
        self.timeout: float | None = None
        self.started, self.began = datetime.now(UTC), time.monotonic()
        self.is_ready = False
        self.line, theirs = Pipe()
        told = {"path": sys.path, "line": theirs.fileno(), "driver": os.getpid()}
        with theirs, withheld():
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, json.dumps(told)],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**THREADS, **os.environ},
            )

    def give(self, task: Task, timeout: float | None) -> None:
        """Send it a cell; what it makes of it is heard later."""
        self.task, self.timeout = task, timeout
        self._start_clock()
        with suppress(OSError):  # it is dead, which is seen when its line is looked at
            self.line.send((task, timeout))

    def hear(self) -> Outcome | None:
        """What came of its cell; None if it only says that it is ready. Raises EOFError if it is dead."""
        assert self.task is not None
        try:
            said = self.line.recv()
        except Exception as error:  # also half an answer, of a process that died while it spoke
            raise EOFError from error
        if not self.is_ready:
            self.is_ready = True
            self._start_clock()
            return None
        if isinstance(said, BaseException):
            raise said
        task, self.task = self.task, None
        return Outcome(task, *said)

    @property
    def lives(self) -> bool:
        """Whether its process is there."""
        return self._process.poll() is None

    def death(self) -> str:
        """How its process ended, in words: by a signal, with an exit code, or not at all."""
        try:
            code = self._process.wait(LOOK)  # its line may be closed a moment before it is gone
        except subprocess.TimeoutExpired:
            return "it gave up its line to the command"
        if code >= 0:
            return f"it ended with exit code {code}"
        name = next((each.name for each in signal.Signals if each == -code), f"signal {-code}")
        return f"{ENDS.get(name, 'it was ended')} ({name})"

    @property
    def patience(self) -> float | None:
        """Seconds until it is to be ended, None if it may go on."""
        if self.task is None or self.timeout is None or not self.is_ready:
            return None
        return max(0.0, self.began + self.timeout + GRACE - time.monotonic())

    def late(self) -> Outcome:
        """End it, and record its cell as one that took too long."""
        task, timeout = self.task, self.timeout
        assert task is not None and timeout is not None
        self.end()
        return timed_out(task, timeout, self.started, time.monotonic() - self.began)

    def end(self) -> None:
        """End its process and what that has started."""
        for process in _descendants(self._process.pid) if self.lives else ():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self.line.close()

    def _start_clock(self) -> None:
        self.started, self.began = datetime.now(UTC), time.monotonic()


def listen(workers: Sequence[Worker]) -> list[Worker]:
    """Wait until one of these has something to say, is dead or is late; those of which this is so."""
    patience = min((worker.patience for worker in workers if worker.patience is not None), default=LOOK)
    heard = wait([worker.line for worker in workers], timeout=min(LOOK, patience))
    return [
        worker for worker in workers if worker.line in heard or not worker.lives or worker.patience == 0.0
    ]


def _descendants(process: int) -> Iterator[int]:
    """The processes that a process has started, and theirs; none where the system does not tell."""
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, path.read_text().split()):
                yield from _descendants(child)
                yield child


@contextmanager
def withheld() -> Iterator[None]:
    """In this block Ctrl-C waits; processes that start in it never hear of it.

    A signal held back stays so through the start of a program: not even its first lines can be struck. Ctrl-C at a
    terminal reaches every process; the driver alone answers it, and ends its workers.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(line: int, driver: int) -> None:
    """The worker's end: measure what comes, say what became of it, until the driver is gone."""
    die_with(driver)
    logging.getLogger("attnlab").addHandler(logging.NullHandler())  # the driver says what there is to say
    here = os.getpid()
    with suppress(EOFError, OSError), Connection(line) as heard:  # a trial may have closed it
        heard.send(None)
        while True:  # ends: when the driver closes the line, or with it
            task, timeout = heard.recv()
            said = _answer(task, timeout)
            if os.getpid() != here:  # a trial forked, and this is its child
                os._exit(0)
            heard.send(said)


def _answer(task: Task, timeout: float | None) -> tuple[str, str | None, str | None] | OSError:
    """What became of a cell, or why its record could not be written: that stops the run."""
    _start(task.run_id)
    try:
        outcome = perform(task, timeout)
    except OSError as error:
        return OSError(error.errno, error.strerror, error.filename)
    return outcome.status, outcome.reason, outcome.traceback


@functools.lru_cache(maxsize=1)
def _start(_run: str) -> None:
    """Take the code of the user's own as it is at the start of a run."""
    renew()


def die_with(driver: int) -> None:
    """End this process once its driver is gone: killed, it cannot say so, and its cells are for its next run.

    On Linux the kernel does it, whatever this process is at, once the thread that started it ends. Elsewhere
    `end_with` does what can be done.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    end_with(driver)


@functools.cache
def end_with(driver: int) -> None:
    """End this process at most half a second after its driver, if it lets other threads run."""
    if os.getppid() != driver:  # it was gone before anybody looked
        os._exit(1)

    def watch() -> None:
        while os.getppid() == driver:  # ends: with the driver, or with this process
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
