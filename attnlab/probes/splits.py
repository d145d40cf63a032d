"""Held-out examples, whole groups at a time: a probe must not meet in training the values it is tested on."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
By = Literal["group", "example"]


def split(group: Indices, held: int, rng: np.random.Generator, by: By = "group") -> tuple[Indices, Indices]:
    """Training rows and `held` test rows of the examples with these groups (B,).

    by="group": whole groups are held out; rows of a held-out group beyond `held` are used for nothing. Where
    all examples share one group, V is a constant of the design (the question is about that V) and they are
    split singly. by="example" splits singly whatever the groups: over values that come back it leaks, which
    `values_seen` shows. Raises ValueError unless 0 < held < B and both sides keep an example.
    """
    if not 0 < held < group.size:
        raise ValueError(f"expected between 1 and {group.size - 1} held-out examples, got {held}")
    names = np.unique(group)
    if by == "example" or names.size == 1:
        order = rng.permutation(group.size)
        return np.sort(order[held:]), np.sort(order[:held])
    rank = np.empty(names.size, dtype=np.int64)
    rank[rng.permutation(names.size)] = np.arange(names.size)
    place = rank[
        np.searchsorted(names, group)
    ]  # (B,): groups are held out in this order until there are enough
    order = np.argsort(place, kind="stable")
    last = place[order[held - 1]]
    train = np.flatnonzero(place > last)
    if train.size == 0:
        raise ValueError(
            f"expected a group left to train on, got {names.size} groups for {held} held-out examples"
        )
    return train, np.sort(order[:held])


def values_seen(group: Indices, train: Indices, test: Indices) -> NDArray[np.bool_]:
    """(test,): True where the values of a held-out example were met in training."""
    return np.isin(group[test], group[train])


def leaks(group: Indices, train: Indices, test: Indices) -> bool:
    """True if values come back across the split though the design has more than one V."""
    return np.unique(group).size > 1 and bool(values_seen(group, train, test).any())
