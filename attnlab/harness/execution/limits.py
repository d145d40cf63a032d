"""What a cell may not outlast or carry away: its time, and the folder that everybody works in."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class CellTimeout(BaseException):
    """A cell ran longer than it may; no Exception, which a trial's own `except` would keep to itself."""


@contextmanager
def back_again() -> Iterator[None]:
    """The working directory of before, afterwards: paths that other cells read may be relative to it."""
    try:
        here = os.open(".", os.O_RDONLY)
    except OSError:  # it was deleted: there is nowhere to go back to
        yield
        return
    try:
        yield
    finally:
        os.fchdir(here)
        os.close(here)


EARLY = 0.01
"""Seconds by which an alarm may come too soon, by another clock."""


class Limit:
    """A block that may take so many seconds; `expired` if it took longer, whatever it made of the alarm.

    Signals reach the main thread alone: elsewhere there is no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self.expired = False
        self._seconds = seconds if threading.current_thread() is threading.main_thread() else None
        self._before: Any = None
        self._armed = False
        self._began = 0.0

    def __enter__(self) -> None:
        if self._seconds is not None:
            self._before = signal.signal(signal.SIGALRM, self._expire)
            self._armed = True
            self._began = time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, self._seconds)

    def __exit__(self, *_: object) -> None:
        try:
            self._armed = False
        finally:  # the alarm may come before it is off
            if self._seconds is not None:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, self._before)

    def _expire(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._armed or self._seconds is None:
            return
        left = self._began + self._seconds - time.monotonic()
        if left > EARLY:  # an alarm of the cell's own
            signal.setitimer(signal.ITIMER_REAL, left)
            return
        self.expired = True
        raise CellTimeout
