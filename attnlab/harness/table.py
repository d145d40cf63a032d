"""The tidy table of a study: one row per cell and metric, in an order that depends on the settings alone."""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attnlab.files import read_regular, write_atomically
from attnlab.harness.cells import in_words
from attnlab.report.words import short
from attnlab.spreadsheets import as_csv, from_csv
from attnlab.tidy import HEAD, MEASURED, METRIC, TAIL, Status


@dataclass(frozen=True)
class Entry:
    """One cell of a grid and what is stored of it: its key, one flat value per setting, its record if any.

    job: the job of a cluster that it waits or runs in, if it does.
    """

    key: str
    settings: Mapping[str, Any]
    record: Mapping[str, Any] | None = None
    job: str | None = None

    @property
    def status(self) -> Status:
        """The status of the record, missing where there is none; queued, whatever it was before."""
        if self.job is not None:
            return "queued"
        status: Status = "missing" if self.record is None else self.record["status"]
        return status

    @property
    def reason(self) -> str | None:
        """Why a cell has no numbers, where it says so."""
        if self.job is not None:
            return f"job {self.job}"
        told = None if self.record is None else self.record.get("reason") or self.record.get("error")
        return None if told is None else short(told)

    @functools.cached_property
    def words(self) -> str:
        """The settings in one line, as they would be typed."""
        return in_words(self.settings)


def tidy(study: str, entries: Sequence[Entry]) -> pd.DataFrame:
    """The table of these cells: one row per cell and metric; a cell without metrics has one row that says why.

    Rows are sorted by settings and metric, so the table does not depend on the order in which cells were
    planned or run.
    """
    columns = dict.fromkeys(name for entry in entries for name in entry.settings)
    between = [name for name in columns if name not in TAIL]
    ranked: list[tuple[Any, dict[str, Any]]] = []
    declared: dict[str, None] = {}
    for entry in entries:
        settings = {name: _scalar(value) for name, value in entry.settings.items()}
        rank = [_rank(settings.get(name)) for name in (*between, *TAIL)]
        facts = (entry.record or {}).get("facts") or {}
        declared |= dict.fromkeys(facts)
        head = {"study": study, "key": entry.key, "status": entry.status, "reason": entry.reason}
        measured = (entry.record or {}).get("metrics") or {"": {}}
        for metric, summary in measured.items():
            kept = {name: value for name, value in summary.items() if name in MEASURED}
            line = {**head, **settings, **facts, METRIC: metric or None, **kept}
            ranked.append(((rank, metric, entry.key), line))
    order = [*HEAD, *between, *sorted(declared), *TAIL, *MEASURED]
    ranked.sort(key=lambda one: one[0])
    lines = [line for _, line in ranked]
    del ranked  # as large as the table
    table = pd.DataFrame(lines, columns=order)
    floats = ("value", "low", "high", "effective")  # also where all of them are None
    return table.astype(dict.fromkeys(floats, float))


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write results.csv; numbers keep every digit, so reading it back gives the same table."""
    write_atomically(path, as_csv(table))


def as_read(table: pd.DataFrame) -> pd.DataFrame:
    """The table as a reader of its results.csv finds it."""
    return from_csv(io.StringIO(as_csv(table)))


def read_csv(path: Path) -> pd.DataFrame:
    """Read results.csv back, only the empty text is a missing value."""
    return from_csv(io.BytesIO(read_regular(path)))


def _scalar(value: Any) -> Any:
    return str(value) if isinstance(value, list | dict) else value


def _rank(value: Any) -> tuple[int, Any]:
    """A sort key for mixed types: nothing, then numbers, then text."""
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, str(value))
