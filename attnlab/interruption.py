"""Ctrl-C, or being asked to end: one line, exit code 130, whatever the moment."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 130
"""The exit code of a command that was interrupted."""
LINE = "attnlab: interrupted; what was finished is kept, the same command goes on."
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INSIST = 2.0
"""Seconds after which a second interruption is one of somebody who does not want to wait."""


def leave_at_once() -> None:
    """From now on an interruption ends this process where it stands: there is nothing to tidy up."""
    for name in _heard():
        signal.signal(name, _leave)


def _heard() -> list[signal.Signals]:
    """The signals that interrupt: a closed terminal does not where `nohup` has asked for that."""
    return [name for name in SIGNALS if name != signal.SIGHUP or signal.getsignal(name) != signal.SIG_IGN]


@contextmanager
def tidied() -> Iterator[None]:
    """In this block an interruption is a KeyboardInterrupt, so that traces are closed and workers ended.

    Meanwhile further ones are ignored: tidying takes a moment, and leaving it would leave files behind. One that
    comes after `INSIST` seconds ends this process where it stands, be it in a compiled kernel.
    """
    global _said
    _said = False
    with _overheard():
        before = {name: signal.signal(name, _raise) for name in _heard()}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)


@contextmanager
def _overheard() -> Iterator[None]:
    """In this block a thread hears interruptions too: those for whom the main thread has no time.

    Python answers a signal between two of its own instructions, and a kernel has none until it returns; but the
    interpreter notes the signal at once in a pipe, and kernels let other threads run.
    """
    global _noted_in
    mine, theirs = os.pipe()
    os.set_blocking(theirs, False)
    before, _noted_in = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False), theirs
    threading.Thread(target=_wait_for_insistence, args=(mine,), daemon=True).start()
    try:
        yield
    finally:
        _noted_in = None
        signal.set_wakeup_fd(before)
        os.close(theirs)


_noted_in: int | None = None
"""The end of the pipe in which signals are noted, while somebody listens."""


def _note_nothing() -> None:
    """A process that forks off has the pipe, too: what ends that one is not meant for this."""
    if _noted_in is not None:
        signal.set_wakeup_fd(-1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_nothing)


def _wait_for_insistence(pipe: int) -> None:
    """End this process at an interruption that comes `INSIST` seconds after another; return when the pipe ends."""
    first = None
    with open(pipe, "rb", buffering=0) as noted:
        while number := noted.read(1):  # ends: with the block, which closes the other end
            if number[0] not in SIGNALS:
                continue
            first = time.monotonic() if first is None else first
            if time.monotonic() - first >= INSIST:
                _leave(number[0], None)


@contextmanager
def noted() -> Iterator[None]:
    """In this block `came` tells whether an interruption has come from outside; whatever answered it still does.

    Nothing is noted outside the main thread, which no signal reaches.
    """
    global _came
    _came = False
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {name: signal.getsignal(name) for name in SIGNALS}

    def note(number: int, frame: FrameType | None) -> None:
        global _came
        _came = True
        answer = before[signal.Signals(number)]
        if callable(answer):
            answer(number, frame)

    for name in (name for name, answer in before.items() if callable(answer)):
        signal.signal(name, note)
    try:
        yield
    finally:
        _came = False
        for name, answer in before.items():
            if signal.getsignal(name) is note:
                signal.signal(name, answer)


def came() -> bool:
    """Whether somebody has interrupted a block of `noted`: a KeyboardInterrupt there is not the block's own."""
    return _came


_came = False


def say() -> None:
    """The line, on standard error; once a command, straight to the file: this may be a signal's handler."""
    global _said
    if not _said:
        _said = True
        with suppress(OSError):  # the terminal may be what has gone
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
    first = time.monotonic()

    def again(number: int, frame: FrameType | None) -> None:
        if time.monotonic() - first >= INSIST:
            _leave(number, frame)

    for name in _heard():
        signal.signal(name, again)
    raise KeyboardInterrupt


def _leave(_signal: int, _frame: FrameType | None) -> None:
    say()
    os._exit(INTERRUPTED)
