"""Alignment: knowing keys and values, when do two queries give the same output?

Values are `V = sqrt(1 - l) K M + sqrt(l) Z` with as many value as key dimensions: at l = 0 the output determines
the softmax weights at every n (a theorem), at l = 1 keys and values know nothing of each other. In between, how
often does a search find another query with the same output?
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attnlab import metrics
from attnlab.collisions.reachable import Reachable
from attnlab.inputs.tied import Tied
from attnlab.intervals import NONNEGATIVE, UNIT
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.verdicts import Answer, Verdict, interval, rows
from attnlab.weights.base import Weights

VERSION = 2
MEASURES = {"total_variation": UNIT, "jsd_bits": UNIT, "entropy_bits": NONNEGATIVE}


def trial(inputs: Tied, weights: Weights, collision: Reachable, trials: Count, rng: Streams) -> Row:
    """One query per trial, and the farthest other query with the same output that the search found.

    Raises RuntimeError if one is found where the theorem excludes it: then something here is wrong.
    """
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    pair = collision(a, sample, rng("collision"))
    first, second = pair.patterns[:, 0], pair.patterns[:, 1]
    if inputs.noise == 0 and inputs.d >= inputs.e and pair.found.any():
        raise RuntimeError(f"V = K M, yet {int(pair.found.sum())} of {trials} queries have a twin")
    return {
        GROUP: sample.draw,
        "collides": pair.found,
        "argmax_flip": pair.found & metrics.argmax_flip(first, second),
        "total_variation": metrics.total_variation(first, second),
        "jsd_bits": metrics.jsd_bits(first, second),
        "starts": np.full(trials, float(collision.starts)),
        "entropy_bits": metrics.entropy_bits(a),
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """The rate of softmax collisions from tied to independent values."""
    return Verdict(
        sentences=tuple(_sentences(table)),
        answers=tuple(_answers(table)),
        limits=(
            "A search that finds nothing proves nothing: rates are lower bounds, except at noise 0, where a "
            "theorem says zero.",
            "Every pair that counts agrees in 40 digits and has an exact solution next to it (Kantorovich); "
            "pairs too ill-conditioned for that are not counted.",
            "Keys, values and queries are Gaussian, and the observer knows the keys and the values exactly.",
        ),
    )


def _sentences(table: pd.DataFrame) -> Iterator[str]:
    tied, free = (interval(table, "collides", {"inputs.noise": noise}) for noise in (0.0, 1.0))
    starts = interval(table, "starts")
    if tied is not None and free is not None:
        yield (
            f"Where values are a map of the keys a second query with the same output was found in {tied.percent} "
            f"of trials (a theorem says never); where keys and values are independent, in {free.percent}."
        )
    if starts is not None:
        yield f"Each trial is searched from {starts.value:g} random queries."
    for noise in sorted(rows(table, "collides").get("inputs.noise", pd.Series(dtype=float)).unique()):
        if noise in (0.0, 1.0):
            continue
        where = {"inputs.noise": noise}
        rate, flip = interval(table, "collides", where), interval(table, "argmax_flip", where)
        if rate is not None and flip is not None:
            yield (
                f"With a share of {noise:g} noise in the values a second query with the same output was found in "
                f"{rate.percent} of trials, with another top position in {flip.percent}."
            )


def _answers(table: pd.DataFrame) -> Iterator[Answer]:
    for noise, words in ((0.0, "values a map of the keys"), (1.0, "keys and values independent")):
        rate = interval(table, "collides", {"inputs.noise": noise})
        if rate is not None:
            counts = "another query with the same output was found"
            yield Answer("Q3", f"{words}, e = d, n > d + 1", counts, rate, "lost")
