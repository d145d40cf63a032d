"""Two different sequences, each attending almost only to one word, at different places, with one output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from attnlab.attention import softmax_weights
from attnlab.collisions.base import Construction, apart, decline_unless, only_where
from attnlab.parts import Between
from attnlab.shapes import Array, Collision, Mask, Sample


@dataclass(frozen=True)
class Transplant(Construction):
    """The asker's two scenarios in two sequences: `peak` of the weight on word s here, on word t there.

    The first sequence is the given one, its query turned up until softmax puts `peak` on its best word s. The
    second has the keys of s and t exchanged, so the same query puts the same weight on t, and values of its own:
    Gaussian with the mean and covariance of the first ones, except v_t, which makes the outputs equal. With a
    peak near 1 the word at t there must be near the word at s here: `reached` is their distance, relative to
    the root mean square distance of two words of the first sequence (NaN where these are all the same).

    Declines if no key stands out, that is if the query has its largest product with two keys or more.
    """

    says: ClassVar[str] = "two sequences that attend to different words"

    peak: Annotated[float, Between(0.5, 0.999999)] = 0.99

    @property
    def uses(self) -> tuple[str, ...]:
        return ("keys", "queries")

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n), unused -> pairs of softmax patterns, each with its own keys and values."""
        decline_unless(sample.mask.sum(axis=1) >= 2, "a single visible position: nowhere else to look")
        scores = np.matmul(sample.keys, sample.queries[..., None])[..., 0]
        s, lead = _best(scores, sample.mask)
        found = (lead > 1e-12) & (sample.mask.sum(axis=1) >= 2)
        decline_unless(found, "the best key does not stand out: another has the same product with the query")
        queries = sample.queries * _turned_up(scores, sample.mask, found, self.peak)[:, None]
        every = np.arange(sample.trials)
        t = _other(s, sample.mask, rng)
        keys = np.stack([sample.keys, sample.keys], axis=1)
        keys[every, 1, s], keys[every, 1, t] = sample.keys[every, t], sample.keys[every, s]
        logits = np.matmul(keys, queries[:, None, :, None])[..., 0]
        patterns = softmax_weights(logits, np.broadcast_to(sample.mask[:, None], logits.shape))
        found &= apart(patterns)
        values = np.stack([sample.values, _resampled(sample, rng)], axis=1)
        values[every, 1, t] = 0.0
        outputs = np.matmul(patterns[:, :, None], values)[:, :, 0]
        share = np.where(found, patterns[every, 1, t], 1.0)[:, None]
        values[every, 1, t] = (outputs[:, 0] - outputs[:, 1]) / share
        return Collision(
            only_where(found, patterns),
            values,
            "softmax",
            found,
            queries=np.stack([queries, queries], axis=1),
            keys=keys,
            tolerance=1e-12,
            reached=_distance(values[every, 1, t] - sample.values[every, s], sample),
        )


def _best(scores: Array, mask: Mask) -> tuple[np.ndarray, Array]:
    """The position of the largest score (B,), and by how much it leads the next (B,), relative to their size."""
    shown = np.where(mask, scores, -np.inf)
    s = shown.argmax(axis=1)
    best = np.take_along_axis(shown, s[:, None], axis=1)[:, 0]
    np.put_along_axis(shown, s[:, None], -np.inf, axis=1)
    size = np.abs(np.where(mask, scores, 0.0)).max(axis=1)
    return s, (best - shown.max(axis=1)) / np.where(size > 0, size, 1.0)


def _turned_up(scores: Array, mask: Mask, found: Mask, peak: float) -> Array:
    """(B,): the factor on the query at which the largest weight is `peak`, by bisection; it grows with it."""
    shown = np.where(mask, scores - np.where(mask, scores, -np.inf).max(axis=1, keepdims=True), -np.inf)
    second = np.where(shown < 0, shown, -np.inf).max(axis=1)
    usable = found & np.isfinite(second)
    low = np.zeros(len(scores))
    # All other weights together are at most n exp(factor * second): this factor is enough.
    high = np.where(
        usable, np.log(scores.shape[1] * peak / (1 - peak) + 1) / -np.where(usable, second, -1.0), 1.0
    )
    for _ in range(60):
        middle = (low + high) / 2
        top = softmax_weights(np.where(mask, middle[:, None] * np.where(mask, shown, 0.0), 0.0), mask).max(
            axis=1
        )
        low, high = np.where(top < peak, middle, low), np.where(top < peak, high, middle)
    return high


def _other(s: np.ndarray, mask: Mask, rng: np.random.Generator) -> np.ndarray:
    """(B,): a random visible position other than s (any, where there is none)."""
    draws = np.where(mask, rng.random(mask.shape), 2.0)
    np.put_along_axis(draws, s[:, None], 3.0, axis=1)
    return np.asarray(draws.argmin(axis=1))


def _resampled(sample: Sample, rng: np.random.Generator) -> Array:
    """(B, n, d): Gaussian values with the mean and covariance of the visible ones.

    `g^T (V - mean) / sqrt(count)` with g standard normal has exactly that covariance.
    """
    count = sample.mask.sum(axis=1)[:, None, None]
    seen = sample.mask[..., None]
    mean = np.where(seen, sample.values, 0.0).sum(axis=1, keepdims=True) / count
    centred = np.where(seen, sample.values - mean, 0.0)
    g = rng.standard_normal((sample.trials, sample.n, sample.n))
    return np.asarray(mean + np.matmul(g, centred) / np.sqrt(count))


def _distance(difference: Array, sample: Sample) -> Array:
    """(B,): its length relative to the root mean square distance of two different visible values."""
    count = sample.mask.sum(axis=1)
    seen = sample.mask[..., None]
    mean = np.where(seen, sample.values, 0.0).sum(axis=1, keepdims=True) / count[:, None, None]
    centred = np.where(seen, sample.values - mean, 0.0)
    largest = np.abs(centred).max(axis=(1, 2), initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)[:, None]  # so that no square overflows or underflows
    square = ((centred / unit[..., None]) ** 2).sum(axis=(1, 2))
    typical = np.where(largest > 0, np.sqrt(2 * square / np.maximum(count - 1, 1)), np.nan)
    return np.asarray(np.linalg.norm(difference / unit, axis=1) / typical)
