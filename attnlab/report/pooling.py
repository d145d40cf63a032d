"""From the tidy table to the marks of a figure: filter, derive, pool the cells that share a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from attnlab.intervals import Interval, pool_means, pool_rates
from attnlab.report.words import plain, setting

if TYPE_CHECKING:
    from pandas.api.typing import SeriesGroupBy

_CELL = ("study", "key", "status", "reason", "trials", "repeats", "seed")
_NUMBER = ("metric", "kind", "value", "low", "high", "count", "effective", "nonfinite")
_NUMBERS = ("kind", "value", "low", "high", "count", "effective")
BOOKKEEPING = frozenset({*_CELL, *_NUMBER})
"""The table's columns that are not settings."""

METRIC = "metric"


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """The table with all its bookkeeping columns, even when no cell is there yet."""
    absent = [column for column in (*_CELL, *_NUMBER) if column not in table]
    return table.assign(**dict.fromkeys(absent, None)) if absent else table


@dataclass(frozen=True)
class Mark:
    """One place in a figure: the pooled interval there and what it was pooled from."""

    place: tuple[object, ...]
    metric: str
    kind: str
    interval: Interval
    cells: int


class NotDrawable(Exception):
    """The table does not hold what a figure asks for; the sentence says what is missing."""


def settings_of(table: pd.DataFrame) -> list[str]:
    """The columns that are settings, in the table's order."""
    return [column for column in table.columns if column not in BOOKKEEPING]


def chosen(table: pd.DataFrame, where: Mapping[str, object]) -> pd.DataFrame:
    """The rows whose settings equal `where` (a list or tuple: any of them).

    Raises NotDrawable if a setting is not in the table.
    """
    for column, wanted in where.items():
        table = derive(table, column)
        options = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
        table = table[table[column].isin(options)]
    return table


def derive(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table with `column` in it; `a/b` and `a-b` are made from the numeric settings a and b.

    Raises NotDrawable if a setting is not in the table.
    """
    if column in table:
        return table
    for sign in "/-":
        first, found, second = column.partition(sign)
        first, second = first.strip(), second.strip()
        if found and first in table and second in table:
            left, right = pd.to_numeric(table[first]), pd.to_numeric(table[second])
            return table.assign(**{column: left / right if sign == "/" else left - right})
    raise NotDrawable(f"the table has no setting {column}")


def at_level(table: pd.DataFrame, column: str, level: object) -> pd.DataFrame:
    """The rows where a setting has this value; None: where it has none."""
    return table[table[column].isna()] if level is None else table[table[column] == level]


def levels(values: pd.Series, order: Sequence[object] = ()) -> list[object]:
    """The distinct values: those of `order` first, then numbers ascending, then text, then none."""
    distinct = {plain(value) for value in pd.unique(values)}

    def rank(value: object) -> tuple[int, float, str]:
        if value in order:
            return (0, float(list(order).index(value)), "")
        if isinstance(value, int | float):
            return (1, float(value), "")
        return (3, 0.0, "") if value is None else (2, 0.0, setting(value))

    return sorted(distinct, key=rank)


def marks(table: pd.DataFrame, metrics: Sequence[str], by: Sequence[str]) -> list[Mark]:
    """One mark for each place (value of every column of `by`) and metric with a finite value there."""
    kept = table[table[METRIC].isin(list(metrics)) & (table["status"] == "done") & table["value"].notna()]
    places = zip(*(kept[column].tolist() for column in (METRIC, *by)), strict=True)
    numbers = zip(*(kept[column].tolist() for column in _NUMBERS), strict=True)
    groups: dict[tuple[object, ...], list[tuple[str, Interval]]] = {}
    for place, (kind, value, low, high, count, effective) in zip(places, numbers, strict=True):
        found = Interval(float(value), float(low), float(high), int(count), float(effective))
        groups.setdefault(tuple(map(plain, place)), []).append((str(kind), found))
    return [_mark(place, parts) for place, parts in groups.items()]


def _mark(place: tuple[object, ...], cells: Sequence[tuple[str, Interval]]) -> Mark:
    kind = "rate" if all(kind == "rate" for kind, _ in cells) else "mean"
    parts = [part for _, part in cells]
    pooled = parts[0] if len(parts) == 1 else pool_rates(parts) if kind == "rate" else pool_means(parts)
    return Mark(place[1:], str(place[0]), kind, pooled, len(parts))


def pooled_over(table: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """The settings that vary among cells sharing a place: a figure must say that it pools over them."""
    done = table[table["status"] == "done"]
    columns = [column for column in settings_of(done) if column not in by]
    places = [column for column in by if column in done and column != METRIC]
    if not len(done):
        return []
    grouped = done.groupby(places, dropna=False) if places else done.groupby(lambda _: 0)
    varying = [column for column in columns if _within(grouped[column])]
    # a setting of a part (decoder.ridge) that only differs because the part does is not a second factor
    parents = {column: column.rpartition(".")[0] for column in varying}
    return [
        column
        for column in varying
        if parents[column] not in varying
        or _within(done.groupby([*places, parents[column]], dropna=False)[column])
    ]


def _within(groups: SeriesGroupBy[Any, Any]) -> bool:
    """True if some group has more than one value."""
    return int(groups.nunique(dropna=False).max()) > 1
