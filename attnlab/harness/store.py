"""One JSON record per cell, written beside its place and moved into it, found again by the cell's key.

`results/<study>/cells/ab/<key>.json`, and beside it, where they were asked for, the values of every trial in
`<key>.npz`, written first: a record never names values that are not there. A record that cannot be read counts
as missing; nothing is ever lost by a kill, and of two drivers on one study one at a time is at a cell
(`attnlab.harness.claims`).
"""

from __future__ import annotations

import io
import itertools
import json
import logging
import os
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from attnlab.files import read_regular, write_atomically
from attnlab.harness.records import MOST_BYTES, record_of
from attnlab.tidy import STATUSES, Status

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """The records of one study."""

    folder: Path

    def path(self, key: str) -> Path:
        """Where the record of a key stands."""
        return self.folder / "cells" / key[:2] / f"{key}.json"

    def write(self, record: dict[str, Any]) -> None:
        """Write one record, atomically; what stands in its way and is no file is put aside."""
        path, text = self.path(record["key"]), json.dumps(record, allow_nan=False) + "\n"
        try:
            write_atomically(path, text)
        except (IsADirectoryError, NotADirectoryError, FileExistsError):
            self._make_way(path)
            write_atomically(path, text)

    def _make_way(self, path: Path) -> None:
        """Put aside a folder in the place of a record, or a file in the place of a folder."""
        folders = [place for place in (path.parents[1], path.parent) if os.path.lexists(place)]
        wrong = [place for place in folders if not place.is_dir()] + ([path] if path.is_dir() else [])
        for place in wrong:
            free = (place.with_name(f"{place.name}.aside{number or ''}") for number in itertools.count())
            aside = next(one for one in free if not os.path.lexists(one))
            place.rename(aside)
            log.warning("%s was in the way of a record: it is now %s", place, aside.name)

    def read(self, key: str) -> dict[str, Any] | None:
        """The record of a key, or None where there is none; what is no record is none, and is said once."""
        path = f"{self.folder}/cells/{key[:2]}/{key}.json"
        try:
            return record_of(read_regular(path, MOST_BYTES), key)
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            _say(str(self.folder), path, f"{path} cannot be read ({why}): its cell counts as missing")
            return None

    def write_trials(self, key: str, rows: Sequence[Mapping[str, np.ndarray]]) -> str:
        """Write what the trials of every repeat returned, before the record that names it; the file's name."""
        arrays = {
            f"{repeat}/{name}": values for repeat, row in enumerate(rows) for name, values in row.items()
        }
        stream = io.BytesIO()
        np.savez_compressed(stream, allow_pickle=False, **arrays)
        return write_atomically(self.path(key).with_suffix(".npz"), stream.getvalue()).name

    def has_trials(self, record: Mapping[str, Any]) -> bool:
        """Whether the values of a record's trials are there."""
        path = self.path(record["key"]).with_suffix(".npz")
        return record.get("trials") == path.name and path.is_file() and zipfile.is_zipfile(path)

    def read_trials(self, record: Mapping[str, Any]) -> list[dict[str, np.ndarray]]:
        """What the trials of every repeat returned, by metric. Raises OSError or ValueError where it is torn."""
        rows: dict[int, dict[str, np.ndarray]] = {}
        path = self.path(record["key"]).with_suffix(".npz")
        try:
            with np.load(io.BytesIO(read_regular(path)), allow_pickle=False) as stored:
                for name in stored.files:
                    repeat, _, metric = name.partition("/")
                    rows.setdefault(int(repeat), {})[metric] = stored[name]
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise ValueError(f"{path}: no values of trials ({error})") from error
        return [rows[repeat] for repeat in sorted(rows)]

    def status(self, key: str) -> Status:
        """The status of a key, missing where there is no record."""
        record = self.read(key)
        return "missing" if record is None else record["status"]

    def records(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The records of these keys, by key; a key without one is left out."""
        found = ((key, self.read(key)) for key in keys)
        return {key: record for key, record in found if record is not None}

    def all(self, but: Collection[str] = ()) -> Iterator[dict[str, Any]]:
        """Every record the study holds but those of these keys, in the order of their keys."""
        paths = sorted((self.folder / "cells").glob("??/*.json"))
        paths = [path for path in paths if path.stem not in but]
        return (record for path in paths if (record := self.read(path.stem)) is not None)

    def count(self) -> int:
        """How many records the study holds, of this grid and of others."""
        return sum(1 for _ in (self.folder / "cells").glob("??/*.json"))


_said: dict[str, set[str]] = {}
"""What was said to be no record, by folder."""
MOST_NAMED = 10
"""What is no record is said once a command, and no more of it than so many."""


def renew() -> None:
    """Forget what was said: a new command says it again."""
    _said.clear()


def _say(folder: str, path: str, told: str) -> None:
    said = _said.setdefault(folder, set())
    if path in said:
        return
    said.add(path)
    if len(said) <= MOST_NAMED:
        log.warning(told)
    elif len(said) == MOST_NAMED + 1:
        log.warning("and more records of %s cannot be read: their cells count as missing too", folder)


def own_name(record: Mapping[str, Any]) -> str:
    """The experiment's own name, wherever it is installed, as the identity of a record's cell has it."""
    return str(record.get("module", "")).rpartition(".")[2]


def counts(statuses: Iterable[Status]) -> dict[str, int]:
    """How many of each status there are, every status named."""
    tally: dict[str, int] = dict.fromkeys(STATUSES, 0)
    for status in statuses:
        tally[status] += 1
    return tally
