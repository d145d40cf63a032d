"""One JSON record per cell, written beside its place and moved into it, found again by the cell's key.

`results/<study>/cells/ab/<key>.json`. A record that cannot be read counts as missing; nothing is ever lost by
a kill, and two drivers on one study can at worst measure a cell twice, with the same numbers.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from attnlab.parts import SettingError

log = logging.getLogger(__name__)
Status = Literal["done", "failed", "skipped", "unavailable", "timeout", "missing"]
FINAL = ("done", "skipped")
"""The statuses that do not run again."""


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


@dataclass(frozen=True)
class Store:
    """The records of one study."""

    folder: Path

    def path(self, key: str) -> Path:
        """Where the record of a key stands."""
        return self.folder / "cells" / key[:2] / f"{key}.json"

    def write(self, record: dict[str, Any]) -> None:
        """Write one record, atomically."""
        write_atomically(self.path(record["key"]), json.dumps(record, allow_nan=False) + "\n")

    def read(self, key: str) -> dict[str, Any] | None:
        """The record of a key, or None where there is none; a torn one is none, and is said to be torn."""
        path = self.path(key)
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            log.warning("%s cannot be read (%s): its cell counts as missing", path, error)
            return None
        of_key = isinstance(record, dict) and record.get("key") == key
        if not of_key or record.get("status") not in get_args(Status):
            log.warning("%s is not the record of its key: its cell counts as missing", path)
            return None
        return record

    def status(self, key: str) -> Status:
        """The status of a key, missing where there is no record."""
        record = self.read(key)
        return "missing" if record is None else record["status"]

    def count(self) -> int:
        """How many records the study holds, of this grid and of others."""
        return sum(1 for _ in (self.folder / "cells").glob("??/*.json"))


def counts(statuses: Iterable[Status]) -> dict[str, int]:
    """How many of each status there are, every status named."""
    tally: dict[str, int] = dict.fromkeys(get_args(Status), 0)
    for status in statuses:
        tally[status] += 1
    return tally
