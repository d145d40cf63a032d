"""The asker's scenario: nearly all weight on word s in one pattern, on word t in the other, and one output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from attnlab.collisions.base import Construction, decline_unless, only_where
from attnlab.shapes import Array, Collision, Mask, Sample

ALONE = "a single visible position has no other to confuse it with"


@dataclass(frozen=True)
class Extreme(Construction):
    """For two positions s, t the largest c with `a_s >= c`, `b_t >= c` and equal outputs, by linear programming.

    `c* = 2 / (2 + L)` with L from `attnlab.solvers.exchange`. `a = b = half and half` always reaches c = 1/2, so
    a trial is found only if c* > 1/2; `reached` is c* in every trial. c* = 1/2 exactly where s and t are
    antipodal, that is where some direction has v_s as the largest and v_t as the least value.

    pairs: `random` visible positions, the pair whose values are `closest`, or the `attended` position of the
    given weights with the one after it (the one before it if it is the last): the asker's words.
    """

    version: ClassVar[int] = 2
    says: ClassVar[str] = "a linear programme that puts nearly all weight on one word, or on another"
    rival: ClassVar[str] = "Q2"

    pairs: Literal["random", "closest", "attended"] = "random"

    @property
    def uses(self) -> tuple[str, ...]:
        return ("weights",) if self.pairs == "attended" else ()

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n), used by `attended` only -> pairs (a, b) on the simplex."""
        from attnlab.solvers.exchange import exchange  # compiled: imported when first used

        decline_unless(sample.mask.sum(axis=1) >= 2, ALONE)
        s, t = positions(self.pairs, weights, sample, rng)
        usable = s != t
        best = exchange(sample.values, sample.mask, s, np.where(usable, t, (s + 1) % sample.n))
        c = np.where(usable, best.largest_c, np.nan)
        # Between 1/2 and this lies only the rounding of the linear programme.
        found = c > 0.5 + 1e-9
        every = np.arange(sample.trials)
        a, b = np.maximum(-best.change, 0.0), np.maximum(best.change, 0.0)
        a[every, s] += 1.0
        b[every, t] += 1.0
        patterns = np.stack([a / a.sum(axis=1, keepdims=True), b / b.sum(axis=1, keepdims=True)], axis=1)
        return Collision(
            only_where(found, patterns),
            sample.values,
            "simplex",
            found,
            verified="float64 residual; c* by a linear programme with its dual certificate",
            reached=c,
        )


def positions(
    pairs: str, weights: Array, sample: Sample, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pair (B,), (B,) that `Extreme` asks about; one visible position twice where there is no other."""
    if pairs == "closest":
        from attnlab.solvers.closest import closest  # compiled: imported when first used

        return closest(sample.values, sample.mask)
    draws = np.where(sample.mask, rng.random(sample.mask.shape), np.inf)
    if pairs == "attended":
        return _attended(weights, sample.mask)
    order = np.argsort(draws, axis=1, kind="stable")
    return order[:, 0], np.where(sample.mask.sum(axis=1) > 1, order[:, min(1, sample.n - 1)], order[:, 0])


def _attended(weights: Array, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The visible position of the largest weight and the next visible one (the previous, if it is the last)."""
    s = weights.argmax(axis=1)
    n = mask.shape[1]
    away = np.where(np.arange(n) > s[:, None], np.arange(n) - s[:, None], n + s[:, None] - np.arange(n))
    away = np.where(mask & (away != n), away, 3 * n)
    return s, np.where(mask.sum(axis=1) > 1, away.argmin(axis=1), s)
