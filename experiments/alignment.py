"""Alignment: knowing keys and values, when do two queries give the same output?

Values are `V = sqrt(1 - l) K M + sqrt(l) Z` with as many value as key dimensions: at l = 0 the output determines
the softmax weights at every n (a theorem), at l = 1 keys and values know nothing of each other. In between, how
often does a search find another query with the same output?
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from attnlab import metrics
from attnlab.collisions.reachable import Reachable
from attnlab.inputs.tied import Tied
from attnlab.intervals import NONNEGATIVE, UNIT
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.verdicts import Claim, Verdict, holds, stated
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
    return stated(
        table,
        CLAIMS,
        (
            "A search that finds nothing proves nothing: its rates are lower bounds, except where a theorem says "
            "zero.",
            "Every pair that counts agrees in 40 digits and has an exact solution next to it (Kantorovich); "
            "pairs too ill-conditioned for that are not counted.",
            "The observer knows the keys and the values exactly.",
        ),
    )


def _never(rows: pd.DataFrame) -> str:
    return "never, by theorem" if holds(rows, "inputs:tied_keys") else ""


CLAIMS = (
    Claim(
        metric="collides",
        says="A second query with the same keys, values and output is found",
        over="inputs.noise",
        theorem=_never,
        beside={"starts": "each searched from {} queries"},
        figure="noise",
        question="Q3",
        counts="another query with the same output is found",
        way="lost",
    ),
    Claim(
        metric="argmax_flip",
        says="That query has another most-attended position",
        over="inputs.noise",
        theorem=_never,
        figure="flips",
    ),
    Claim(
        metric="collides",
        says="By dimension, where keys and values have least in common, a second query is found",
        over="inputs.d",
        figure="noise",
    ),
)
