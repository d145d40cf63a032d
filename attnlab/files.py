"""Files that a reader, or a kill, never sees half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from attnlab.parts import SettingError


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Write a file so that a reader, or a kill, sees the old one or the new one and nothing between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    return path


def require_writable(folder: Path) -> None:
    """Raise SettingError if files cannot be written in `folder` (or where it would be made); leaves no trace."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        allowed = f"a folder that can be written ({existing}: {error.strerror})"
        raise SettingError("results", str(folder), allowed) from error
