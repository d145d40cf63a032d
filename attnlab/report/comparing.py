"""Two tables side by side: the cells that both have, and how far their numbers are apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attnlab.report.words import plain, setting
from attnlab.tidy import METRIC, TAIL, complete, settings_of

NUMBERS = ["value", "low", "high", "count"]


def compared(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """A row per cell and metric that both tables have: `value`, `value_other`, `difference`, `low`, `high`.

    The difference is other less one. Its interval combines both intervals as of independent numbers (Newcombe
    1998): `difference - sqrt((v - l)^2 + (u - v)^2)` on the low side, with the distances of either number to the
    end of its interval that matters there, and likewise on the high side; NaN where one has no interval. What
    varies within a table of trials, repeats and seed tells cells apart too.
    """
    tables = [table[table["status"] == "done"] for table in map(complete, (one, other))]
    columns = list(dict.fromkeys(name for table in tables for name in settings_of(table)))
    columns += [name for name in TAIL if any(table[name].nunique() > 1 for table in tables)]
    sides = [_keyed(table, columns) for table in tables]
    both = sides[0].merge(sides[1], on=["at", METRIC], suffixes=("", "_other"))
    v, w = both["value"], both["value_other"]
    below = np.hypot(v - both["high"], w - both["low_other"])
    above = np.hypot(v - both["low"], w - both["high_other"])
    shown = [name for name in columns if name in tables[0]]
    found = both[[*shown, METRIC, "value", "value_other"]].assign(difference=w - v)
    return found.assign(low=w - v - below, high=w - v + above)


def _keyed(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The table with `at`, its settings in words: 8 and 8.0 are one number, what is not there is none."""
    here = table.reindex(columns=columns)
    at = ["\0".join(setting(plain(value)) for value in row) for row in here.itertuples(index=False)]
    kept = [name for name in columns if name in table]
    return table[[*kept, METRIC, *NUMBERS]].assign(at=at)
