"""From a row a head to a row a layer, and a row a model: heads are what an interval is taken over.

All rows of a head share its values, so they are one group, and so are heads that share theirs: several heads tell
how much heads differ, one does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from attnlab.intervals import ANY, Interval, Measure, interval
from attnlab.tidy import METRIC, settings_of

FEWEST = 10
"""Groups of heads from which there is an interval."""
LAYER, HEAD, WINDOW = "inputs.layer", "inputs.head", "inputs.window"
SHARING, MODEL, SAYS = "inputs:sharing", "inputs:model", "inputs:says"
LEAST, MOST, HEADS = "heads:least", "heads:most", "heads:count"
"""What a pooled row also holds: the least and the largest number of a head, and how many heads there are."""


def over_heads(table: pd.DataFrame, measures: Mapping[str, Measure], each_layer: bool = True) -> pd.DataFrame:
    """The finished rows of a tidy table, those of one model and setting (and layer) made one.

    measures: what is known of each metric. Rows of a file are no draws, so cells that differ in their seed alone
    count once. Windows of one text over one model are pooled, and their heads are the same heads.
    """
    done = table[(table["status"] == "done") & table["value"].notna()]
    if not len(done) or not {LAYER, HEAD, MODEL} <= {*done.columns}:
        return done
    loose = {HEAD, WINDOW, "inputs.content", *([] if each_layer else [LAYER])}
    fixed = [column for column in settings_of(done) if column not in loose]
    done = done.drop_duplicates([METRIC, MODEL, *settings_of(done)])
    grouped = done.groupby([METRIC, MODEL, *fixed], dropna=False, sort=False)
    return pd.DataFrame([_pooled(rows, measures) for _, rows in grouped]).reset_index(drop=True)


def _pooled(rows: pd.DataFrame, measures: Mapping[str, Measure]) -> pd.Series:
    """One row of several heads' rows of one metric."""
    first = rows.iloc[0].copy()
    if len(rows) == 1:
        return pd.concat([first, pd.Series({LEAST: first["value"], MOST: first["value"], HEADS: 1})])
    found = _interval(rows, measures.get(first[METRIC], ANY))
    layers, heads = rows[LAYER].nunique(), len(rows[[LAYER, HEAD]].drop_duplicates())
    of = f"layer {int(first[LAYER])}" if layers == 1 and pd.notna(first[LAYER]) else f"{layers} layers"
    told = {
        "key": "+".join(rows["key"]),
        HEAD: None,
        SAYS: f"{heads} heads of {of} of {first[MODEL]}",
        "value": found.value,
        "low": found.low if found.known else None,
        "high": found.high if found.known else None,
        "count": found.count,
        "effective": found.effective,
        LEAST: rows["value"].min(),
        MOST: rows["value"].max(),
        HEADS: heads,
    }
    extra = [name for name in (LEAST, MOST, HEADS) if name not in first]
    first = pd.concat([first, pd.Series(dict.fromkeys(extra))])
    for name, value in told.items():
        first[name] = value
    return first


def _interval(rows: pd.DataFrame, measure: Measure) -> Interval:
    """Over groups of heads: every row of a head stands with its head's mean, so a share is a mean here."""
    counts = rows["count"].to_numpy(dtype=np.int64)
    values = np.repeat(rows["value"].to_numpy(dtype=np.float64), counts)
    sharing = rows[SHARING].fillna("1").astype(int) if SHARING in rows else 1
    place = pd.DataFrame({"layer": rows[LAYER], "of": rows[HEAD] // sharing})
    groups = place.groupby(["layer", "of"], dropna=False).ngroup().to_numpy()
    found = interval(values, replace(measure, share=False), np.repeat(groups, counts))
    few = len(np.unique(groups)) < FEWEST
    return replace(found, low=np.nan, high=np.nan) if few else found
