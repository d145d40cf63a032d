"""Heads: what is left of the weights of several heads once their outputs are put together?

The heads of a layer look at the same positions with matrices of their own; their outputs stand side by side, go
through W_O, or are summed. Together they are one attention problem of h n positions (`attnlab.joined`), so that
what is asked of one sum is asked of all of them: are the weights of all heads the only ones with what arrives,
does it tell what each head contributed, and what does someone get back who knows the values and W_O? For
independent Gaussian values the chance that sparse weights are the only ones is known exactly, for outputs side by
side and for their sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attnlab import metrics
from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.identifiability import fibre_intervals, top_certified
from attnlab.identifiability.both import only_ones
from attnlab.identifiability.contributions import contributions
from attnlab.inputs.base import Inputs
from attnlab.intervals import DISTANCE, SHARE, UNIT
from attnlab.joined import Joined
from attnlab.mixings.base import Mixing
from attnlab.parts import Count, Declined
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Array, Row
from attnlab.theory.summed import summed_probability
from attnlab.tidy import FEW_VISIBLE, FULL_SUPPORT
from attnlab.verdicts import (
    Claim,
    Remark,
    Verdict,
    agreement,
    best,
    beyond,
    each,
    everywhere,
    not_everywhere,
    rather,
    rows,
    stated,
)
from attnlab.weights.base import Weights

VERSION = 4
GIVEN_BACK = 1e-6
"""The total variation up to which the weights of a head count as given back."""
MEASURES = {
    **dict.fromkeys((FEW_VISIBLE, FULL_SUPPORT, "q1", "q2", "recovered"), SHARE),
    **dict.fromkeys(("blind_contributions", "contributions_kept", "contributions_lost"), SHARE),
    "q1_exact": SHARE.sometimes,
    "exact": UNIT.sometimes,
    **dict.fromkeys(("top_certain", "top_width", "top1", "chance", "converged"), UNIT),
    "total_variation": DISTANCE,
}


def trial(
    inputs: Inputs,
    weights: Weights,
    mixing: Mixing,
    channel: Channel,
    decoder: Decoder,
    heads: Count,
    trials: Count,
    rng: Streams,
) -> Row:
    """One layer of `heads` heads per trial, what arrives of it, and what that determines.

    Of all heads at once: q1, q2, and whether their weights are recovered to 1e-6; q1_exact: `h (n - 1) <= r` for r
    dimensions that arrive, and exact: the law of q2, where they hold. Means over the heads: whether the top
    position is certain, the width of its weight's interval, and how a decoder does. blind_contributions and
    contributions_*: of `attnlab.identifiability.contributions`. Declines a decoder that looks for one position,
    where there are several heads.
    """
    if heads > 1 and decoder.assumes == "one-hot":
        raise Declined(f"it looks for one position, and {heads} heads attend to one each")
    source, draws = rng("inputs"), rng("weights")
    samples = inputs.multihead(heads, trials, source)
    a = np.stack([weights(sample, draws) for sample in samples], axis=1)
    layer = Joined(samples, mixing.mixture(heads, samples[0].d, trials, rng("mixing")))
    problem, b = layer.problem, layer.together(a)
    linear, simplex = only_ones(b, problem.values, problem.mask, precision=problem.precision)
    few = metrics.few_visible(problem.mask, problem.d)
    told = contributions(a, layer)
    sent = layer.contributions(a).sum(axis=1)
    arrived = layer.arrived(channel.carry(sent, problem, rng("channel")))
    estimate = decoder(arrived, problem)
    found = layer.apart(estimate.weights)
    distance = metrics.total_variation(a, found)
    mask = samples[0].mask[:, None]
    return {
        GROUP: samples[0].draw,
        FEW_VISIBLE: few,
        FULL_SUPPORT: metrics.full_support(a, mask).all(axis=1),
        "q1": linear,
        "q1_exact": np.where(inputs.density, few, np.nan),
        "q2": simplex,
        "exact": _law(a, layer)
        if inputs.generic_values and not weights.sees_values
        else np.full(trials, np.nan),
        "top_certain": _top_certain(a, layer).mean(axis=1),
        "top_width": _top_width(a, layer).mean(axis=1),
        "blind_contributions": told.blind,
        "contributions_kept": told.kept,
        "contributions_lost": told.lost,
        "recovered": (distance <= GIVEN_BACK).all(axis=1),
        "total_variation": distance.mean(axis=1),
        "top1": metrics.top1(a, found).mean(axis=1),
        "chance": metrics.top1_chance(a, mask).mean(axis=1),
        "converged": estimate.converged.astype(float),
    }


def _top_certain(weights: Array, layer: Joined) -> Array:
    """(B, h): whether the top position of a head is the same in all weights on the simplex with what arrives."""
    certain = np.zeros(weights.shape[:2])
    for head in range(weights.shape[1]):
        problem, shares = layer.seen_from(head)
        b = layer.together(weights, shares)
        certain[:, head] = top_certified(
            b, problem.values, problem.mask, precision=problem.precision
        ).certified
    return certain


def _top_width(weights: Array, layer: Joined) -> Array:
    """(B, h): by how much the largest weight of a head varies over all weights with what arrives."""
    problem, (_, h, n) = layer.problem, weights.shape
    bounds = fibre_intervals(
        layer.together(weights),
        problem.values,
        problem.mask,
        positions=weights.argmax(axis=2) + n * np.arange(h),
        precision=problem.precision,
    )
    return np.clip(h * (bounds[..., 1] - bounds[..., 0]), 0.0, 1.0)


def _law(weights: Array, layer: Joined) -> Array:
    """(B,): the chance of q2 for Gaussian values, given on how many positions each head's weights are.

    A mixture of full column rank leaves every head to itself: the product of their chances. Blocks of one Gram
    matrix make of all values one Gaussian projection (`summed_probability`). NaN elsewhere.
    """
    supports, visible = (weights > 0).sum(axis=2), layer.heads[0].mask.sum(axis=1)
    (_, r, width), d = layer.mixture.shape, layer.heads[0].d
    blocks = layer.mixture.reshape(len(weights), r, -1, d)
    grams = np.einsum("brhd,bshd->bhrs", blocks, blocks)
    alike = np.abs(grams - grams[:, :1]).max(axis=(1, 2, 3)) <= 1e-12 * np.abs(grams).max(axis=(1, 2, 3))
    alone = np.linalg.matrix_rank(layer.mixture) == width
    summed = alike & (np.linalg.matrix_rank(grams[:, 0]) == r)
    law = np.full(len(weights), np.nan)
    for at in np.flatnonzero(alone | summed):
        n, own = int(visible[at]), [int(k) for k in supports[at]]
        law[at] = (
            np.prod([summed_probability(n, d, [k]) for k in own])
            if alone[at]
            else summed_probability(n, r, own)
        )
    return law


def verdict(table: pd.DataFrame) -> Verdict:
    """What putting heads together costs, at given sizes and at equal width, and what it does not."""
    return stated(
        table,
        CLAIMS,
        (
            "Whoever asks knows the values of all heads and what mixes their outputs, exactly; the keys, which "
            "may tell more, play no part (Q3).",
            "Heads have matrices of their own over the same positions; those of a trained layer may have learned "
            "to keep out of one another's way, or not to.",
            "Certain is what holds in all weights on the simplexes of the heads; a decoder may be right without.",
        ),
    )


def _one_width(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of the width h d that most numbers of heads have."""
    if not {"heads", "inputs.d"} <= set(table.columns):
        return table.iloc[:0]
    width = table["heads"] * table["inputs.d"]
    counts = table["heads"].groupby(width).nunique()
    return table[width == counts.idxmax()] if len(counts) else table.iloc[:0]


def _several(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of more than one head."""
    return table[table["heads"] > 1] if "heads" in table else table.iloc[:0]


def _thresholds(table: pd.DataFrame) -> list[str]:
    """In how many cells Q1 is answered as the count of equations says."""
    found, law = (rows(table, metric).set_index("key")["value"] for metric in ("q1", "q1_exact"))
    both = found.to_frame().join(law.rename("law"), how="inner")
    if not len(both):
        return []
    same = int((both["value"] == both["law"]).sum())
    others = "" if same == len(both) else "; the others' values are less general than declared"
    return [
        "Values that have a density leave one set of weights that sum to 1 (Q1) exactly where h (n - 1) is at "
        f"most the dimensions that arrive: counted, without an interval, in every trial of {same}{others} "
        f"({len(both)} cells)."
    ]


def _few(table: pd.DataFrame) -> pd.DataFrame:
    return beyond(table, few=True)


ONLY = "no other weights of any head (Q2) give what arrives"
SAME = "no weights with another contribution of any head give what arrives"
LAW = {"exact": "exact law {}"}
BLIND = {"blind_contributions": "without the values {}"}
AFTER = ("decoder", "channel")
"""What comes after the sum: what arrives determines no more or less for it."""
NAMED = ("heads",)
"""What decides the answer: every sentence names it."""
WIDTH: dict[str, Any] = {
    "over": "heads",
    "at": "with h = {}",
    "free": ("inputs.d",),
    "compares": True,
    "but": AFTER,
}
MIXED: dict[str, Any] = {
    "over": "mixing",
    "but": AFTER,
    "metric": "contributions",
    "beside": BLIND,
    "names": NAMED,
}
CLAIMS: tuple[Claim | Remark, ...] = (
    Claim(
        metric="q2",
        says=ONLY,
        over="mixing",
        but=AFTER,
        only=each(_several, rather(beyond), rather(not_everywhere)),
        names=NAMED,
        beside=LAW,
        question="Q2",
        counts=ONLY,
        figure="sparse",
    ),
    Claim(
        metric="q2",
        says=f"At one width h d, {ONLY}",
        only=each(_one_width, not_everywhere),
        beside=LAW,
        figure="width",
        **WIDTH,
    ),
    Claim(
        metric="top_certain",
        says="At one width h d, the most-attended position of a head is certain, on average over the heads,",
        only=each(_one_width, everywhere),
        least=("weights.temperature",),
        beside={"top_width": "its weight can vary by {!s}"},
        figure="spread",
        **WIDTH,
    ),
    Claim(
        says=f"With the values known and weights on every position, {SAME},",
        only=each(_several, beyond, everywhere),
        figure="contributions",
        **MIXED,
    ),
    Claim(
        says=f"With the values known and weights that may leave positions out, {SAME},",
        only=each(_several, beyond, not_everywhere),
        figure="contributions",
        **MIXED,
    ),
    Claim(
        says=f"With the values known and no more positions than these determine, {SAME},",
        only=each(_several, _few),
        **MIXED,
    ),
    Claim(
        metric="top1",
        says="The most-attended position is named by {decoder}, on average over the heads,",
        only=each(_several, rather(beyond), rather(everywhere), best("top1", "decoder")),
        names=NAMED,
        over="mixing",
        least=("weights.temperature",),
        beside={"chance": "chance {}"},
        figure="decoders",
    ),
    Remark(lambda table: agreement(table, "q2", "exact"), "sparse"),
    Remark(_thresholds, "threshold"),
)
