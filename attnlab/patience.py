"""Lines a command says while kernels are compiled: each once a command, on standard error, in whichever process.

A kernel is compiled at its first call on a machine, by the command itself or by one of its workers. So a command
hands a token on, the name of a folder, in the environment that its workers inherit: whoever is the first to leave
a mark there for a line says it. A library has no token and stays silent.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator

from attnlab import streams

TOKEN = "ATTNLAB_PATIENCE"
"""The variable that names the folder."""


@contextlib.contextmanager
def asked_for() -> Iterator[None]:
    """In this block lines may be said, each once, in this process or in those that it starts."""
    with contextlib.ExitStack() as leaving:
        with contextlib.suppress(OSError):  # no folder that may be written: then there are no lines
            folder = tempfile.mkdtemp(prefix="attnlab-")
            leaving.callback(shutil.rmtree, folder, ignore_errors=True)
            os.environ[TOKEN] = folder
            leaving.callback(os.environ.pop, TOKEN, None)
        yield


def say(line: str) -> None:
    """The line, if a command asked for it and nobody has said it yet."""
    folder = os.environ.get(TOKEN)
    if folder is not None and _is_first(folder, line):
        print(streams.harmless(f"attnlab: {line}"), file=sys.stderr, flush=True)


def _is_first(folder: str, line: str) -> bool:
    """Leave a mark for a line; True for the one process that does."""
    mark = hashlib.sha256(line.encode(errors="surrogateescape")).hexdigest()
    try:
        os.mkdir(os.path.join(folder, mark))
    except OSError:
        return False
    return True
