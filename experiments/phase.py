"""Phase: how many positions may be attended before other weights give the same output?

k-sparse weights are the only ones on the simplex with their output iff the attended values span a face of the
hull of all values (Q2). The certificate is computed for every trial over d/n and k/d; where values are independent
and Gaussian, the exact law at finite n and the curve it tends to for large n stand beside it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from attnlab.identifiability import is_unique, unique_probability, weak_threshold
from attnlab.inputs.base import Inputs
from attnlab.intervals import ANY, NONNEGATIVE, SHARE
from attnlab.metrics import by_visible
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.verdicts import Claim, Remark, Verdict, agreement, each, rather, rows, stated
from attnlab.weights.uniform_support import UniformSupport

VERSION = 2
MEASURES = {
    "margin": NONNEGATIVE.sometimes,
    **dict.fromkeys(("unique", "undecided"), SHARE),
    **dict.fromkeys(("exact", "threshold"), ANY.sometimes),
}


def trial(inputs: Inputs, weights: UniformSupport, trials: Count, rng: Streams) -> Row:
    """Certify each trial's support; `exact` and `threshold` (a height k/d) where the Gaussian law holds."""
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    found = is_unique(a, sample.values, sample.mask, precision=sample.precision)
    lawful = inputs.generic_values

    def exact(visible: int) -> float:
        return unique_probability(visible, inputs.d, weights.support) if lawful else np.nan

    def threshold(visible: int) -> float:
        return weak_threshold(min(1.0, inputs.d / visible)) if lawful else np.nan

    return {
        GROUP: sample.draw,
        "unique": found.unique,
        "undecided": found.undecided,
        "margin": np.where(found.unique, found.margin, np.nan),
        "exact": by_visible(exact, sample.mask),
        "threshold": by_visible(threshold, sample.mask),
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """How sparse is sparse enough, against the exact law and for other kinds of values."""
    return stated(
        table,
        CLAIMS,
        (
            "Q2 asks about all nonnegative weights that sum to 1; softmax weights attend to every position, so "
            "beyond d + 1 positions they are never formally unique: ask for the widths of their intervals.",
            "The exact law and the curve are drawn only where they hold.",
            "Not unique among all weights does not mean lost to an observer who knows k.",
        ),
    )


def _lawful(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which the exact law holds."""
    return table[table["key"].isin(rows(table, "exact")["key"])] if "key" in table else table.iloc[:0]


def _quarter(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of the largest n, at the d that is nearest to a quarter of it."""
    measured = rows(table, "unique")
    if not {"inputs.n", "inputs.d"} <= set(table.columns) or not len(measured):
        return table.iloc[:0]
    n = measured["inputs.n"].max()
    d = min(measured.loc[measured["inputs.n"] == n, "inputs.d"], key=lambda d: (abs(d - n / 4), d))
    return table[(table["inputs.n"] == n) & (table["inputs.d"] == d)]


def _apart(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of the n, d and support at which the kinds of values differ most."""
    place = ["inputs.n", "inputs.d", "weights.support"]
    measured = rows(table, "unique")
    if not {"inputs", *place} <= set(table.columns) or not len(measured):
        return table.iloc[:0]
    kinds = measured.groupby(place)["inputs"].transform("nunique")
    most = measured[kinds == kinds.max()]
    spread = most.groupby(place)["value"].transform(lambda values: values.max() - values.min())
    best = most.iloc[spread.to_numpy().argmax()]
    return measured[(measured[place] == best[place]).all(axis=1)]


def _least_decided(table: pd.DataFrame) -> pd.DataFrame:
    """The cell in which the certificate was too close to call most often, if it ever was."""
    found = rows(table, "undecided")
    found = found[found["value"] > 0]
    return found.iloc[[int(found["value"].to_numpy().argmax())]] if len(found) else found


ONLY = "The weights are the only ones on the simplex with their output"
LAW = {"exact": "exact law {}"}
CLAIMS = (
    Claim(
        metric="unique",
        says=ONLY,
        over="weights.support",
        at="on {} of the positions",
        only=each(rather(_lawful), _quarter),
        beside=LAW,
        figure="gaussian",
        question="Q2",
        counts="no other weights on the simplex give the output",
    ),
    Claim(
        metric="unique",
        says="Where kinds of values differ most, the weights are the only ones with their output",
        over="inputs",
        compares=True,
        only=_apart,
        beside=LAW,
        figure="others",
    ),
    Remark(lambda table: agreement(table, "unique", "exact"), "gaussian"),
    Claim(
        metric="undecided",
        says="The certificate was too close to call, where it was so most often (these count as not unique),",
        only=_least_decided,
    ),
)
