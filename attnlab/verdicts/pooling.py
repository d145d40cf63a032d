"""From rows of the tidy table to one number: the one place where cells are pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.typing import DataFrameGroupBy

from attnlab.intervals import Interval, pool_means, pool_rates
from attnlab.tidy import MEASURED, METRIC, lasting, settings_of
from attnlab.verdicts.bracket import Average, Bracket

KEPT, LOST = "_kept", "_lost"
"""The endings of the two metrics a bracket is made of."""
NUMBERS = MEASURED[2:7]
"""value, low, high, count, effective."""
OF_DRAWS = ("seed", "repeats", "trials")
"""The columns beside the settings that say which draws a cell has."""


def rows(table: pd.DataFrame, metric: str, where: Mapping[str, object] | None = None) -> pd.DataFrame:
    """The finished rows of one metric whose settings equal `where` (a list or tuple: any of them)."""
    kept = table[(table[METRIC] == metric) & (table["status"] == "done") & table["value"].notna()]
    for column, wanted in (where or {}).items():
        if column not in kept:
            return kept.iloc[:0]
        options = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
        kept = kept[kept[column].isin(options)]
    return kept


def pooled(kept: pd.DataFrame) -> Interval | Average:
    """One number from rows of one metric, at least one of them.

    Cells that differ in the seed alone are independent draws at one condition: their trials are pooled and
    carry an interval; where the inputs are `lasting` another seed draws from the same, and they count as one draw.
    Cells at different settings are a grid: their average and its range. Its count has trials that are the same
    draws once (`_draws`), and cells with the same draws and the same number are one measurement, with its
    interval.
    """
    parts = [estimate(row) for row in kept[list(NUMBERS)].to_numpy(dtype=float)]
    if len(parts) == 1:
        return parts[0]
    settings = kept[settings_of(kept)]
    if settings.empty or settings.nunique(dropna=False).max() == 1:
        anew = "seed" in kept and not any(map(lasting, kept.dropna(axis="columns", how="all").columns))
        draws = kept["seed"].tolist() if anew else None
        return pool_rates(parts, draws) if (kept["kind"] == "rate").all() else pool_means(parts, draws)
    drawn = _draws(kept)
    if len(drawn) == 1 and (kept[list(NUMBERS)].nunique(dropna=False) == 1).all():
        return parts[0]
    values = [part.value for part in parts]
    return Average(sum(values) / len(values), min(values), max(values), int(drawn.sum()), len(parts))


def _draws(kept: pd.DataFrame) -> pd.Series:
    """The trials of each set of draws that cells share: the most that any of them has.

    The numbers of a stream depend on the seed and on the settings of the part that draws (`attnlab.seeds`): under
    another number that the experiment itself is given, or for another observer, who declares what he knows or
    reads, the same draws are looked at anew. An experiment's choices in words may be of what is drawn. Where no
    seed is known, none are shared.
    """
    if "seed" not in kept:
        return kept["count"]
    tell = (":knows", ":reads")
    observers = tuple(str(column).partition(":")[0] for column in kept if str(column).endswith(tell))
    parts = {str(column).partition(":")[0] for column in kept if str(column).endswith(":says")}
    columns = [
        name
        for name in settings_of(kept)
        if "." in name or name in parts or pd.to_numeric(kept[name], errors="coerce").isna().any()
    ]
    columns = [name for name in columns if name.partition(".")[0] not in observers]
    columns += [name for name in OF_DRAWS if name in kept]
    return _alike(kept, columns)["count"].max()


def _alike(rows: pd.DataFrame, columns: Sequence[str]) -> DataFrameGroupBy[Any, Any]:
    """The rows in groups of those that agree in these columns: one group where there are none."""
    return rows.groupby(list(columns) if columns else lambda _: 0, dropna=False, sort=False)


def estimate(numbers: Sequence[float] | np.ndarray) -> Interval:
    """A cell's estimate from its entries in the columns NUMBERS."""
    value, low, high, count, effective = map(float, numbers)
    return Interval(value, low, high, int(count), effective)


def interval(
    table: pd.DataFrame, metric: str, where: Mapping[str, object] | None = None
) -> Interval | Average | None:
    """The metric over the matching cells, or None if there are none."""
    kept = rows(table, metric, where)
    return pooled(kept) if len(kept) else None


def bracket(table: pd.DataFrame, metric: str, where: Mapping[str, object] | None = None) -> Bracket | None:
    """The share between the metrics `<metric>_kept` and `<metric>_lost` of the same cells, or None."""
    kept, lost = (rows(table, metric + ending, where) for ending in (KEPT, LOST))
    both = set(kept["key"]) & set(lost["key"])
    kept, lost = kept[kept["key"].isin(both)], lost[lost["key"].isin(both)]
    return Bracket(pooled(kept), pooled(lost)) if len(kept) else None


def agreement(table: pd.DataFrame, metric: str, law: str) -> list[str]:
    """In how many cells an exact law lies in the measured interval; nothing where no cell has both."""
    both = with_law(table, metric, law)
    if not len(both):
        return []
    few, held = int(both["count"].min()), int(both["held"].sum())
    several = len(rows(table, law)) > len(both)
    trials = f"{few:,} trials" + (" each or more" if len(both) > 1 else "")
    trials += "; cells that differ in what has no say in it count once" if several else ""
    share = "the 95 % interval of the measured share in"
    if len(both) == 1:
        lies = "lies in" if held else "does not lie in"
        return [f"The exact law {lies} {share} the one cell for which it is known ({trials})."]
    return [
        f"The exact law lies in {share} {held:,} of the {len(both):,} cells for which it is known ({trials})."
    ]


def with_law(table: pd.DataFrame, metric: str, law: str) -> pd.DataFrame:
    """The rows of a metric that have an interval, in cells that have the law; held: whether it lies in that.

    One row a measurement: see `once`.
    """
    measured, exact = rows(table, metric), rows(table, law)
    if not len(measured) or not len(exact):
        return measured.iloc[:0]
    both = measured.set_index("key").join(exact.set_index("key")["value"].rename("law"), how="inner")
    both = once(both[both["low"].notna()], (*NUMBERS, "law"))
    return both.assign(held=(both["low"] <= both["law"]) & (both["law"] <= both["high"]))


def once(rows: pd.DataFrame, numbers: Sequence[str] = NUMBERS) -> pd.DataFrame:
    """The rows of one metric, one a measurement: a part that has no say in it gives no second one.

    A decoder has none in what is asked of the sum, nor is a cell with another one another measurement. Which have
    none is seen in the numbers: wherever cells differ in such a part and its settings alone, they are the same.
    """
    columns = [*settings_of(rows), *(name for name in OF_DRAWS if name in rows)]
    columns = [column for column in dict.fromkeys(columns) if rows[column].nunique(dropna=False) > 1]
    for part in [column for column in columns if "." not in column and f"{column}:says" in rows]:
        others = [column for column in columns if column != part and not column.startswith(f"{part}.")]
        groups = _alike(rows, others)
        if (groups[list(numbers)].nunique(dropna=False) == 1).all(axis=None):
            rows = groups.head(1)
    return rows
