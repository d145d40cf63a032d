"""What a cell's record says of one metric: its number, its interval, the trials behind it and by repeat."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnlab.intervals import SHARE, Measure, interval
from attnlab.shapes import GROUP


def labels(rows: list[dict[str, np.ndarray]]) -> list[np.ndarray]:
    """For each repeat the group of every trial (B,), numbered through all repeats: no group spans two.

    A row without groups is one group. Raises ValueError for groups that are no whole numbers.
    """
    found, used = [], 0
    for row in rows:
        group = row.get(GROUP, np.zeros(1, dtype=np.int64))
        if group.dtype.kind not in "iu":
            raise ValueError(f"expected whole numbers as {GROUP!r} of a row, got {group.dtype}")
        names, place = np.unique(group, return_inverse=True)
        found.append(used + place)
        used += max(1, names.size)
    return found


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
