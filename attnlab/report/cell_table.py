"""The table of a study's page: one row a cell, the settings that vary, each metric with its interval."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from attnlab.intervals import CORRELATION, FEWEST, Interval
from attnlab.report.words import NO_VALUE, NOTHING, counted, leaf, missing, number, plain, setting
from attnlab.tidy import METRIC, Unit, settings_of, unit_of

MOST_ROWS = 50
"""Rows on a page; results.csv has them all."""


SHARED: Mapping[Unit, str] = {
    "trial": "those that share values, a fitted probe or a trained layer",
    "row": "those of heads that share their values",
}
"""What makes a group, by what is counted."""


def assumes(unit: Unit) -> str:
    """What an interval assumes, in one sentence for the reader of a report that counts trials, or rows."""
    return (
        f"The 95 % intervals take groups of {unit}s ({SHARED[unit]}) as independent draws, and assume a "
        f"correlation of {CORRELATION:g} within a group where too few events tell; there is none below {FEWEST} "
        f"{unit}s or two groups, or where an unbounded number is the same in every {unit}."
    )


@dataclass(frozen=True)
class Line:
    """One cell: its varying settings, its trial count, its numbers; note: why it has none."""

    settings: tuple[str, ...]
    trials: str
    numbers: tuple[str, ...]
    status: str
    note: str


@dataclass(frozen=True)
class CellTable:
    """What the page prints; total: the cells there are, of which `rows` shows the first; unit: what is counted.

    parts: those of the settings whose value is the name of a part.
    """

    settings: tuple[str, ...]
    metrics: tuple[str, ...]
    rows: tuple[Line, ...]
    total: int
    unit: Unit
    constant: tuple[tuple[str, str], ...]
    parts: frozenset[str] = frozenset()

    @property
    def folded(self) -> bool:
        """True if the table is too long to stand open on the page."""
        return len(self.rows) > 12

    def label(self, row: Line) -> str:
        """The settings of a row that it has: a part by its name, `n = 8` for any other setting."""
        told = [
            value if name in self.parts else f"{leaf(name)} = {value}"
            for name, value in zip(self.settings, row.settings, strict=True)
            if value != NOTHING
        ]
        return ", ".join(told) or "all"


def cell_table(table: pd.DataFrame, first: Sequence[str] = ()) -> CellTable:
    """The cells in the order of their settings. first: metrics to show before the others."""
    present = [str(name) for name in pd.unique(table.loc[table["value"].notna(), METRIC])]
    metrics = [name for name in first if name in present]
    metrics += sorted(name for name in present if name not in metrics)
    columns = [column for column in settings_of(table) if table[column].nunique(dropna=False) > 1]
    cells = table.drop_duplicates("key")
    places = map(_place, zip(*(cells[column].tolist() for column in columns), strict=True))
    keys = [
        key for _, key in sorted(zip(places if columns else [()] * len(cells), cells["key"], strict=True))
    ]
    shown = dict(list(table[table["key"].isin(keys[:MOST_ROWS])].groupby("key", sort=False)))
    rows = tuple(_line(shown[key], columns, metrics) for key in keys[:MOST_ROWS])
    named = {re.split("[.:]", str(column))[0] for column in table if re.search("[.:]", str(column))}
    return CellTable(
        tuple(columns),
        tuple(metrics),
        rows,
        len(keys),
        unit_of(table),
        tuple(_constant(table, metrics)),
        frozenset(named & set(columns)),
    )


def _place(settings: Sequence[object]) -> tuple[tuple[int, float, str], ...]:
    """Sorts numbers before text before nothing, whatever a column mixes."""
    return tuple(
        (2, 0.0, "")
        if value is None
        else (0, float(value), "")
        if isinstance(value, int | float)
        else (1, 0.0, str(value))
        for value in map(plain, settings)
    )


def _line(cell: pd.DataFrame, columns: Sequence[str], metrics: Sequence[str]) -> Line:
    unit = unit_of(cell)
    first = cell.iloc[0]
    settings = tuple(setting(first[column]) for column in columns)
    status = str(first["status"])
    if status != "done":
        reason = "" if missing(first["reason"]) else str(first["reason"])
        return Line(settings, "", (), status, reason)
    most = int(cell["count"].max()) if cell["count"].notna().any() else 0
    held = (cell[METRIC], cell["value"], cell["low"], cell["high"], cell["count"])
    found = {str(metric): tuple(rest) for metric, *rest in zip(*held, strict=True)}
    numbers = []
    for metric in metrics:
        value, low, high, count = found.get(metric, (None, None, None, None))
        if missing(value):
            numbers.append(NO_VALUE)
            continue
        words = number(float(value))
        if not missing(low) and low < high:
            words = str(Interval(float(value), float(low), float(high), most, most))
        numbers.append(words if count == most else f"{words} ({counted(int(count), unit)})")
    return Line(settings, f"{most:,}", tuple(numbers), status, "")


def _constant(table: pd.DataFrame, metrics: Sequence[str]) -> list[tuple[str, str]]:
    """The metrics whose value is the same, up to rounding, in every cell that has one, and where that is."""
    found, cells = [], table["key"].nunique()
    for metric in metrics:
        values = table.loc[(table[METRIC] == metric) & table["value"].notna(), "value"]
        if len(values) > 1 and values.max() - values.min() <= 1e-9 * float(values.abs().max()):
            where = (
                "in every cell" if len(values) == cells else f"in all {len(values):,} cells that have a value"
            )
            found.append((metric, f"{number(float(values.iloc[0]))} {where}"))
    return found
