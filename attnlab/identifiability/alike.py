"""Attention problems a piece at a time: those that share values together, and near copies among these made one."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from attnlab.arrays import Array, Mask
from attnlab.problems import Problems
from attnlab.solvers.copies import without_copies

Trials = NDArray[np.int64]
Piece = tuple[Trials, Array, Array, Mask]
"""Which of the flat batch: trials (b,); their weights (b, n), values (b or 1, n, d), and masks (b, n)."""
MANY = 4
"""Rows to a set of values from which the set is worth a piece of its own."""


def share(problems: Problems) -> bool:
    """Whether there are several sets of values, each of which serves many rows."""
    sets = math.prod(problems.values.shape[:-2])
    return sets > 1 and sets * MANY <= problems.trials


def pieces(problems: Problems, sharing: bool) -> Iterator[Piece]:
    """The flat batch in bounded pieces; sharing: one set of values after another, which no row then has copied."""
    if not sharing:
        yield from _alike(np.arange(problems.trials), problems)
        return
    for trials, group in problems.sharing():
        yield from _alike(trials, group)


def _alike(trials: Trials, problems: Problems) -> Iterator[Piece]:
    for where, piece in problems.pieces():
        for rows, v in without_copies(piece.values, piece.spacing, piece.mask):
            yield trials[where][rows], piece.given_weights[rows], v, piece.mask[rows]
