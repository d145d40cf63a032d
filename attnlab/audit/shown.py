"""The attention map of one head with the interval of every weight, as plain data for a page."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnlab.arrays import Array
from attnlab.audit.rows import same_values, tied_tops, top_bounds, trimmed
from attnlab.identifiability import fibre_intervals
from attnlab.inputs.head import Head


def shown(head: Head, most: int) -> dict[str, Any]:
    """The attention map of a head with the interval of every weight, as plain data for a page.

    All rows of a head that has at most `most`; of others the `most / 4` whose top weight can move farthest.
    weights, low, high: a list a row, numbers to four places; of: how many rows the head has; seen: how many
    positions a row sees; tied: whether no position is on top; twins: positions with one value, several each.
    """
    rows = np.arange(len(head.rows))
    if len(rows) > most:
        top = top_bounds(trimmed(head))
        widest = np.argsort(top[:, 0] - top[:, 1], kind="stable")[: most // 4]
        rows = np.sort(widest)
    bounds = fibre_intervals(head.weights[rows], head.values, head.mask[rows], precision=head.precision)
    same = same_values(head)
    seen = head.mask.any(axis=0)
    twins = [np.flatnonzero((same == one) & seen).tolist() for one in np.unique(same[seen])]
    return {
        "layer": head.layer,
        "head": head.head,
        "words": None if head.tokens is None else list(head.tokens),
        "rows": head.rows[rows].tolist(),
        "of": len(head.rows),
        "seen": head.mask[rows].sum(axis=1).tolist(),
        "tied": tied_tops(head)[rows].tolist(),
        "weights": _short(head.weights[rows]),
        "low": _short(bounds[..., 0]),
        "high": _short(bounds[..., 1]),
        "twins": [group for group in twins if len(group) > 1],
    }


def _short(numbers: Array) -> list[list[float]]:
    rounded: list[list[float]] = np.round(numbers.clip(0.0, 1.0), 4).tolist()
    return rounded
