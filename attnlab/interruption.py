"""Ctrl-C, or being asked to end: one line, exit code 130, whatever the moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit code of a command that was interrupted."""
LINE = "attnlab: interrupted; what was finished is kept, the same command goes on."
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def leave_at_once() -> None:
    """From now on an interruption ends this process where it stands: there is nothing to tidy up."""
    for name in SIGNALS:
        signal.signal(name, _leave)


@contextmanager
def tidied() -> Iterator[None]:
    """In this block an interruption is a KeyboardInterrupt, so that traces are closed and workers ended.

    Meanwhile further ones are ignored: tidying takes a moment, and leaving it would leave files behind.
    """
    global _said
    _said = False
    before = [signal.signal(name, _raise) for name in SIGNALS]
    try:
        yield
    finally:
        for name, handler in zip(SIGNALS, before, strict=True):
            signal.signal(name, handler)


def say() -> None:
    """The line, on standard error; once a command, straight to the file: this may be a signal's handler."""
    global _said
    if not _said:
        _said = True
        os.write(2, f"\n{LINE}\n".encode())


_said = False


def ignore() -> None:
    """From now on Ctrl-C changes nothing: this process is ending, or its driver ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def forget() -> None:
    """Let this process end with its exit code, whatever was running when the interruption came.

    An interruption inside `exec` (a dataclass being made during an import) is noted by the interpreter, which
    under `python -m` then ends by the signal even though it was caught. Running a next `exec` takes the note back.
    """
    exec("")


def _raise(_signal: int, _frame: FrameType | None) -> None:
    ignore()
    raise KeyboardInterrupt


def _leave(_signal: int, _frame: FrameType | None) -> None:
    say()
    os._exit(INTERRUPTED)
