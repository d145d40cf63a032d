"""The contract of every construction of different weights with one output."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.contracts import BrokenContract, instance
from attnlab.metrics import few_visible
from attnlab.parts import Declined, Part
from attnlab.shapes import DIFFERENT, Array, Collision, Mask, Sample, least_distance, require
from attnlab.tidy import FEW_VISIBLE


def _collision(part: Part, result: object, weights: Array, *_: object, **__: object) -> Collision:
    """A Collision of patterns (B, r, n); its certificate is checked when it is made."""
    found = instance(part, result, Collision)
    trials, r, n = found.patterns.shape
    if (trials, n) != weights.shape:
        expected = f"patterns ({weights.shape[0]}, r, {weights.shape[1]})"
        raise BrokenContract(part, expected, f"shape ({trials}, {r}, {n})")
    return found


@dataclass(frozen=True)
class Construction(Part, abc.ABC):
    """Makes different weights with one output.

    Law: the Collision's patterns lie on the simplex to 1e-12, are zero at masked positions, differ from one
    another by a total variation of 1e-9 at least, and their outputs agree to the tolerance it promises (1e-9;
    1e-12 for softmax patterns; the unit roundoff of a format for patterns that collide only in that format),
    as an independent oracle confirms.
    Where the construction cannot deliver it raises Declined with the reason; it never returns an approximate
    pair, and a trial in which a search found nothing has `found` False.
    """

    rival: ClassVar[str] = ""
    """Which question a pair decides against: Q2 for two weights on the simplex over the same values, Q3 for two
    softmaxes of the same keys; nothing where keys or values, or the exact output, are not the same."""
    facts: ClassVar[tuple[str, ...]] = ("says", "rival")

    promises: ClassVar = {"construct": _collision}

    @property
    def uses(self) -> tuple[str, ...]:
        """Which of `weights`, `keys` and `queries` it reads besides the values; the weights, if not said."""
        return ("weights",)

    def __call__(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n): the patterns to start from, where the construction starts from given ones.

        Raises ValueError if the weights do not lie on the simplex of the visible positions, Declined where
        the construction cannot deliver in any trial.
        """
        require(weights.shape == sample.mask.shape, f"weights {sample.mask.shape}", weights.shape)
        require(bool(np.isfinite(weights).all()), "finite weights", "NaN or infinity")
        off = float(np.abs(weights.sum(axis=-1) - 1).max(initial=0.0))
        require(off <= 1e-9, "weights that sum to 1", f"a sum off by {off:g}")
        lowest = float(weights.min(initial=0.0))
        require(lowest >= 0, "nonnegative weights", lowest)
        require(not weights[~sample.mask].any(), "no weight on masked positions", "some")
        try:
            if "keys" in self.uses:
                _ = sample.known_keys  # declines where there are none, before anything is said of them
            return self.construct(weights, sample, rng)
        except Declined as reason:
            reason.measured = {FEW_VISIBLE: few_visible(sample.mask, sample.d)}
            raise

    @abc.abstractmethod
    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """The construction itself, from weights that were checked."""


def decline_unless(possible: Mask, reason: str) -> None:
    """Raise Declined with the reason if it holds in every trial."""
    if not possible.any():
        raise Declined(reason)


INDEPENDENT = "the visible values are affinely independent: no other weights give their output"
"""Why nothing collides up to d + 1 visible positions (or beyond, by chance)."""


def apart(patterns: Array) -> Mask:
    """(B,): whether all patterns (B, r, n) of a trial differ by more than rounding; nearer ones are one."""
    return np.asarray(least_distance(patterns) >= DIFFERENT)


def only_where(found: Mask, patterns: Array) -> Array:
    """The patterns (B, r, n) with NaN in the trials where nothing was found, so that no one can use them."""
    return np.where(found[:, None, None], patterns, np.nan)
