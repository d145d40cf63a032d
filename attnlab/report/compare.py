"""Two studies side by side: the cells they have in common, what their numbers differ by, which claims changed.

The same comparison, asked for in a terminal (action=compare) or from Python (`Study.compare`). Nothing here knows
where the tables come from.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from attnlab.intervals import Interval
from attnlab.report.partners import Partners, Settings, Way, partners, whole
from attnlab.tidy import METRIC, TAIL, complete
from attnlab.verdicts import Verdict
from attnlab.verdicts.changed import Claims, claims, read
from attnlab.verdicts.difference import ROUNDING, Difference, difference
from attnlab.verdicts.pooling import NUMBERS, estimate

Repeats = Mapping[tuple[str, str], Sequence[float | None]]
Numbers = Mapping[str, tuple[str, Interval]]
LEVELS = 8
"""Levels of a setting that are listed."""


class Apart(ValueError):
    """Two studies have no cell in common; `ways` are the settings that stand in the way."""

    def __init__(self, one: str, other: str, ways: Sequence[Way]) -> None:
        self.ways = tuple(ways)
        told = [
            f"{way.name}: {_levels(way.one)} in {one}; {_levels(way.other)} in {other}" for way in self.ways
        ]
        where = "in the way:" if told else "no setting tells the cells apart that would be"
        super().__init__(
            "\n".join([f"cells in common with {one}, equal in each setting that varies; {where}", *told])
        )


class Foreign(ValueError):
    """Two studies are of different experiments, and their numbers of different things."""

    def __init__(self, one: Side, other: Side) -> None:
        told = f"{one.name} holds {one.experiment}, {other.name} holds {other.experiment}"
        super().__init__(f"two studies of one experiment: {told}")


def _levels(levels: Sequence[str]) -> str:
    more = f", ... ({len(levels)})" if len(levels) > LEVELS else ""
    return ", ".join(levels[:LEVELS]) + more


@dataclass(frozen=True)
class Side:
    """One of the two studies.

    table: its tidy table; by_repeat: the mean of every repeat by cell key and metric, where there are records;
    versions: of the experiment and its parts, by cell key; conclude: the verdict it makes of a table, None if
    its experiment is not in reach; main: the metrics to show before the others; code: the commits its numbers
    come from; command: the line that makes it again; experiment: its experiment's own name, "" if unknown.
    """

    name: str
    table: pd.DataFrame
    by_repeat: Repeats = field(default_factory=dict)
    versions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    conclude: Callable[[pd.DataFrame], Verdict] | None = None
    main: tuple[str, ...] = ()
    code: str = ""
    command: str = ""
    experiment: str = ""


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
    common cells of which one is not done, with both statuses; claims: which changed and which did not, None where
    those of a side are not in reach; versions: what has another version; code: the commits of each.
    """

    names: tuple[str, str]
    differ: tuple[tuple[str, str, str], ...]
    columns: tuple[str, ...]
    common: int
    same: int
    left: tuple[int, int]
    unequal: tuple[tuple[Settings, str, str], ...]
    changes: tuple[Change, ...]
    claims: Claims | None
    versions: tuple[str, ...]
    code: tuple[str, str]

    @property
    def other_trials(self) -> bool:
        """True if the two differ in their trials: their number, or the seed."""
        return any(name in TAIL for name, *_ in self.differ)

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
                *map(whole, change.settings),
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
    """`other` against `one`; nothing is read or written.

    Raises Foreign for studies of different experiments, Apart where they have no cell in common.
    """
    if one.experiment and other.experiment and one.experiment != other.experiment:
        raise Foreign(one, other)
    tables = complete(one.table), complete(other.table)
    found = partners(*tables)
    if not found.pairs:
        raise Apart(one.name, other.name, found.ways)
    shared = "seed" not in [name for name, *_ in found.differ]
    numbers = _numbers(tables[0]), _numbers(tables[1])
    status = [(numbers[0][key][0], numbers[1][key_b][0]) for key, key_b in found.pairs]
    order = {metric: rank for rank, metric in enumerate(dict.fromkeys(one.main + other.main))}
    changes = [
        Change(own, keys, metric, kind, a, b, _difference((one, other), keys, metric, a, b, shared))
        for own, keys, both in zip(found.settings, found.pairs, status, strict=True)
        if both == ("done", "done")
        for metric, kind, a, b in _both(numbers[0][keys[0]][1], numbers[1][keys[1]][1], order)
    ]
    return Comparison(
        names=(one.name, other.name),
        differ=found.differ,
        columns=found.columns,
        common=len(found.pairs),
        same=sum(a == b for a, b in found.pairs),
        left=found.left,
        unequal=tuple((own, a, b) for own, (a, b) in zip(found.settings, status, strict=True) if a != b),
        changes=tuple(changes),
        claims=_claims(one, other, found, changes, shared),
        versions=_versions(one, other, found),
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


def _claims(
    one: Side, other: Side, found: Partners, changes: Sequence[Change], shared: bool
) -> Claims | None:
    """The claims of each side about the common cells, and which of them changed."""
    if one.conclude is None or other.conclude is None:
        return None
    keys, keys_b = zip(*found.pairs, strict=True)
    before = one.conclude(one.table[one.table["key"].isin(keys)])
    after = other.conclude(other.table[other.table["key"].isin(keys_b)])
    return claims(before, after, _moved(changes, shared))


def _moved(changes: Sequence[Change], shared: bool) -> Callable[[str, str], bool]:
    """Whether two numbers, as sentences print them, are apart beyond the interval of their difference.

    Those of a common cell by its own difference, paired where it is; others by their two intervals.
    """
    known: dict[tuple[str, str], bool] = {}
    for change in changes:
        for form in (str, _percent):
            pair = form(change.one), form(change.other)
            known[pair] = known.get(pair, False) or bool(change.difference.clear)

    def moved(one: str, other: str) -> bool:
        if (one, other) in known:
            return known[one, other]
        left, right = read(one), read(other)
        return bool(left and right and difference(left, right, shared).clear)

    return moved


def _percent(number: Interval) -> str:
    return number.percent


def _versions(one: Side, other: Side, pairs: Partners) -> tuple[str, ...]:
    """What has another version on the two sides, in words; not where it is another part anyway."""
    differ = [name for name, *_ in pairs.differ]
    found: dict[str, None] = {}
    for key, key_b in pairs.pairs:
        left, right = one.versions.get(key, {}), other.versions.get(key_b, {})
        for name in sorted(set(left) & set(right)):
            if left[name] != right[name] and name not in differ:
                found[f"{name}: version {left[name]} and {right[name]}"] = None
    return tuple(found)
