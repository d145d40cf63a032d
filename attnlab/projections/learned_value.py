"""The value projection that a readout would choose, fitted jointly with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from attnlab.parts import Declined, Positive
from attnlab.projections.base import Projection
from attnlab.shapes import Array, Examples
from attnlab.solvers.softmax_fit import low_rank, minimised
from attnlab.solvers.steady_search import turns

RESOLUTION = 2.0**-12
"""Another order of sums moves the end of the fit by 1e-8 or so, far less than a step of this."""


@dataclass(frozen=True)
class LearnedValue(Projection):
    """W_V and the readout after it, fitted together by cross-entropy to make the position readable.

    With `h = sum_i a_i x_i` and `o = h W_V`, a readout `score_i = (o W_O) . x_i` that writes the output back
    into token space and compares it there is `h^T W_V W_O x_i`: a bilinear pointer of rank `width` on h. So
    the best W_V is the left factor of that fit (readout=pointer). For readout=position, `score_i = o . w_i`
    has one learned vector for each position in place of the tokens. The fit is not convex: what it finds is a
    lower bound on what the width allows. Of the subspace it finds, one basis is kept, to RESOLUTION: what is
    measured of values through it does not hang on the last digits of the fit.
    """

    version: ClassVar[int] = 2

    says: ClassVar[str] = "a learned projection"

    readout: Literal["pointer", "position"] = "pointer"
    penalty: Positive = 0.03

    def directions(self, train: Examples, rng: np.random.Generator) -> Array:
        m = train.outputs.shape[1]
        met = self._met(train)
        inputs = (train.outputs / np.sqrt((train.outputs**2).mean()), met, train.goal, train.mask)
        start = rng.standard_normal((m + met.shape[2]) * self.width) / m
        flat = minimised(low_rank(*inputs, self.penalty, self.width), start)
        basis = np.linalg.qr(flat[: m * self.width].reshape(m, self.width))[0]
        return np.round(basis @ turns(basis[None])[0] / RESOLUTION) * RESOLUTION

    def _met(self, train: Examples) -> Array:
        """What the projected output is compared with at each position, (B, n, .)."""
        if self.readout == "position":
            n = train.goal.shape[1]
            return np.broadcast_to(np.eye(n), (len(train), n, n))
        if train.tokens is None:
            raise Declined(
                "a pointer readout compares the output with token vectors, and these inputs have none"
            )
        return train.tokens
