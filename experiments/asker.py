"""Asker: can nearly all weight on word t, or on another word, give exactly the same output?

For a pair of positions c* is the largest c such that one pattern puts c on the first, another puts c on the
second, and the outputs are equal. Half and half is always possible and no collision, so the scenario is possible
at all where c* > 1/2, and extreme where c* is near 1. For independent Gaussian values and random pairs the chance
that it is possible is known exactly, and stands beside what is measured of these.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attnlab.collisions.extreme import Extreme, positions
from attnlab.identifiability import softmax_scenario
from attnlab.inputs.base import Inputs
from attnlab.intervals import ANY, SHARE, UNIT, Measure
from attnlab.metrics import by_visible
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row, Sample
from attnlab.theory.antipodal import collision_probability
from attnlab.verdicts import Claim, Remark, Verdict, agreement, rather, rows, stated

VERSION = 3
MEASURES = {
    "largest_c": Measure(0.5, 1.0),
    **dict.fromkeys(("possible", "solved", "c_60", "c_80", "c_95"), SHARE),
    "exact": ANY.sometimes,
    **dict.fromkeys(("softmax_c", "softmax_bound"), UNIT.sometimes),
    **dict.fromkeys(("apart_kept", "apart_lost"), SHARE.sometimes),
}
LEVELS = (0.6, 0.8, 0.95)


def trial(
    inputs: Inputs, collision: Extreme, queries: Count, sizes: Count, trials: Count, rng: Streams
) -> Row:
    """One pair of positions per trial: the largest c, and whether it passes each level.

    `exact` is the law for `possible`, where it holds. Linear programmes that did not close their certificate
    count as unsolved; `largest_c` is NaN there. Where n d is at most `sizes`, the first `queries` trials are also
    asked of two softmaxes over the keys: the largest c lies between `softmax_c`, of two confirmed queries, and
    `softmax_bound`; apart_kept: it is certainly no more than 1/2, apart_lost: certainly more.
    """
    sample = inputs(trials, rng("inputs"))
    uniform = sample.mask / sample.mask.sum(axis=1, keepdims=True)
    pair = collision(uniform, sample, rng("collision"))
    assert pair.reached is not None, "extreme reaches a c in every trial"
    c = pair.reached
    lawful = inputs.generic_values and collision.pairs != "closest"
    exact = by_visible(lambda m: collision_probability(m, inputs.d) if lawful else np.nan, sample.mask)
    # A level is reached up to the rounding of the linear programme.
    passed = {f"c_{round(100 * level)}": c >= level - 1e-9 for level in LEVELS}
    return {
        GROUP: sample.draw,
        "possible": pair.found,
        "exact": exact,
        **passed,
        "largest_c": c,
        "solved": np.isfinite(c),
        **_asked_of_queries(
            sample, collision, queries if sample.e and inputs.n * inputs.d <= sizes else 0, rng
        ),
    }


def _asked_of_queries(sample: Sample, collision: Extreme, queries: int, rng: Streams) -> Row:
    """The scenario under the softmax in the first trials, NaN in the others."""
    found, bound = np.full((2, sample.trials), np.nan)
    first, second = positions(collision.pairs, sample.mask.astype(np.float64), sample, rng("collision"))
    at = np.flatnonzero(first != second)[:queries]
    if at.size:
        scenario = softmax_scenario(
            first[at], second[at], sample.values[at], sample.keys[at], sample.mask[at]
        )
        found[at], bound[at] = scenario.found, scenario.bound
    asked = np.isfinite(bound)
    return {
        "softmax_c": found,
        "softmax_bound": bound,
        "apart_kept": np.where(asked, bound <= 0.5 + 1e-9, np.nan),
        "apart_lost": np.where(asked, found > 0.5, np.nan),
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """Where the scenario is possible, against the exact law, and how extreme it gets."""
    return stated(
        table.assign(**{"collision:unsaid": True}),  # the sentences say what it looks for
        CLAIMS,
        (
            "The two patterns are any weights on the simplex, except where queries over the same keys are named.",
            "Shares are over trials of the inputs named beside them; other values have other shares.",
        ),
    )


def _lawful(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which the exact law holds."""
    return table[table["key"].isin(rows(table, "exact")["key"])] if "key" in table else table.iloc[:0]


EXTREME = "Each of two words can have 95 % of the weight at one and the same output"
POSSIBLE = "Each of two words can have more than half of the weight at one and the same output"
COUNTS = {
    "c_95": "two words can each have 95 % of the weight and one output",
    "possible": "two words can each have more than half the weight and one output",
}
ANY_WEIGHTS: dict[str, Any] = {"but": ("inputs.e",)}
"""Where any weights may be put on the words, the keys make no difference."""
ANSWERED: dict[str, Any] = {"question": "Q2", "way": "lost", "spread": True, **ANY_WEIGHTS}
CLAIMS = (
    Claim(
        metric="possible",
        says=POSSIBLE,
        over="inputs.d",
        only=rather(_lawful),
        beside={"exact": "exact law {}"},
        figure="possible",
        counts=COUNTS["possible"],
        **ANSWERED,
    ),
    Claim(
        metric="c_95", says=EXTREME, only=rather(_lawful), figure="extreme", counts=COUNTS["c_95"], **ANSWERED
    ),
    Claim(
        metric="apart",
        says="No output of two queries over the same keys (Q3) allows either of two words over half the weight,",
        over="inputs.d",
        only=rather(_lawful),
        beside={"softmax_c": "largest weight on both: {!s} found", "softmax_bound": "at most {!s}"},
        figure="softmax",
        question="Q3",
        counts="no output of two queries over the same keys allows either of two words over half the weight",
    ),
    Claim(
        metric="c_95",
        says=EXTREME,
        over="collision.pairs",
        compares=True,
        at="for {} pairs",
        figure="closest",
        **ANY_WEIGHTS,
    ),
    Claim(metric="c_95", says=EXTREME, over="inputs", compares=True, figure="extreme", **ANY_WEIGHTS),
    Claim(metric="possible", says=POSSIBLE, over="inputs", compares=True, figure="extreme", **ANY_WEIGHTS),
    Remark(lambda table: agreement(table, "possible", "exact"), "possible"),
)
