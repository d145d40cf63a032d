"""The line a command says while kernels are compiled: once a command, on standard error, in whichever process.

A kernel is compiled at its first call on a machine, by the command itself or by one of its workers. So a command
hands a token on, the name of a file, in the environment that its workers inherit: whoever takes the file away says
the line. A library has no token and stays silent.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

TOKEN = "ATTNLAB_PATIENCE"
"""The variable that names the file."""


@contextlib.contextmanager
def asked_for() -> Iterator[None]:
    """In this block the line may be said, once, in this process or in those that it starts."""
    with contextlib.ExitStack() as leaving:
        with contextlib.suppress(OSError):  # no folder for a file that may be written: then there is no line
            handle, path = tempfile.mkstemp(prefix="attnlab-")
            os.close(handle)
            leaving.callback(_take, path)
            os.environ[TOKEN] = path
            leaving.callback(os.environ.pop, TOKEN, None)
        yield


def say(line: str) -> None:
    """The line, if a command asked for it and nobody has said it yet."""
    path = os.environ.get(TOKEN)
    if path is not None and _take(path):
        print(f"attnlab: {line}", file=sys.stderr, flush=True)


def _take(path: str) -> bool:
    """Take the file away; True for the one process that does."""
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
