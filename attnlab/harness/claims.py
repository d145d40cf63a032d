"""Who is at what: no two commands submit or measure one thing at the same time.

A claim is a lock on one byte of the file `claims` beside a study's cells. The system holds it for a process and
takes it back when that ends, however it ends: a claim of a dead one stops nobody, and nothing has to be torn down
or told apart from what was left behind. Shared disks keep such locks among their machines. Where a file system
keeps none, or loses sight of a machine that holds one, a cell may be measured twice, with the same numbers.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

log = logging.getLogger("attnlab")
SUBMITTING = "submitting"
"""What a command claims that looks what is queued and submits the rest."""
LONGEST = 600.0
"""Seconds after which nobody waits any longer for what somebody else has claimed."""
SHORTEST, SELDOM = 0.005, 1.0
"""Seconds between two tries: often at first."""


@contextmanager
def claimed(study: Path, what: str, longest: float = LONGEST) -> Iterator[bool]:
    """In this block no other process that asks for it has claimed `what` (a cell's key) of a study.

    Waits until another one is through with it, for `longest` seconds at most; True if it is claimed now. Closing
    the file gives up every claim that this process has on it: a process claims one thing of a study at a time.
    """
    file = _opened(study)
    try:
        yield file is not None and _wait(file, _byte(what), time.monotonic() + longest)
    finally:
        if file is not None:
            with suppress(OSError):  # a cell may have closed it
                os.close(file)


def _opened(study: Path) -> int | None:
    """The file of the claims, None where it cannot be written: nor can a record, and that is said there."""
    try:
        study.mkdir(parents=True, exist_ok=True)
        return os.open(study / "claims", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        return None


def _byte(what: str) -> int:
    """Its place in the file: two of 10^5 cells share one with a chance of 10^-7, and then wait for each other."""
    return int.from_bytes(hashlib.blake2b(what.encode(), digest_size=7).digest())


def _wait(file: int, byte: int, deadline: float) -> bool:
    pause = SHORTEST
    while True:  # ends: with the claim, or at the deadline
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            return True
        except (BlockingIOError, PermissionError):  # somebody else's
            if time.monotonic() >= deadline:
                return False
            time.sleep(pause)
            pause = min(SELDOM, 1.5 * pause)
        except OSError as error:
            log.debug("no claims are kept at this place: %s", error)
            return False
