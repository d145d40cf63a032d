"""Which cells of two studies are partners, and, where none are, which settings stand in the way.

Partners agree in every setting, but for those in which each study is constant and the two differ: these are what
is compared. Nothing here knows what the cells measured.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attnlab.report.words import plain, setting
from attnlab.tidy import TAIL, settings_of

Settings = tuple[object, ...]
NONE = "none"
"""How a setting is shown that a cell does not have."""
TOGETHER = 2
"""Settings that only together keep the cells apart: so many are looked for."""


@dataclass(frozen=True)
class Way:
    """A setting that keeps cells apart, with the levels it takes on both sides, as they are typed."""

    name: str
    one: tuple[str, ...]
    other: tuple[str, ...]


@dataclass(frozen=True)
class Partners:
    """The common cells of two tables.

    differ: the settings in which each table is constant and the two differ, with both values; columns: those that
    vary between the pairs; settings: their values for each pair; pairs: the keys of the cells; left: how many
    cells of each table have no partner; ways: without a pair, the settings that are in the way.
    """

    differ: tuple[tuple[str, str, str], ...]
    columns: tuple[str, ...]
    settings: tuple[Settings, ...]
    pairs: tuple[tuple[str, str], ...]
    left: tuple[int, int]
    ways: tuple[Way, ...]


def partners(one: pd.DataFrame, other: pd.DataFrame) -> Partners:
    """The pairs of cells of two complete tables, sorted by their settings."""
    cells = [table.drop_duplicates("key") for table in (one, other)]
    agree, differ = _columns(*cells)
    places = [_places(table, agree) for table in cells]
    keys = [_alone(own, table["key"]) for own, table in zip(places, cells, strict=True)]
    both = sorted(set(keys[0]) & set(keys[1]), key=_rank)
    vary = [at for at, _ in enumerate(agree) if len({place[at] for place in both}) > 1]
    return Partners(
        differ=differ,
        columns=tuple(agree[at] for at in vary),
        settings=tuple(tuple(place[at] for at in vary) for place in both),
        pairs=tuple((keys[0][place], keys[1][place]) for place in both),
        left=(len(cells[0]) - len(both), len(cells[1]) - len(both)),
        ways=() if both else _ways(agree, *places),
    )


def whole(value: object) -> object:
    """A setting's value for a table: whole numbers as such."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _columns(one: pd.DataFrame, other: pd.DataFrame) -> tuple[list[str], tuple[tuple[str, str, str], ...]]:
    """The settings in which cells must agree, and those in which each table is constant and the two differ."""
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


def _shown(value: object) -> str:
    return NONE if value is None else setting(value)


def _places(table: pd.DataFrame, columns: Sequence[str]) -> list[Settings]:
    return list(zip(*(_values(table, name) for name in columns), strict=True))


def _alone(places: Sequence[Settings], keys: pd.Series) -> dict[Settings, str]:
    """Cell keys by their settings; two cells with the same settings are told apart by nothing, and left out."""
    found: dict[Settings, list[str]] = {}
    for place, key in zip(places, keys, strict=True):
        found.setdefault(place, []).append(str(key))
    return {place: own[0] for place, own in found.items() if len(own) == 1}


def _ways(columns: Sequence[str], one: Sequence[Settings], other: Sequence[Settings]) -> tuple[Way, ...]:
    """The settings without a level in common; else the fewest without which some cells would be partners."""
    apart = [at for at, _ in enumerate(columns) if not {p[at] for p in one} & {p[at] for p in other}]
    rest = [at for at, _ in enumerate(columns) if at not in apart]
    for size in range(TOGETHER + 1):
        for more in itertools.combinations(rest, size):
            kept = [at for at in rest if at not in more]
            if {tuple(p[at] for at in kept) for p in one} & {tuple(p[at] for at in kept) for p in other}:
                return tuple(_way(columns[at], at, one, other) for at in sorted((*apart, *more)))
    return tuple(_way(columns[at], at, one, other) for at in apart or range(len(columns)))


def _way(name: str, at: int, one: Sequence[Settings], other: Sequence[Settings]) -> Way:
    levels = (sorted({(place[at],) for place in places}, key=_rank) for places in (one, other))
    left, right = (tuple(_shown(value) for (value,) in own) for own in levels)
    return Way(name, left, right)


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
