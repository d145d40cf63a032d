"""From the tidy table to the marks of a figure: filter, derive, pool the cells that share a place."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from attnlab.report.words import plain, setting
from attnlab.tidy import METRIC, Unit, settings_of, unit_of
from attnlab.verdicts import Bracket, Number
from attnlab.verdicts.pooling import KEPT, LOST, NUMBERS, estimate, pooled
from attnlab.verdicts.situation import SITUATION, situations

if TYPE_CHECKING:
    from pandas.api.typing import SeriesGroupBy


Found = TypeVar("Found")


def of_rows(method: Callable[[Any, pd.DataFrame], Found]) -> Callable[[Any, pd.DataFrame], Found]:
    """A figure's method of rows that is computed once for each table: neither figure nor table changes.

    What it found is kept with the figure, and the table with it, so that no other takes its place in memory.
    """

    @functools.wraps(method)
    def asked(figure: Any, rows: pd.DataFrame) -> Found:
        known = vars(figure).setdefault("_of_rows", {})
        place = (method.__qualname__, id(rows))
        if place not in known:
            known[place] = rows, method(figure, rows)
        found: Found = known[place][1]
        return found

    return asked


@dataclass(frozen=True)
class Mark:
    """One place in a figure: the number there and of how many cells it is made; unit: what its count counts."""

    place: tuple[object, ...]
    metric: str
    kind: str
    interval: Number
    cells: int
    unit: Unit


class NotDrawable(Exception):
    """The table does not hold what a figure asks for; the sentence says what is missing."""


def chosen(table: pd.DataFrame, where: Mapping[str, object]) -> tuple[pd.DataFrame, dict[str, list[object]]]:
    """The rows whose settings equal `where` (a list or tuple: any of them), and what of it they do equal.

    Raises NotDrawable for a setting that the table does not have, and one that no row has at such a level.
    """
    used: dict[str, list[object]] = {}
    for column, wanted in where.items():
        table = derive(table, column)
        there = [option for option in options(wanted) if len(at_level(table, column, option))]
        if not there:
            told = " or ".join(map(setting, options(wanted)))
            raise NotDrawable(f"the table has no cell with {column} = {told}")
        rows = table[column].isin(there)
        table = table[rows | table[column].isna() if None in there else rows]
        used[column] = there
    return table, used


def preferred(
    table: pd.DataFrame, prefer: Mapping[str, object], metrics: Sequence[str], places: Sequence[str] = ()
) -> tuple[pd.DataFrame, dict[str, list[object]]]:
    """The rows whose settings equal `prefer`, as `chosen` finds them, or what comes nearest to it.

    Where no row of these metrics has a level that is preferred, the level that most of their cells have takes
    its place, among those with a value in each column of `places`; a setting that the table does not have asks
    nothing.
    """
    used: dict[str, list[object]] = {}
    for column, wanted in prefer.items():
        try:
            table = derive(table, column)
        except NotDrawable:
            continue
        measured = table[holding(table, metrics)].dropna(subset=[place for place in places if place in table])
        here = (measured if len(measured) else table)[column]
        there = [option for option in options(wanted) if here.isin([option]).any()]
        if not there and here.notna().any():
            common = here.value_counts()
            there = levels(pd.Series(common.index[common == common.max()]))[:1]
        if there:
            table, used[column] = table[table[column].isin(there)], there
    return table, used


def options(wanted: object) -> list[object]:
    """The levels a figure asks for: those of a list or tuple, or the one."""
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]


def derive(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table with `column` in it; `a/b` and `a-b` are made from the numeric settings a and b, SITUATION
    from all of a cell.

    Raises NotDrawable if a setting is not in the table, or no number.
    """
    if column in table:
        return table
    if column == SITUATION:
        return table.assign(**{SITUATION: table["key"].map(situations(table))})
    for sign in "/-":
        first, found, second = column.partition(sign)
        first, second = first.strip(), second.strip()
        if found and first in table and second in table:
            left, right = _numbers(table[first]), _numbers(table[second])
            return table.assign(**{column: left / right if sign == "/" else left - right})
    raise NotDrawable(f"the table has no setting {column}")


def _numbers(setting: pd.Series) -> pd.Series:
    """A setting as numbers. Raises NotDrawable where a cell has none of them: a name, or true."""
    try:
        return pd.to_numeric(setting)
    except (ValueError, TypeError):
        raise NotDrawable(
            f"{setting.name} is not a number in every cell, and can make none with another"
        ) from None


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
    """One mark for each place (value of every column of `by`) and metric with a finite value there.

    A metric that the table holds as `<metric>_kept` and `<metric>_lost` is a share between the two.
    """
    wanted = {metric: metric for metric in metrics}
    there = set(table[METRIC].dropna().unique())
    halves = {metric + ending: metric for metric in metrics if metric not in there for ending in (KEPT, LOST)}
    names = [*wanted, *halves]
    kept = table[table[METRIC].isin(names) & (table["status"] == "done") & table["value"].notna()]
    whole = kept[METRIC].replace(halves)  # both halves of a share stand in one place
    columns = (whole if column == METRIC else kept[column] for column in by)
    places = zip(kept[METRIC].tolist(), *(column.tolist() for column in columns), strict=True)
    groups: dict[tuple[object, ...], list[int]] = {}
    for line, place in enumerate(places):
        groups.setdefault(tuple(map(plain, place)), []).append(line)
    numbers, kinds = kept[list(NUMBERS)].to_numpy(dtype=float), kept["kind"].to_numpy()
    found: dict[tuple[object, ...], Mark] = {}
    unit = unit_of(kept)
    for named, lines in groups.items():
        number = estimate(numbers[lines[0]]) if len(lines) == 1 else pooled(kept.iloc[lines])
        kind = "rate" if all(kinds[line] == "rate" for line in lines) else "mean"
        found[named] = Mark(named[1:], str(named[0]), kind, number, len(lines), unit)
    return [mark for mark in map(lambda mark: _whole(mark, halves, found), found.values()) if mark]


def holds(rows: pd.DataFrame, metrics: Sequence[str]) -> bool:
    """Whether there is any row of these metrics, or of the halves of one."""
    return bool(holding(rows, metrics).any())


def holding(rows: pd.DataFrame, metrics: Sequence[str]) -> pd.Series:
    """Which rows are of these metrics, or of the halves of one."""
    return rows[METRIC].isin([metric + ending for metric in metrics for ending in ("", KEPT, LOST)])


def _whole(mark: Mark, halves: Mapping[str, str], found: Mapping[tuple[object, ...], Mark]) -> Mark | None:
    """The mark itself; for the kept half of a bracket the bracket, for its lost half nothing."""
    if mark.metric not in halves:
        return mark
    metric = halves[mark.metric]
    kept, lost = (found.get((metric + ending, *mark.place)) for ending in (KEPT, LOST))
    if mark is not kept or lost is None:
        return None
    assert not isinstance(kept.interval, Bracket) and not isinstance(lost.interval, Bracket)
    return Mark(mark.place, metric, kept.kind, Bracket(kept.interval, lost.interval), kept.cells, kept.unit)


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
