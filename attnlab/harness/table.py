"""The tidy table of a study: one row per cell and metric, in an order that depends on the settings alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from attnlab.files import write_atomically
from attnlab.harness.cells import Cell
from attnlab.tidy import HEAD, MEASURED, METRIC, TAIL


def tidy(cells: Sequence[Cell], records: Mapping[str, dict[str, Any]]) -> pd.DataFrame:
    """The table of these cells: one row per cell and metric; a cell without metrics has one row that says why.

    records: by key; a cell without one is `missing`. Rows are sorted by settings and metric, so the table does
    not depend on the order in which cells were planned or run.
    """
    lines: list[dict[str, Any]] = []
    columns: dict[str, None] = {}
    for cell in cells:
        settings = {name: _scalar(value) for name, value in cell.settings().items()}
        columns |= dict.fromkeys(settings)
        record = records.get(cell.key, {"status": "missing"})
        head = {"study": cell.study, "key": cell.key, "status": record["status"]}
        reason = record.get("reason") or record.get("error")
        measured = record.get("metrics") or {"": {}}
        for metric, summary in measured.items():
            kept = {name: value for name, value in summary.items() if name in MEASURED}
            lines.append({**head, "reason": reason, **settings, METRIC: metric or None, **kept})
    between = [name for name in columns if name not in TAIL]
    order = [*HEAD, *between, *TAIL, *MEASURED]
    lines.sort(key=lambda line: [_rank(line.get(name)) for name in [*between, *TAIL, METRIC, "key"]])
    return pd.DataFrame(lines, columns=order)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write results.csv; numbers keep every digit, so reading it back gives the same table."""
    write_atomically(path, table.to_csv(index=False, lineterminator="\n"))


def read_csv(path: Path) -> pd.DataFrame:
    """Read results.csv back, only the empty text is a missing value."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def _scalar(value: Any) -> Any:
    return str(value) if isinstance(value, list | dict) else value


def _rank(value: Any) -> tuple[int, Any]:
    """A sort key for mixed types: nothing, then numbers, then text."""
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, str(value))
