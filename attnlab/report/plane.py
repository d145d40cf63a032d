"""The picture that opens the index: two patterns over the same words, one output, in the plane.

The values, keys and query are given; both patterns are computed, and the second is a collision with its
certificate. The page's own script (templates/plane.js) puts it under the reader's hand; without it the picture
stands still.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

import numpy as np

from attnlab.attention import logits, softmax_weights
from attnlab.collisions.null_step import NullStep
from attnlab.shapes import Array, Sample

WORDS = ("I", "love", "fresh", "sushi", "with", "my", "friends")
SHOWN = 4
"""Words at first; with four words in the plane the patterns with one output are a line, and `other` its end."""
TAU = 1.0
QUERY = (0.6, 1.1)
VALUES = ((-1.9, -0.5), (-0.7, 1.8), (1.7, 1.1), (0.9, -1.5), (-1.5, 1.0), (0.2, 2.1), (2.1, -0.4))
KEYS = ((0.9, 0.2), (-0.4, 1.0), (0.7, 0.9), (1.1, -0.6), (-1.0, 0.5), (0.1, -1.2), (-0.8, -0.7))
SIZE, REACH = 400, 2.6
"""Pixels of the drawing, and how far the plane reaches from the middle: the script has the same."""


@dataclass(frozen=True)
class Plane:
    """weights, other (n,): the two patterns; values (n, 2); gap: how far apart their outputs are, relatively."""

    values: Array
    weights: Array
    other: Array
    gap: float

    @property
    def output(self) -> Array:
        """(2,): the one output."""
        return np.asarray(self.weights @ self.values)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the positions."""
        return WORDS[: len(self.weights)]

    @property
    def apart(self) -> float:
        """The total variation between the patterns."""
        return float(0.5 * np.abs(self.weights - self.other).sum())


@functools.cache
def plane() -> Plane:
    """The picture's two patterns: the softmax weights of the query, and the end of its line of equal outputs."""
    values, keys = (np.array(rows)[None, :SHOWN] for rows in (VALUES, KEYS))
    sample = Sample(np.array([QUERY]), keys, values)
    weights = softmax_weights(logits(sample.queries, sample.keys, TAU), sample.mask)
    found = NullStep()(weights, sample, np.random.default_rng(0))
    return Plane(values[0], weights[0], found.patterns[0, 1], float(found.gap[0]))


def given() -> str:
    """What the script starts from, as JSON."""
    facts = {"words": WORDS, "values": VALUES, "keys": KEYS, "query": QUERY, "tau": TAU, "n": SHOWN}
    return json.dumps(facts)


def facts() -> dict[str, object]:
    """What the template draws: positions in pixels, the two chains, and the rows of the table."""
    found = plane()
    patterns = (("first", found.weights), ("second", found.other))
    return {
        "size": SIZE,
        "given": given(),
        "words": found.words,
        "points": [(word, *_pixel(value)) for word, value in zip(found.words, found.values, strict=True)],
        "rows": list(zip(found.words, found.weights, found.other, strict=True)),
        "chains": [(kind, _chain(weights, found.values)) for kind, weights in patterns],
        "output": _pixel(found.output),
        "apart": found.apart,
        "gap": found.gap,
    }


def _pixel(point: Array) -> tuple[float, float]:
    x, y = point
    return SIZE / 2 * (1 + x / REACH), SIZE / 2 * (1 - y / REACH)


def _chain(weights: Array, values: Array) -> list[tuple[float, float, float, float]]:
    """The arrows `a_1 v_1 + a_2 v_2 + ...`, one after the other, in pixels: x1, y1, x2, y2."""
    ends = np.concatenate([np.zeros((1, 2)), np.cumsum(weights[:, None] * values, axis=0)])
    arrows = zip(ends[:-1], ends[1:], weights, strict=True)
    return [(*_pixel(start), *_pixel(end)) for start, end, weight in arrows if weight > 1e-3]
