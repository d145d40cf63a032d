"""From the output to the token it points at, through a narrow learned map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.parts import Count
from attnlab.probes.base import Probe, Reader, tokens_of
from attnlab.probes.penalty_path import at_best_penalty
from attnlab.probes.pointer import pointing
from attnlab.shapes import Examples
from attnlab.solvers.softmax_fit import low_rank, minimised


@dataclass(frozen=True)
class LowRankPointer(Probe):
    """`p = softmax_i(o^T A B x_i)`, A (d, rank) and B (rank, m): output and tokens meet in `rank` dimensions.

    As a query-key product of a following head of that width would compare them. Fitted by L-BFGS from small
    random factors; the loss is not convex in them.
    """

    says: ClassVar[str] = "a narrow pointer from output to token"

    reads: ClassVar[str] = "the output and the tokens"

    rank: Count = 4

    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        m = tokens_of(train).shape[2]
        d = train.outputs.shape[1]
        size = float(np.sqrt((train.outputs**2).mean())) or 1.0
        start = rng.standard_normal((d + m) * self.rank) / np.sqrt(d * m)

        def fit(examples: Examples, penalty: float) -> Reader:
            inputs = (examples.outputs / size, tokens_of(examples), examples.goal, examples.mask)
            flat = minimised(low_rank(*inputs, penalty, self.rank), start)
            left, right = flat[: d * self.rank].reshape(d, -1), flat[d * self.rank :].reshape(-1, m)
            return pointing(left @ right / size, len(examples))

        return at_best_penalty(fit, train, rng)
