"""Two studies side by side: the cells they have in common, what their numbers differ by, which claims changed.

Common are cells that agree in every setting, but for those in which each study is constant and the two differ:
they are what is compared. Nothing here knows where the tables come from.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from attnlab.intervals import Interval
from attnlab.report.words import plain, setting
from attnlab.tidy import METRIC, TAIL, complete, settings_of
from attnlab.verdicts import Verdict
from attnlab.verdicts.changed import changed
from attnlab.verdicts.difference import ROUNDING, Difference, difference
from attnlab.verdicts.pooling import NUMBERS, estimate

Repeats = Mapping[tuple[str, str], Sequence[float | None]]
Settings = tuple[object, ...]
Numbers = Mapping[str, tuple[str, Interval]]


@dataclass(frozen=True)
class Side:
    """One of the two studies.

    table: its tidy table; by_repeat: the mean of every repeat by cell key and metric, where there are records;
    versions: of the experiment and its parts, by cell key; conclude: the verdict it makes of a table, None if
    its experiment is not in reach; main: the metrics to show before the others; code: the commits its numbers
    come from.
    """

    name: str
    table: pd.DataFrame
    by_repeat: Repeats = field(default_factory=dict)
    versions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    conclude: Callable[[pd.DataFrame], Verdict] | None = None
    main: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True)
class Change:
    """One metric in one common cell: the settings, both numbers, their difference."""

    settings: Settings
    keys: tuple[str, str]
    metric: str
    kind: str
    one: Interval
    other: Interval
    difference: Difference


@dataclass(frozen=True)
class Movement:
    """One metric over all common cells: how many moved up or down beyond their interval, and the range."""

    metric: str
    cells: int
    up: int
    down: int
    low: float
    middle: float
    high: float

    @property
    def still(self) -> bool:
        """True if the metric is the same in every cell, up to rounding."""
        return max(-self.low, self.high) <= ROUNDING


@dataclass(frozen=True)
class Comparison:
    """What two studies have in common, and where they differ.

    differ: the settings in which each is constant and the two differ, with both values; columns: those that vary
    between the common cells; common: how many there are; left: how many cells of each have no partner; unequal:
    common cells of which one is not done, with both statuses; claims: those that changed, as pairs of sentences,
    "" where one side does not make it, None where the claims of a side are not in reach; kept: claims that did
    not; versions: what has another version; code: the commits of each.
    """

    names: tuple[str, str]
    differ: tuple[tuple[str, str, str], ...]
    columns: tuple[str, ...]
    common: int
    same: int
    left: tuple[int, int]
    unequal: tuple[tuple[Settings, str, str], ...]
    changes: tuple[Change, ...]
    claims: tuple[tuple[str, str], ...] | None
    kept: int
    versions: tuple[str, ...]
    code: tuple[str, str]

    @functools.cached_property
    def movements(self) -> tuple[Movement, ...]:
        """Metric by metric, in the order of the changes."""
        found = []
        for metric in dict.fromkeys(change.metric for change in self.changes):
            each = [change.difference for change in self.changes if change.metric == metric]
            values = np.array([one.value for one in each])
            up, down = (sum(one.clear == sign for one in each) for sign in (1, -1))
            low, middle, high = (float(f(values)) for f in (np.min, np.median, np.max))
            found.append(Movement(metric, len(each), up, down, low, middle, high))
        return tuple(found)

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        """One row per common cell and metric, for a csv."""
        names = [f"{number}_{side}" for side in "ab" for number in ("value", "low", "high", "count")]
        head = [*self.columns, "key_a", "key_b", METRIC, "kind", *names]
        lines = [
            [
                *map(_whole, change.settings),
                *change.keys,
                change.metric,
                change.kind,
                *(
                    x
                    for side in (change.one, change.other)
                    for x in (side.value, side.low, side.high, side.count)
                ),
                change.difference.value,
                change.difference.low,
                change.difference.high,
                change.difference.how,
            ]
            for change in self.changes
        ]
        return pd.DataFrame(lines, columns=[*head, "difference", "difference_low", "difference_high", "how"])


def compare(one: Side, other: Side) -> Comparison:
    """`other` against `one`. Nothing is read or written."""
    tables = complete(one.table), complete(other.table)
    columns, differ = _columns(*tables)
    cells = [_cells(table, columns) for table in tables]
    places = sorted(set(cells[0]) & set(cells[1]), key=_rank)
    pairs = [(cells[0][place], cells[1][place]) for place in places]
    vary = [at for at, _ in enumerate(columns) if len({place[at] for place in places}) > 1]
    settings = [tuple(place[at] for at in vary) for place in places]
    shared = "seed" not in [name for name, *_ in differ]
    numbers = _numbers(tables[0]), _numbers(tables[1])
    status = [(numbers[0][key][0], numbers[1][key_b][0]) for key, key_b in pairs]
    order = {metric: rank for rank, metric in enumerate(dict.fromkeys(one.main + other.main))}
    changes = [
        Change(own, keys, metric, kind, a, b, _difference((one, other), keys, metric, a, b, shared))
        for own, keys, both in zip(settings, pairs, status, strict=True)
        if both == ("done", "done")
        for metric, kind, a, b in _both(numbers[0][keys[0]][1], numbers[1][keys[1]][1], order)
    ]
    claims, kept = _claims(one, other, pairs)
    return Comparison(
        names=(one.name, other.name),
        differ=differ,
        columns=tuple(columns[at] for at in vary),
        common=len(pairs),
        same=sum(a == b for a, b in pairs),
        left=(tables[0]["key"].nunique() - len(pairs), tables[1]["key"].nunique() - len(pairs)),
        unequal=tuple((own, a, b) for own, (a, b) in zip(settings, status, strict=True) if a != b),
        changes=tuple(changes),
        claims=claims,
        kept=kept,
        versions=_versions(one, other, pairs, [name for name, *_ in differ]),
        code=(one.code, other.code),
    )


def _both(
    left: Numbers, right: Numbers, order: Mapping[str, int]
) -> Iterator[tuple[str, str, Interval, Interval]]:
    """Metric, kind and both numbers of what two cells both measured."""
    for metric in sorted(set(left) & set(right), key=lambda name: (order.get(name, len(order)), name)):
        yield metric, left[metric][0], left[metric][1], right[metric][1]


def _difference(
    sides: tuple[Side, Side], keys: tuple[str, str], metric: str, a: Interval, b: Interval, shared: bool
) -> Difference:
    if keys[0] == keys[1] and a.value == b.value:
        return Difference(0.0, 0.0, 0.0, "same cell")
    left, right = (side.by_repeat.get((key, metric), ()) for side, key in zip(sides, keys, strict=True))
    return difference(a, b, shared, (left, right))


def _columns(one: pd.DataFrame, other: pd.DataFrame) -> tuple[list[str], tuple[tuple[str, str, str], ...]]:
    """The settings in which cells must agree, and those in which each study is constant and the two differ."""
    agree, differ = [], []
    for name in dict.fromkeys([*settings_of(one), *settings_of(other), *TAIL]):
        left, right = _values(one, name), _values(other, name)
        if len(set(left)) == len(set(right)) == 1 and left[0] != right[0]:
            differ.append((name, _shown(left[0]), _shown(right[0])))
        else:
            agree.append(name)
    return agree, tuple(differ)


def _values(table: pd.DataFrame, name: str) -> list[object]:
    return [_canonical(value) for value in table[name]] if name in table else [None] * len(table)


def _canonical(value: object) -> object:
    """One form for one setting, whether its column came as numbers or, mixed with words, as text."""
    value = plain(value)
    if value is None or isinstance(value, bool):
        return None if value is None else str(value)
    try:
        number = float(str(value))
    except ValueError:
        return str(value)
    return number if np.isfinite(number) else str(value)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: object) -> str:
    return "none" if value is None else setting(value)


def _cells(table: pd.DataFrame, columns: Sequence[str]) -> dict[Settings, str]:
    """Cell keys by their settings; two cells with the same settings are told apart by nothing, and left out."""
    cells = table.drop_duplicates("key")
    places = list(zip(*(_values(cells, name) for name in columns), strict=True))
    twice = (
        {place for place in places if places.count(place) > 1} if len(set(places)) < len(places) else set()
    )
    return {place: str(key) for place, key in zip(places, cells["key"], strict=True) if place not in twice}


def _numbers(table: pd.DataFrame) -> Mapping[str, tuple[str, Numbers]]:
    """Of every cell its status and, by metric, kind and number; a metric without a value is left out."""
    found: dict[str, tuple[str, dict[str, tuple[str, Interval]]]] = {}
    heads = table[["key", "status", METRIC, "kind"]].to_numpy(dtype=object)
    for (key, status, metric, kind), row in zip(
        heads, table[list(NUMBERS)].to_numpy(dtype=float), strict=True
    ):
        own = found.setdefault(str(key), (str(status), {}))[1]
        if np.isfinite(row[0]):
            own[str(metric)] = (str(kind), estimate(row))
    return found


def _rank(place: Settings) -> list[tuple[int, float, str]]:
    """Sorts nothing before numbers before text."""
    return [
        (0, 0.0, "")
        if value is None
        else (1, value, "")
        if isinstance(value, float)
        else (2, 0.0, str(value))
        for value in place
    ]


def _claims(
    one: Side, other: Side, pairs: Sequence[tuple[str, str]]
) -> tuple[tuple[tuple[str, str], ...] | None, int]:
    """The claims of each side about the common cells: those that changed, and how many did not."""
    if one.conclude is None or other.conclude is None or not pairs:
        return None, 0
    keys, keys_b = zip(*pairs, strict=True)
    before = one.conclude(one.table[one.table["key"].isin(keys)])
    return changed(before, other.conclude(other.table[other.table["key"].isin(keys_b)]))


def _versions(
    one: Side, other: Side, pairs: Sequence[tuple[str, str]], differ: Sequence[str]
) -> tuple[str, ...]:
    """What has another version on the two sides, in words; not where it is another part anyway."""
    found: dict[str, None] = {}
    for key, key_b in pairs:
        left, right = one.versions.get(key, {}), other.versions.get(key_b, {})
        for name in sorted(set(left) & set(right)):
            if left[name] != right[name] and name not in differ:
                found[f"{name}: version {left[name]} and {right[name]}"] = None
    return tuple(found)
