"""Online coding: the bits that send the goals with a probe that learns on the way (Voita & Titov 2020)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from attnlab.probes.base import Reader, uniform
from attnlab.probes.scores import bits
from attnlab.shapes import Examples

FRACTIONS = (0.03125, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""Where the blocks end, as shares of the examples: each doubles what the probe has seen."""


@dataclass(frozen=True)
class Code:
    """Bits of the online code and of the uniform code over the visible positions, for the same goals."""

    online: float
    uniform: float

    @property
    def compression(self) -> float:
        """How many times shorter than the uniform code: 1 for a probe that knows nothing, NaN for no bits."""
        return self.uniform / self.online if self.online else math.nan


def online_code(
    fit: Callable[[Examples, np.random.Generator], Reader],
    examples: Examples,
    rng: np.random.Generator,
    fractions: tuple[float, ...] = FRACTIONS,
) -> Code:
    """The prequential code length `sum over blocks of -log2 p(block | all blocks before)`.

    The first block is sent with the uniform code; each later one with the reader fitted on all that came
    before it. Examples are sent in random order, groups kept together and never cut by a block's end.
    """
    names, kind = np.unique(examples.group, return_inverse=True)
    if names.size == 1:  # one V by design: its examples are sent singly
        kind = np.arange(len(examples))
    order = np.argsort(rng.permutation(int(kind.max()) + 1)[kind], kind="stable")
    sent = examples[order]
    ends = _block_ends(kind[order], fractions)
    flat = bits(uniform(sent.mask), sent.goal)
    online = float(flat[: ends[0]].sum())
    for start, end in pairwise(ends):
        before, block = sent[np.arange(start)], sent[np.arange(start, end)]
        online += float(bits(fit(before, rng)(block), block.goal).sum())
    blocks = [float(part.sum()) for part in np.split(flat, ends[:-1])]
    return Code(online=online, uniform=float(sum(blocks)))


def _block_ends(kind: np.ndarray, fractions: tuple[float, ...]) -> list[int]:
    """Row numbers at which blocks end: the first group border at or after each fraction, and the end."""
    borders = np.append(np.flatnonzero(np.diff(kind)) + 1, kind.size)
    wanted = np.ceil(np.array(fractions) * kind.size)
    ends = borders[np.minimum(np.searchsorted(borders, wanted), borders.size - 1)]
    return sorted({int(end) for end in ends} | {int(kind.size)})
