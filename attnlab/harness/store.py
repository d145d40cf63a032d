"""One JSON record per cell, written beside its place and moved into it, found again by the cell's key.

`results/<study>/cells/ab/<key>.json`, and beside it, where they were asked for, the values of every trial in
`<key>.npz`, written first: a record never names values that are not there. A record that cannot be read counts
as missing; nothing is ever lost by a kill, and two drivers on one study can at worst measure a cell twice, with
the same numbers.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from attnlab.files import write_atomically
from attnlab.tidy import STATUSES, Status

log = logging.getLogger(__name__)
FINAL: tuple[Status, ...] = ("done", "skipped")
"""The statuses that do not run again."""


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
        if not of_key or record.get("status") not in STATUSES:
            log.warning("%s is not the record of its key: its cell counts as missing", path)
            return None
        return record

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
        return "trials" in record and self.path(record["key"]).with_name(str(record["trials"])).is_file()

    def read_trials(self, record: Mapping[str, Any]) -> list[dict[str, np.ndarray]]:
        """What the trials of every repeat returned, by metric. Raises OSError or ValueError where it is torn."""
        rows: dict[int, dict[str, np.ndarray]] = {}
        path = self.path(record["key"]).with_name(str(record["trials"]))
        with np.load(path, allow_pickle=False) as stored:
            for name in stored.files:
                repeat, _, metric = name.partition("/")
                rows.setdefault(int(repeat), {})[metric] = stored[name]
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


def own_name(record: Mapping[str, Any]) -> str:
    """The experiment's own name, wherever it is installed, as the identity of a record's cell has it."""
    return str(record.get("module", "")).rpartition(".")[2]


def counts(statuses: Iterable[Status]) -> dict[str, int]:
    """How many of each status there are, every status named."""
    tally: dict[str, int] = dict.fromkeys(STATUSES, 0)
    for status in statuses:
        tally[status] += 1
    return tally
