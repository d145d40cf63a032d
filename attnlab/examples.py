"""What a probe learns from and is tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnlab.arrays import Array, Mask, require
from attnlab.contracts import freeze


@dataclass(frozen=True)
class Examples:
    """What a probe learns from and is tested on: it never sees the values.

    outputs (B, d); tokens (B, n, m) or None; weights (B, n): the true weights; goal (B, n): the distribution
    over positions that is to be read, one-hot where a single position counts as attended; mask (B, n): visible
    positions; group (B,): examples that share their values share a number, and no split may separate them. All are
    read-only. Raises ValueError if shapes disagree, or a goal is no distribution over the visible positions.
    """

    outputs: Array
    tokens: Array | None
    weights: Array
    goal: Array
    mask: Mask
    group: NDArray[np.int64]

    def __post_init__(self) -> None:
        trials, n = self.weights.shape
        require(self.outputs.shape[0] == trials, f"outputs ({trials}, d)", self.outputs.shape)
        require(self.goal.shape == (trials, n), f"goal ({trials}, {n})", self.goal.shape)
        require(self.mask.shape == (trials, n), f"mask ({trials}, {n})", self.mask.shape)
        require(self.group.shape == (trials,), f"group ({trials},)", self.group.shape)
        hidden = float(np.where(self.mask, 0.0, self.goal).max(initial=0.0))
        require(hidden == 0.0, "a goal that is zero at masked positions", hidden)
        off = float(np.abs(self.goal.sum(axis=1) - 1).max(initial=0.0))
        require(off <= 1e-9, "a goal that sums to 1", 1 + off)
        freeze(self)

    def __len__(self) -> int:
        return int(self.weights.shape[0])

    def __getitem__(self, rows: NDArray[np.int64] | Mask) -> Examples:
        """The examples of these rows."""
        tokens = None if self.tokens is None else self.tokens[rows]
        return Examples(
            self.outputs[rows], tokens, self.weights[rows], self.goal[rows], self.mask[rows], self.group[rows]
        )

    @property
    def target(self) -> NDArray[np.int64]:
        """(B,): the position the goal puts most on."""
        return self.goal.argmax(axis=1)
