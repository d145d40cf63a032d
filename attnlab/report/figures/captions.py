"""Pieces of the sentences under a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from attnlab.intervals import Interval
from attnlab.report.pooling import Mark, holding
from attnlab.report.words import across, counted, listed, number, setting
from attnlab.verdicts import Average, ends_of


def either(words: Sequence[str]) -> str:
    """`one or other`, each said once."""
    return " or ".join(dict.fromkeys(words))


def said(table: pd.DataFrame, columns: Sequence[str]) -> dict[str, str]:
    """What the parts in these columns say of themselves, by name, where it is one thing and tells them apart."""
    found: dict[str, str] = {}
    for column in columns:
        told = f"{column}:says"
        if column in table and told in table:
            pairs = table[[column, told]].dropna().drop_duplicates()
            single = ~(pairs[column].duplicated(keep=False) | pairs[told].duplicated(keep=False))
            found |= {setting(name): str(words) for name, words in pairs[single].itertuples(index=False)}
    return found


def intervals_of(found: Sequence[Mark]) -> str:
    """What the bars of these marks are: intervals of a kind, the range of cells that were averaged, or nothing."""
    names = {"rate": "Wilson", "mean": "Student"}
    ends = [(mark.kind, end) for mark in found for end in ends_of(mark.interval)]
    kinds = {kind for kind, end in ends if isinstance(end, Interval) and not end.silent}
    told = (
        [f"95 % intervals ({listed([names[kind] for kind in sorted(kinds, reverse=True)])})"] if kinds else []
    )
    if any(isinstance(end, Average) for _, end in ends):
        told.append("the range over the cells that were averaged")
    return ", or ".join(told or [f"no intervals, too few independent {found[0].unit}s"])


def many(found: Sequence[Mark]) -> str:
    """Of how many trials the numbers are: `1 trial a value`, `100 to 200 rows a value`."""
    counts = [mark.interval.count for mark in found]
    low, high = min(counts), max(counts)
    return (
        f"{counted(high, found[0].unit) if low == high else f'{across(low, high)} {found[0].unit}s'} a value"
    )


def with_value(rows: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """All rows of the cells that have a value of one of these metrics: those that are drawn."""
    there = holding(rows, metrics) & (rows["status"] == "done") & rows["value"].notna()
    return rows[rows["key"].isin(rows.loc[there, "key"])]


def absent(rows: pd.DataFrame, words: Mapping[str, str]) -> list[str]:
    """Sentences about the cells that are not drawn, or not for each metric; words: what the metrics are called."""
    status = rows.drop_duplicates("key")["status"].value_counts()
    gone = [f"{counted(int(count), 'cell')} {name}" for name, count in status.items() if name != "done"]
    shown = with_value(rows, list(words))
    ours = rows[(rows["status"] == "done") & holding(rows, list(words))]
    empty = ours.loc[~ours["key"].isin(shown["key"]), "key"].nunique()
    if empty:
        gone.append(f"{counted(empty, 'cell')} with no value")
    for metric, name in words.items():
        there = shown[holding(shown, [metric])]
        lacking = there["key"].nunique() - with_value(there, [metric])["key"].nunique()
        if lacking:
            gone.append(f"{counted(lacking, 'cell')} with no value of {name}")
    return [f"Not drawn: {listed(gone)}."] if gone else []


def everywhere(found: Sequence[Mark], words: Mapping[str, str]) -> list[str]:
    """Sentences about the metrics, by what they are called, that have one value in several places."""
    told: dict[str, list[str]] = {}
    for metric, name in words.items():
        values = [end.value for mark in found if mark.metric == metric for end in ends_of(mark.interval)]
        if len(values) > 1 and max(values) - min(values) <= 1e-9 * max(map(abs, values)):
            told.setdefault(number(values[0]), []).append(name)
    return [f"Everywhere here, {listed(names)}: {value}." for value, names in told.items()]
