"""What a claim may lean on: a fact that a part declares, together with what the same cells have counted.

A declaration is about exact numbers; weights underflow, and a user's part may declare what is not so. So a theorem
is spoken of only where the trials bear its premise out: a trial counts those in which it holds (the metrics of
WITNESSES), and one that counts nothing is taken at its word.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from attnlab.tidy import FEW_VISIBLE, FULL_SUPPORT, METRIC, OF_KEYS, Q3_LOST

WITNESSES = (FEW_VISIBLE, FULL_SUPPORT, OF_KEYS, Q3_LOST)
"""The metrics that say in how many trials of a cell a premise holds, or a theorem is refuted."""


def witnessed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the share that each of WITNESSES has in a row's cell, in columns such as `:full_support`."""
    if "key" not in table or f":{FEW_VISIBLE}" in table:
        return table
    told = table[table["value"].notna()].drop_duplicates(["key", METRIC]).set_index("key")
    shares = {name: told.loc[told[METRIC] == name, "value"].astype(float) for name in WITNESSES}
    return table.assign(**{f":{name}": table["key"].map(share) for name, share in shares.items()})


def counted(rows: pd.DataFrame, witness: str) -> pd.Series:
    """The share of a witness in the cell of every row, NaN where the cell does not count it."""
    unknown = pd.Series(np.nan, rows.index)
    return witnessed(rows).get(f":{witness}", unknown).astype(float)


def holds(rows: pd.DataFrame, fact: str) -> bool:
    """Whether a part declares a fact in every one of these rows."""
    return bool(len(rows)) and fact in rows and bool(rows[fact].isin([True, "True"]).all())


def beyond(table: pd.DataFrame, few: bool = False) -> pd.DataFrame:
    """The rows of cells in which every trial sees more than d + 1 positions; few: of those in which none does.

    Masked positions do not count. A cell says how many of its trials see few (the metric FEW_VISIBLE); one whose
    trials differ is in neither set; one that says nothing is filed by its n, if it has one.
    """
    n, d = (table.get(name, pd.Series(np.nan, table.index)) for name in ("inputs.n", "inputs.d"))
    by_size = (n <= d + 1).astype(float).where(n.notna() & d.notna())
    share = counted(table, FEW_VISIBLE).fillna(by_size)
    return table[share == (1.0 if few else 0.0)]


def everywhere(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of cells whose weights are on every visible position in every trial.

    As their trials count it (the metric FULL_SUPPORT), or else as the weights declare.
    """
    return table[_full(table)]


def not_everywhere(table: pd.DataFrame) -> pd.DataFrame:
    """The other rows: of weights that leave a position out in some trial, or may."""
    return table[~_full(table)]


def _full(table: pd.DataFrame) -> pd.Series:
    declared = table.get("weights:positive", pd.Series(False, table.index)).isin([True, "True"])
    return counted(table, FULL_SUPPORT).fillna(declared.astype(float)) == 1.0


def by_definition(table: pd.DataFrame, chances: Sequence[str] = ()) -> pd.Series:
    """Whether the answer holds by definition in the cell of each row: it is no finding, and no example of one.

    One position alone has all the weight, and whoever names it is right; so it is wherever a blind guess always
    is: one of these metrics is 1 in every trial.
    """
    alone = [table[name] == 1 for name in ("inputs.n", "task.n") if name in table]
    told = table[table[METRIC].isin(list(chances)) & (table["value"] == 1)]
    found = table["key"].isin(told["key"])
    for one in alone:
        found |= one
    return found


def of_queries(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of cells whose weights are a softmax of the keys in every trial: some query gives them."""
    return table[counted(table, OF_KEYS).fillna(1.0) == 1.0]


def of_no_query(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of cells whose weights are a softmax of the keys in some trials or in none."""
    return table[counted(table, OF_KEYS) < 1.0]


def by_symmetry(rows: pd.DataFrame) -> str:
    """The theorem that a reader of the output alone is right in 1/n, in words, or nothing.

    It takes positions that differ in nothing but their number, weights that prefer none and a channel in which no
    position has a place of its own, as parts declare.
    """
    alone = "probe:reads" in rows and bool((rows["probe:reads"] == "the output").all())
    symmetric = holds(rows, "inputs:exchangeable") and holds(rows, "weights:equivariant")
    placed = "channel:placed" in rows and bool(rows["channel:placed"].isin([True, "True"]).any())
    return "chance by symmetry" if alone and symmetric and not placed else ""


def have_rivals(rows: pd.DataFrame) -> str:
    """Why weights on every visible position have others on the simplex beside them, or nothing.

    With more than d + 1 visible positions a null vector of the values leads away from such weights, both ways.
    """
    everywhere = holds(rows, "weights:positive") and bool(
        (counted(rows, FULL_SUPPORT).fillna(1.0) == 1).all()
    )
    many = len(beyond(rows)) == len(rows)
    return "every visible position has weight and n > d + 1" if everywhere and many else ""


def no_second_query(rows: pd.DataFrame) -> str:
    """Why no second query has the output, or nothing: keys that are an affine function of the values.

    Exponential-family theorem; it is about weights that some query gives. Refuted by a second query in hand.
    """
    tied = holds(rows, "inputs:tied_keys") and len(of_queries(rows)) == len(rows)
    sound = bool((counted(rows, Q3_LOST).fillna(0.0) == 0).all())
    return "the values determine the keys" if tied and sound else ""


def determined(rows: pd.DataFrame) -> str:
    """Why the values determine all weights, or nothing: up to d + 1 visible ones that have a density.

    Such values are affinely independent, almost surely. The rows are of a metric that counts where they are.
    """
    few = holds(rows, "inputs:density") and len(beyond(rows, few=True)) == len(rows)
    seen = few and bool((rows["value"] == 1).all())
    return "n <= d + 1, and the values have a density" if seen else ""
