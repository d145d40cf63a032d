"""Fibre: how far can the weights move while the output stays the same?

All weights on the simplex with the output of a form its fibre. Softmax weights attend to every position, so for
n > d + 1 the fibre is never a point (unless they underflow); what counts is its width: the interval of every
weight over it, whether the largest weight is the largest throughout (certified), and whether it could be zero.
Against n/d, the temperature and the mass outside the floor((d+1)/2) largest weights; and softmax against sparsemax
and entmax at one entropy.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from attnlab import metrics
from attnlab.identifiability import fibre_intervals, top_certified
from attnlab.identifiability.both import only_ones
from attnlab.inputs.base import Inputs
from attnlab.intervals import BITS, SHARE, UNIT
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, VISIBLE, Row
from attnlab.tidy import FEW_VISIBLE
from attnlab.verdicts import Claim, Verdict, beyond, determined, each, rows, stated
from attnlab.weights.base import Weights

VERSION = 4
MEASURES = {
    **dict.fromkeys(("certified_thin", "certified_middling", "certified_thick"), SHARE.sometimes),
    **dict.fromkeys(("width", "top_width", "top_weight", "tail_mass"), UNIT),
    "entropy_bits": BITS,
    **dict.fromkeys((FEW_VISIBLE, "certified", "could_vanish", "unique"), SHARE),
}
ZERO = 1e-9
THIN, THICK = 0.1, 0.3
TAILS = {"thin": f"below {THIN:g}", "middling": f"from {THIN:g} to {THICK:g}", "thick": f"above {THICK:g}"}
"""Bounds between a thin, a middling and a thick tail: mass outside the floor((d+1)/2) largest weights."""


def trial(inputs: Inputs, weights: Weights, trials: Count, rng: Streams) -> Row:
    """Exact intervals of every weight over the fibre of each trial's output.

    `certified_thin`, `_middling`, `_thick`: the same share among trials whose tail is such.
    """
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    bounds = fibre_intervals(a, sample.values, sample.mask, precision=sample.precision)
    certified = top_certified(a, sample.values, sample.mask, precision=sample.precision).certified
    width = bounds[..., 1] - bounds[..., 0]
    top = a.argmax(axis=1)[:, None]
    tail = metrics.tail_mass(a, (inputs.d + 1) // 2)
    tails = {"thin": tail < THIN, "middling": (tail >= THIN) & (tail < THICK), "thick": tail >= THICK}
    return {
        GROUP: sample.draw,
        VISIBLE: sample.mask.sum(axis=1),
        FEW_VISIBLE: metrics.few_visible(sample.mask, sample.d),
        "certified": certified,
        "could_vanish": np.take_along_axis(bounds[..., 0], top, axis=1)[:, 0] <= ZERO,
        "unique": only_ones(a, sample.values, sample.mask, precision=sample.precision)[1],
        "width": width.sum(axis=1) / sample.mask.sum(axis=1),
        "top_width": np.take_along_axis(width, top, axis=1)[:, 0],
        "top_weight": a.max(axis=1),
        "tail_mass": tail,
        "entropy_bits": metrics.entropy_bits(a),
        **{f"certified_{name}": np.where(those, certified, np.nan) for name, those in tails.items()},
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """What stays certain beyond d + 1 positions, by temperature, by tail, and by attention map."""
    return stated(
        table,
        CLAIMS,
        (
            "The intervals are over all weights on the simplex; an observer who also knows the keys, and how the "
            "weights come from them, may know more.",
            "The values are known exactly; a rounded output has a wider fibre.",
        ),
    )


def _of_one_entropy(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which different attention maps are compared at one entropy."""
    return table[table["weights.effective"].notna()] if "weights.effective" in table else table.iloc[:0]


def _few(table: pd.DataFrame) -> pd.DataFrame:
    return beyond(table, few=True)


def _free(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which the output does not determine the weights in every trial."""
    unique = rows(table, "unique")
    return table[table["key"].isin(unique.loc[unique["value"] < 1, "key"])] if "key" in table else table


def _no_freedom(level: pd.DataFrame) -> str:
    why = determined(level)
    return f"always, by theorem: {why}" if why else ""


CERTAIN = "With the values known, the most-attended position is certain"
CLAIMS = (
    Claim(
        metric="certified",
        says=CERTAIN,
        over="weights.temperature",
        only=beyond,
        spread=True,
        figure="certified",
        question="Q2",
        counts="all weights on the simplex with that output have the same top position",
    ),
    Claim(
        metric="could_vanish",
        says="The most-attended position might have had no weight at all",
        over="weights.temperature",
        only=beyond,
        figure="vanish",
    ),
    Claim(
        metric="top_width",
        says="With the values known, the largest weight lies in an interval of mean width",
        form="{}",
        unit="plain",
        over="weights.temperature",
        only=beyond,
        figure="width",
    ),
    Claim(
        metric="certified",
        says="At one entropy, the most-attended position is certain",
        over="weights:says",
        only=each(beyond, _of_one_entropy),
        least=("weights.effective",),
        beside={"unique": "all weights certain in {}"},
        figure="maps",
    ),
    Claim(
        metric="unique",
        says="With no more than d + 1 positions, all weights are certain",
        over="inputs.n",
        only=_few,
        theorem=_no_freedom,
        question="Q2",
        counts="no other weights on the simplex give the output",
    ),
    Claim(
        metric="certified",
        says=CERTAIN,
        over="inputs.n",
        compares=True,
        only=beyond,
        least=("weights.temperature",),
        figure="certified",
        question="Q2",
        counts="all weights on the simplex with that output have the same top position",
    ),
    Claim(
        metric="certified",
        says="With no more than d + 1 positions, the most-attended position is certain",
        over="inputs.n",
        only=each(_few, _free),
        figure="certified",
    ),
    *(
        Claim(
            metric=f"certified_{name}",
            says=f"With a mass {words} outside the (d + 1) / 2 largest weights, the most-attended "
            "position is certain",
            only=beyond,
            figure="tail",
        )
        for name, words in TAILS.items()
    ),
)
