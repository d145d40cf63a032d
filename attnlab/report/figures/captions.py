"""Pieces of the sentences under a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from attnlab.report.pooling import Mark, holding
from attnlab.report.words import counted, listed, number, setting
from attnlab.verdicts import ends_of


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


def absent(rows: pd.DataFrame, metrics: Sequence[str]) -> list[str]:
    """Sentences about the cells that are not drawn."""
    status = rows.drop_duplicates("key")["status"].value_counts()
    gone = [f"{counted(int(count), 'cell')} {name}" for name, count in status.items() if name != "done"]
    ours = rows[(rows["status"] == "done") & holding(rows, metrics)]
    empty = ours.loc[ours["value"].isna(), "key"].nunique()
    if empty:
        gone.append(f"{counted(empty, 'cell')} with no value")
    return [f"Not drawn: {listed(gone)}."] if gone else []


def everywhere(found: Sequence[Mark], words: Mapping[str, str]) -> list[str]:
    """Sentences about the metrics, by what they are called, that have one value in several places."""
    told = []
    for metric, name in words.items():
        values = [end.value for mark in found if mark.metric == metric for end in ends_of(mark.interval)]
        if len(values) > 1 and max(values) - min(values) <= 1e-9 * max(map(abs, values)):
            told.append(f"Everywhere here, {name}: {number(values[0])}.")
    return told
