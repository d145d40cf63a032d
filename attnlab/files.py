"""Files that a reader, or a kill, never sees half written; and files that may be anything, read with care."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attnlab.parts import SettingError

MARK = ".unfinished-"
"""Stands in the name of a file that is being written, before whose it is: the host and the process."""


def path_of(given: object, name: str) -> Path:
    """A path, `~` being one's home. Raises ValueError for what is none."""
    if not isinstance(given, str | os.PathLike):
        raise ValueError(f"expected {name} as a path, got {given!r}")
    return Path(given).expanduser()


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Write a file so that a reader, or a kill, sees the old one or the new one and nothing between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whose = f"{MARK}{_host()}-{os.getpid()}-"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=whose)
    try:
        with os.fdopen(handle, "wb") as file:
            # a path that the locale cannot read stands in text by its bytes, and is them again here
            whole = content.encode(errors="surrogateescape") if isinstance(content, str) else content
            file.write(whole)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    return path


def remove_unfinished(folder: Path) -> int:
    """Remove what killed processes of this machine left half written anywhere under a folder; how many files.

    A file of a process that is there, or of another machine, stays.
    """
    here = _host()
    removed = 0
    for place, _, names in os.walk(folder):
        for name in names:
            found = re.match(rf"{re.escape(MARK)}{here}-(\d+)-", name) if name.startswith(MARK) else None
            if found and not _lives(int(found[1])):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(place, name))
                    removed += 1
    return removed


def _host() -> str:
    """The name of this machine, as it stands in the names of files."""
    return re.sub(r"[^a-zA-Z0-9]", "", socket.gethostname())


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # there is one, of somebody else
        return True
    return True


def read_regular(path: str | os.PathLike[str], most: float = float("inf")) -> bytes:
    """The content of a regular file of at most so many bytes.

    Raises OSError for anything else in its place: a FIFO would be waited for, a device never ends.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
        if facts.st_size > most:
            raise OSError(errno.EFBIG, "too long", str(path))
        content = os.read(handle, facts.st_size + 1)
        if len(content) < facts.st_size:  # one call gives no more than two gigabytes
            content += b"".join(_rest(handle))
        return content
    finally:
        os.close(handle)


def _rest(handle: int) -> Iterator[bytes]:
    while chunk := os.read(handle, 1 << 20):  # ends: with the file
        yield chunk


def read_json(path: str | os.PathLike[str]) -> Any:
    """What a json file says. Raises OSError or ValueError for whatever is none, however deep its brackets go."""
    try:
        return json.loads(read_regular(path).decode("utf-8"))
    except RecursionError:
        raise ValueError("brackets too deep") from None


@contextlib.contextmanager
def somewhere(place: Path) -> Iterator[None]:
    """A block for libraries that ask where they are: in a folder that was deleted they get no answer.

    It is left for `place` then, and come back to.
    """
    try:
        os.getcwd()
    except FileNotFoundError:
        here = os.open(".", os.O_RDONLY)
        os.chdir(place)
        try:
            yield
        finally:
            os.fchdir(here)
            os.close(here)
    else:
        yield


def require_reachable(setting: str, given: str, folder: Path) -> None:
    """Raise SettingError if a link on the way to `folder` leads nowhere: nobody knows what is behind it."""
    for place in (folder, *folder.absolute().parents):
        if place.is_symlink() and not place.exists():
            told = (
                f"{place} is a link to {os.readlink(place)}, which is not there (a disk that is not mounted?)"
            )
            raise SettingError(setting, given, f"a folder: {told}")


def require_writable(folder: Path) -> None:
    """Raise SettingError if files cannot be written in `folder` (or where it would be made); leaves no trace."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        allowed = f"a folder that can be written ({existing}: {error.strerror})"
        raise SettingError("results", str(folder), allowed) from error
