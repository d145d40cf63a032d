"""The heads of one layer as one attention problem: what is known of one sum is then known of several.

Head j of h has weights a_j over the same n positions and values V_j (n, d), and what arrives is
`y = sum_j M_j V_j^T a_j`, with M = [M_1 .. M_h] (r, h d) whatever mixes the concatenated outputs. Give head j the
share `s_j` of one unit of weight: then `b = (s_1 a_1, .., s_h a_h)` are weights on h n positions, which are the
pairs of a head and a position, the value of a pair is `M_j v_ji / s_j`, and what arrives is their sum. That the
weights of a head sum to s_j is h - 1 further coordinates of the output, one for each head but the first. So a
layer is a `Sample` of h n positions in r + h - 1 value dimensions (the Cayley trick: Huber, Rambau & Santos 2000),
its fibres are those of the layer, and everything that takes a Sample takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from attnlab.arrays import Array, require, root_mean_square
from attnlab.attention import logits, output
from attnlab.shapes import Sample

FIRMLY = 64.0
"""How much larger than the values the coordinates of the heads' sums are: where noise lets no weights have the
output, the sums give way by about the square of this less than the values do."""


@dataclass(frozen=True)
class Joined:
    """Heads (h Samples of one n, d, e and one mask) and what mixes their outputs, (B, r, h d).

    Raises ValueError for heads whose shapes or masks differ, or a mixture of another shape.
    """

    heads: Sequence[Sample]
    mixture: Array

    def __post_init__(self) -> None:
        first = self.heads[0]
        for head in self.heads[1:]:
            require(
                head.values.shape == first.values.shape, f"values {first.values.shape}", head.values.shape
            )
            require(head.keys.shape == first.keys.shape, f"keys {first.keys.shape}", head.keys.shape)
            require(bool((head.mask == first.mask).all()), "one mask for all heads", "others")
        width = len(self.heads) * first.d
        fits = self.mixture.ndim == 3 and self.mixture.shape[::2] == (first.trials, width)
        require(fits, f"a mixture ({first.trials}, r, {width})", self.mixture.shape)

    @cached_property
    def values(self) -> Array:
        """(B, h, n, r): what each position of each head adds to what arrives, `M_j v_ji`."""
        d = self.heads[0].d
        each = [
            np.matmul(head.values, np.swapaxes(self.mixture[:, :, j * d : (j + 1) * d], 1, 2))
            for j, head in enumerate(self.heads)
        ]
        return np.stack(each, axis=1)

    def contributions(self, weights: Array) -> Array:
        """What each head adds to what arrives: weights (B, h, n) -> (B, h, r)."""
        return output(weights, self.values)

    @cached_property
    def problem(self) -> Sample:
        """The one problem, with the same share for every head.

        Its keys are those of the heads, block by block, and beside them the h - 1 coordinates; at temperature 1
        (scores `q.k / sqrt(e)`) the softmaxes of its queries are those of the heads.
        """
        return self._shared(np.full(len(self.heads), 1.0 / len(self.heads)))

    def seen_from(self, head: int) -> tuple[Sample, Array]:
        """The problem in which no pair of another head can have as much weight as the largest of this one.

        So its largest weights are this head's, whatever the weights. And the shares (h,) that make it so.
        """
        shares = np.ones(len(self.heads))
        shares[head] = 2.0 * self.heads[0].n
        shares /= shares.sum()
        return self._shared(shares), shares

    def _shared(self, share: Array) -> Sample:
        first, h = self.heads[0], len(self.heads)
        spread = (self.values / share[:, None, None]).reshape(first.trials, h * first.n, -1)
        size = root_mean_square(spread, np.tile(first.mask, h))
        unit = FIRMLY * np.ldexp(1.0, np.frexp(np.where(size > 0, size, 1.0))[1])
        of_head = self._of_head()
        queries, keys = self._softmaxes(of_head)
        return Sample(
            queries,
            keys,
            np.concatenate([spread, unit[:, None, None] * of_head], axis=2),
            mask=np.tile(first.mask, h),
            group=first.group,
            spacing=max(head.spacing for head in self.heads),
            draw=first.draw,
        )

    def together(self, weights: Array, shares: Array | None = None) -> Array:
        """The weights of the heads (B, h, n) as those of the problem (B, h n); shares (h,): equal if not given."""
        share = 1.0 / len(self.heads) if shares is None else shares[:, None]
        return np.asarray(share * weights).reshape(len(weights), -1)

    def arrived(self, sent: Array) -> Array:
        """The output of the problem where these (B, r) arrive of the heads: the sums of their weights beside."""
        h = len(self.heads)
        units = self.problem.values[:, -1:, self.values.shape[3] :].max(axis=2) / h if h > 1 else sent[:, :0]
        return np.concatenate([sent, np.repeat(units, h - 1, axis=1)], axis=1)

    def apart(self, weights: Array) -> Array:
        """Weights of the problem (B, h n) as those of the heads (B, h, n), each divided by its sum.

        A head that has none gets the same everywhere.
        """
        mask = self.heads[0].mask
        each = weights.reshape(len(weights), len(self.heads), -1)
        total = each.sum(axis=2, keepdims=True)
        even = (mask / mask.sum(axis=1, keepdims=True))[:, None]
        return np.where(total > 0, each / np.where(total > 0, total, 1.0), even)

    def _of_head(self) -> Array:
        """(h n, h - 1): 1 where a pair is of a head that is not the first."""
        return np.repeat(np.eye(len(self.heads))[:, 1:], self.heads[0].n, axis=0)

    def _softmaxes(self, of_head: Array) -> tuple[Array, Array]:
        """Queries (B, h e + h - 1), keys (B, h n, h e + h - 1) of the problem; none where the heads have none."""
        first, h = self.heads[0], len(self.heads)
        trials, n, e = first.keys.shape
        if e == 0:
            return np.zeros((trials, 0)), np.zeros((trials, h * n, 0))
        keys = np.zeros((trials, h, n, h, e))
        for j, head in enumerate(self.heads):
            keys[:, j, :, j] = head.keys
        sizes = np.stack(
            [
                logsumexp(np.where(head.mask, logits(head.queries, head.keys, np.sqrt(e)), -np.inf), axis=1)
                for head in self.heads
            ],
            axis=1,
        )
        wide = keys.reshape(trials, h * n, h * e)
        beside = np.broadcast_to(of_head, (trials, *of_head.shape))
        queries = [head.queries / np.sqrt(e) for head in self.heads] + [sizes[:, :1] - sizes[:, 1:]]
        width = h * e + h - 1
        return np.sqrt(width) * np.concatenate(queries, axis=1), np.concatenate([wide, beside], axis=2)
