"""Recovery: knowing the values, how much of the weights does the attention output give back?

Observers that know V (one of them K as well) and learn nothing read o and name the weights. How near they come
depends on n against d, on how sharp the weights are, and on what the observer assumes about them.
"""

from __future__ import annotations

import pandas as pd

from attnlab import metrics
from attnlab.attention import output
from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.decoders.base import estimate as explaining
from attnlab.identifiability import softmax_rivals
from attnlab.inputs.base import Inputs
from attnlab.intervals import BITS, DISTANCE, NONNEGATIVE, SHARE, UNIT
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, VISIBLE, Row
from attnlab.tidy import FEW_VISIBLE, FULL_SUPPORT
from attnlab.verdicts import (
    Claim,
    Verdict,
    best,
    beyond,
    each,
    have_rivals,
    having,
    lacking,
    no_other_query,
    of_queries,
    rather,
    stated,
)
from attnlab.weights.base import Weights

VERSION = 9
MEASURES = {
    **dict.fromkeys(("support_recall", "support_chance"), UNIT.sometimes),
    **dict.fromkeys(("chance", "jsd_bits"), UNIT),
    **dict.fromkeys(("negative_mass", "residual"), NONNEGATIVE),
    "entropy_bits": BITS,
    "total_variation": DISTANCE,
    **dict.fromkeys((FEW_VISIBLE, FULL_SUPPORT, "exact", "rival", "top1", "converged"), SHARE),
}
EXACT, RIVAL = 1e-6, 1e-3
"""Weights within the first total variation of the true ones count as given back; weights beyond the second that
have the sum itself to 1e-9, whatever arrived of it, are a rival, if the decoder says that they are what it assumes
(`converged`): they show that the observer's assumptions do not determine the weights."""
EXPLAINED = 1e-9


def trial(
    inputs: Inputs, weights: Weights, channel: Channel, decoder: Decoder, trials: Count, rng: Streams
) -> Row:
    """One output per trial, decoded from what arrives of it and compared with the weights that made it.

    Where the decoder assumes softmax weights, the Q3 bracket (`softmax_rivals`) stands beside what it finds: its
    one search certifies nothing.
    """
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    o = channel(a, sample, rng("channel"))
    estimate = decoder(o, sample)
    distance = metrics.total_variation(a, estimate.weights)
    missed = explaining(estimate.weights, output(a, sample.values), sample).residual
    asked = (
        decoder.assumes == "softmax" and sample.e > 0
    )  # the observer whom Q3 is about: it is over the keys
    q3 = (
        softmax_rivals(
            a, sample.values, sample.keys, sample.mask, density=inputs.density and not weights.sees_values
        ).metrics
        if asked
        else {}
    )
    return {
        GROUP: sample.draw,
        VISIBLE: sample.mask.sum(axis=1),
        FEW_VISIBLE: metrics.few_visible(sample.mask, sample.d),
        FULL_SUPPORT: metrics.full_support(a, sample.mask),
        "exact": distance <= EXACT,
        "rival": (distance >= RIVAL) & (missed <= EXPLAINED) & estimate.converged,
        "top1": metrics.top1(a, estimate.weights),
        "chance": metrics.top1_chance(a, sample.mask),
        "support_recall": metrics.support_recall(a, estimate.weights, sample.mask),
        "support_chance": metrics.support_chance(a, sample.mask),
        "total_variation": distance,
        "jsd_bits": metrics.jsd_bits(a, estimate.weights),
        "negative_mass": metrics.negative_mass(estimate.weights),
        "residual": estimate.residual,
        "converged": estimate.converged,
        "entropy_bits": metrics.entropy_bits(a),
        **q3,
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """What each observer gets back, below and above the affine threshold."""
    return stated(
        table,
        CLAIMS,
        (
            "Other weights with the same output show a loss; the true weights found do not show that they are "
            "the only ones: the rates of loss are lower bounds, and certificates are another matter.",
            "An observer who knows the keys starts one search, blindly: what it misses may still be determined.",
        ),
    )


def _few(table: pd.DataFrame) -> pd.DataFrame:
    return beyond(table, few=True)


def _never_alone(rows: pd.DataFrame) -> str:
    """The theorem that weights on every position have rivals on the simplex beyond d + 1 positions."""
    why = have_rivals(rows)
    return f"always, by theorem: {why}" if why else ""


def _intact(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which the observer gets the sum itself."""
    return having("channel:lossless")(table) if "channel" in table else table


def _chosen(table: pd.DataFrame) -> pd.DataFrame:
    """The cells whose weights are on a set number of positions."""
    return table[table["weights.support"].notna()] if "weights.support" in table else table.iloc[:0]


VALUES = having("decoder:knows", "the output and V")
KEYS = lacking("decoder:knows", "the output and V")
CLAIMS = (
    Claim(
        metric="top1",
        says="With the values known, the most-attended position is named by {decoder}",
        over="weights.temperature",
        compares=True,
        only=each(beyond, rather(VALUES), best("top1", "decoder")),
        beside={"chance": "chance {}"},
        figure="temperature",
    ),
    Claim(
        metric="top1",
        says="With more than d + 1 positions, someone who knows the values names the most-attended position",
        over="decoder",
        only=each(beyond, rather(VALUES), rather(having("weights:positive"))),
        least=("weights.temperature",),
        beside={"chance": "chance {}"},
        figure="temperature",
    ),
    Claim(
        metric="exact",
        says="With no more than d + 1 positions, someone who knows the values gets the weights back",
        over="decoder",
        only=_few,
    ),
    Claim(
        metric="rival",
        says="With more than d + 1 positions, other weights with the same output are found",
        over="weights",
        only=each(beyond, _intact, VALUES, having("decoder:assumes", "softmax")),
        theorem=_never_alone,
        question="Q2",
        counts="other weights on the simplex have that output",
        way="lost",
    ),
    Claim(
        metric="exact",
        says="Someone who also knows the keys ({decoder}) gets the weights back",
        over="inputs",
        only=each(rather(beyond), KEYS, rather(of_queries)),  # what such an observer assumes, if it is there
        beside={"rival": "other {decoder:assumes} weights with the same output in {}"},
    ),
    Claim(
        metric="support_recall",
        says="The share of the attended positions that is found by {decoder} is",
        form="{}",
        over="weights.support",
        only=each(beyond, _chosen, best("support_recall", "decoder")),
        beside={"support_chance": "chance {}"},
        figure="support",
    ),
    *no_other_query(rather(beyond), KEYS, over="inputs"),
)
