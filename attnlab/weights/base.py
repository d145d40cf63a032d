"""The contract of every way in which attention weights arise."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.attention import logits
from attnlab.contracts import on_simplex
from attnlab.parts import Declined, Part, Positive
from attnlab.shapes import Array, Mask, Sample


def _weights(part: Part, result: object, sample: Sample, *_: object, **__: object) -> Array:
    """Weights (B, n) on the simplex of the visible positions."""
    return on_simplex(part, result, sample.mask, "weights")


@dataclass(frozen=True)
class Weights(Part, abc.ABC):
    """How weights arise from a sample.

    Law: `weights(sample, rng)` is (B, n), nonnegative, sums to 1 within 1e-12, and is exactly zero at masked
    positions. Raises Declined where the sample cannot carry such weights.
    """

    positive: ClassVar[bool] = False
    """True if every visible position has weight: then for n > d + 1 other weights on the simplex give the same
    output, by theorem."""
    equivariant: ClassVar[bool] = False
    """True if permuting the positions of a sample permutes the law of the weights: no position is preferred for
    its number."""
    uniform_top: ClassVar[bool] = False
    """True if all weight is on one position, drawn uniformly from the visible ones whatever the sample holds."""
    sees_values: ClassVar[bool] = True
    """False if they follow from queries, keys and chance alone. Exact laws for Gaussian values, and what almost
    surely never happens to values with a density, are about values drawn apart from the weights."""
    facts: ClassVar[tuple[str, ...]] = ("says", "positive", "equivariant")

    promises: ClassVar = {"__call__": _weights}

    @abc.abstractmethod
    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        """The weights (B, n)."""


@dataclass(frozen=True)
class Scored(Weights, abc.ABC):
    """Weights that are a map of the scores `q.K / tau` alone, with `tau = temperature sqrt(e)`.

    So temperature 1 is usual attention, at every key dimension; independent standard Gaussian q and K give it
    scores of variance 1. Nothing is drawn. Law: adding a constant to a trial's scores changes nothing, larger
    scores never get less weight, and as the temperature falls the weights go to the largest score.
    """

    equivariant: ClassVar[bool] = True
    sees_values: ClassVar[bool] = False
    temperature: Positive = 1.0

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        return self.of_scores(tempered(score_gaps(sample), self.temperature), sample.mask)

    @abc.abstractmethod
    def of_scores(self, scores: Array, mask: Mask) -> Array:
        """scores (B, n): at most 0, 0 at the largest visible one, -inf where masked -> weights (B, n)."""


def score_gaps(sample: Sample) -> Array:
    """`q.K / sqrt(e)` less the largest of the trial, (B, n): at most 0, and -inf where masked.

    Raises Declined for inputs without queries and keys.
    """
    if sample.keys.shape[2] == 0:
        raise Declined("scores need queries and keys, and these inputs have none: weights=given takes theirs")
    raw = logits(sample.queries, sample.keys) / np.sqrt(sample.keys.shape[2])
    gaps = raw - np.where(sample.mask, raw, -np.inf).max(axis=1, keepdims=True)
    return np.where(sample.mask, gaps, -np.inf)


def tempered(gaps: Array, temperature: float | Array) -> Array:
    """The gaps (B, n) over the temperature; one too wide for a float becomes -inf."""
    with np.errstate(over="ignore"):
        return np.asarray(gaps / temperature)
