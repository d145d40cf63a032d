"""What a cell's record says of one metric: its number, its interval, the trials behind it and by repeat."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from attnlab.contracts import told
from attnlab.intervals import ANY, SHARE, Measure, interval
from attnlab.shapes import GROUP, NO_METRICS, VISIBLE


def returned(
    trial: str,
    row: object,
    measures: Mapping[str, Measure],
    trials: int | None,
    columns: Collection[str] = (),
) -> dict[str, np.ndarray]:
    """What a trial returned for one repeat, as arrays.

    trials: how many numbers each metric has that is not declared to be of the repeat as a whole; None where the
    trial has no such setting, and then all have as many. columns: names that stand for something else in a table
    of results. Raises ValueError for anything else, with the trial's name, what was expected and what came.
    """
    if not isinstance(row, Mapping) or not row:
        got = "an empty dict" if isinstance(row, Mapping) else told(row)
        raise ValueError(f"{trial}: expected a dict of arrays, one for each metric, got {got}")
    taken = [name for name in row if name in columns]
    if taken:
        raise ValueError(f"{trial}: a metric may not be named as a column: {', '.join(taken)}")
    arrays = {name: _column(trial, name, values) for name, values in row.items()}
    whole = {name for name in arrays if measures.get(name, ANY).whole}
    sizes = [values.size for name, values in arrays.items() if name not in whole]
    wanted = trials if trials is not None else max(sizes, default=1)
    for name, values in arrays.items():
        if values.size != wanted and not (name in whole and values.size):
            mend = (
                ""
                if name in NO_METRICS
                else "; for one of the repeat as a whole: MEASURES with Measure(whole=True)"
            )
            raise ValueError(
                f"{trial}: expected {wanted} values of {name}, one a trial, got {values.size}{mend}"
            )
    return arrays


def _column(trial: str, name: object, values: object) -> np.ndarray:
    expected = f"{trial}: expected an array (B,) of real numbers or booleans for {name!r}"
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{expected}, got {told(values)} of rows of different lengths") from None
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ValueError(
            f"{trial}: expected a text that can be printed as the name of a metric, got {name!r:.100}"
        )
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        raise ValueError(f"{expected}, got {told(array if array.ndim else values)}")
    return array


def labels(rows: list[dict[str, np.ndarray]], lasting: bool = False) -> list[np.ndarray]:
    """For each repeat the group of every trial (B,), numbered through all repeats: no group spans two.

    lasting: the numbers mean the same in every repeat, so groups do span them. A row without groups is one group.
    Raises ValueError for groups that are no whole numbers.
    """
    found, used = [], 0
    every = [row.get(GROUP, np.zeros(1, dtype=np.int64)) for row in rows]
    for group in every:
        _whole_numbers(GROUP, group)
        if lasting:
            found.append(np.searchsorted(np.unique(np.concatenate(every)), group))
            continue
        names, place = np.unique(group, return_inverse=True)
        found.append(used + place)
        used += max(1, names.size)
    return found


def most_visible(rows: list[dict[str, np.ndarray]]) -> int | None:
    """How many positions a trial sees at most; None where a row does not say. Raises ValueError as `labels`."""
    seen = [row[VISIBLE] for row in rows if VISIBLE in row]
    for positions in seen:
        _whole_numbers(VISIBLE, positions)
    return max(int(positions.max(initial=0)) for positions in seen) if len(seen) == len(rows) else None


def _whole_numbers(name: str, values: np.ndarray) -> None:
    if values.dtype.kind not in "iu":
        raise ValueError(f"expected whole numbers as {name!r} of a row, got {values.dtype}")


def summary(
    metric: str, measure: Measure, repeats: list[np.ndarray], groups: list[np.ndarray]
) -> dict[str, Any]:
    """The record of one metric. groups: what `labels` says; one label where the whole repeat is a group.

    A metric of another length than the groups belongs to the repeat as a whole, and so does one declared so.
    Raises ValueError for values that its measure excludes.
    """
    boolean = repeats[0].dtype == np.bool_
    if boolean:
        measure = dataclasses.replace(SHARE, whole=measure.whole)
    kept = [np.isfinite(repeat) for repeat in repeats]
    finite = [repeat[keep].astype(np.float64) for repeat, keep in zip(repeats, kept, strict=True)]
    belongs = [
        label[keep] if keep.size == label.size and not measure.whole else np.full(int(keep.sum()), label[0])
        for keep, label in zip(kept, groups, strict=True)
    ]
    values = np.concatenate(finite)
    record: dict[str, Any] = {
        "kind": "rate" if measure.share else "mean",
        "value": None,
        "count": 0,
        "nonfinite": sum(repeat.size for repeat in repeats) - values.size,
    }
    if not values.size:
        if not measure.absent:
            raise ValueError(
                f"metric {metric!r}: expected a number in some trial, got NaN or infinity in all "
                f"{record['nonfinite']}; where it may have none: MEASURES with Measure(absent=True)"
            )
        return record
    refused = measure.refusal(values)
    if refused is not None:
        raise ValueError(f"metric {metric!r}: {refused}")
    found = interval(values, measure, np.concatenate(belongs))
    return record | {
        "value": found.value,
        "low": found.low if found.known else None,
        "high": found.high if found.known else None,
        "count": found.count,
        "effective": found.effective,
        "by_repeat": [float(repeat.mean()) if repeat.size else None for repeat in finite],
    }
