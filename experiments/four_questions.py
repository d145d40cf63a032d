"""Four questions: does the attention sum lose where it looked? It depends on who asks.

One row a situation, one column a question: are the weights the only ones with their output among all that sum
to 1 (Q1), among those on the simplex (Q2; and is at least the top position the same in all of them), among the
softmaxes of the known keys (Q3), and does a learned map that never sees the values read the top position (Q4)?
From Q1 to Q3 fewer rivals are admitted: a yes to one is a yes to the next.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnlab.attention import output
from attnlab.channels.base import Channel
from attnlab.collisions.extreme import ALONE, positions
from attnlab.identifiability import nullity, softmax_rivals, softmax_scenario, top_certified
from attnlab.identifiability.both import only_ones
from attnlab.identifiability.bracket import OVER_KEYS, unasked
from attnlab.inputs.base import Inputs
from attnlab.intervals import SHARE, UNIT, Measure
from attnlab.metrics import few_visible, full_support
from attnlab.parts import Count, Declined
from attnlab.probes import controls
from attnlab.probes.base import Probe
from attnlab.probes.scores import hit
from attnlab.probes.splits import split
from attnlab.probes.targets import drawn_again, examples
from attnlab.projections.learned_value import LearnedValue
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Array, Row, Sample
from attnlab.tidy import FEW_VISIBLE, FULL_SUPPORT, METRIC
from attnlab.verdicts import (
    AFTER_THE_SUM,
    Claim,
    Verdict,
    beyond,
    by_symmetry,
    determined,
    each,
    have_rivals,
    no_second_query,
    of_no_keys,
    of_queries,
    rather,
    stated,
)
from attnlab.verdicts.situation import SITUATION, situations
from attnlab.weights.base import Weights

VERSION = 13
OF_WORDS = "largest_c"
"""The metric of the cells about two words, and of no others: the largest weight that both can have."""
MEASURES = {
    "q4": Measure(whole=True),
    **dict.fromkeys(("chance", OF_WORDS), UNIT),
    **dict.fromkeys((FEW_VISIBLE, FULL_SUPPORT, "q1", "q2_top"), SHARE),
    **dict.fromkeys(("q2", *OVER_KEYS), SHARE.sometimes),
}
ROUNDING = 1e-9
"""Of the linear programme."""


def trial(
    inputs: Inputs,
    weights: Weights,
    channel: Channel,
    probe: Probe,
    values: Literal["given", "learned"],
    asks: Literal["weights", "words"],
    samples: Count,
    trials: Count,
    rng: Streams,
) -> Row:
    """`trials` attention problems, asked Q1 to Q3, and as many held-out ones for Q4; the probe learns from others.

    values: as the inputs make them, or through a W_V that is fitted together with a pointer to make the position
    readable. Given values are those of every other study with these inputs;
    learned ones are known only where they were learned, so there all four questions are about the held-out
    problems. asks: about the weights; or, whatever they are, about the asker's two words (`_two_words`), without
    Q4. q3_kept and q3_lost count what is certain (`softmax_rivals`), the rest is open; `chance`: the rate
    of a blind guess. Q1 to Q3 are about the sum itself, Q4 about what arrives of it through the channel.
    """
    if asks == "words":
        return _two_words(inputs(trials, rng("inputs")), rng)
    everything = inputs(samples + trials, rng("examples"))
    a = weights(everything, rng("weights"))
    train, test = split(everything.group, trials, rng("split"))
    if values == "learned":
        everything = _learned(everything, a, train, inputs.d, rng)
    seen = examples(channel(a, everything, rng("channel")), a, everything)
    read = probe.fit(seen[train], rng("fit"))(seen[test])

    sample, asked = everything[test], a[test]
    if values == "given":
        sample = inputs(trials, rng("inputs"))
        asked = weights(sample, rng("weights"))
    density = inputs.density and not weights.sees_values and values == "given"
    problem = (asked, sample.values, sample.keys, sample.mask)
    alone = only_ones(asked, sample.values, sample.mask, precision=sample.precision)
    return {
        GROUP: sample.draw,
        FEW_VISIBLE: few_visible(sample.mask, sample.d),
        FULL_SUPPORT: full_support(asked, sample.mask),
        **dict(zip(("q1", "q2"), alone, strict=True)),
        "q2_top": top_certified(asked, sample.values, sample.mask, precision=sample.precision).certified,
        **(softmax_rivals(*problem, density=density).metrics if sample.e else unasked(sample.trials)),
        "q4": hit(read, seen[test].goal),
        "chance": controls.chance(seen[test]),
    }


def _two_words(sample: Sample, rng: Streams) -> Row:
    """Whether no output allows either of two random words more than half the weight.

    Among weights that sum to 1 one does as soon as n > d + 1: a null vector can be of any size. NaN where a single
    position is visible; declines where that is so in every trial. Without keys nothing is said of two queries.
    """
    from attnlab.solvers.exchange import exchange  # compiled: imported when first used

    first, second = positions("random", sample.mask.astype(np.float64), sample, rng("pair"))
    two = first != second
    few = few_visible(sample.mask, sample.d)
    if not two.any():
        reason = Declined(ALONE)
        reason.measured = {FEW_VISIBLE: few}
        raise reason
    most, bound, found = np.full((3, sample.trials), np.nan)
    some = sample[np.flatnonzero(two)]
    if sample.e:
        words = softmax_scenario(first[two], second[two], some.values, some.keys, some.mask)
        most[two], bound[two], found[two] = words.simplex, words.bound, words.found
    else:
        most[two] = exchange(some.values, some.mask, first[two], second[two]).largest_c
    return {
        GROUP: sample.draw,
        FEW_VISIBLE: few,
        "q1": (nullity(sample.values, sample.mask, precision=sample.precision).affine_null == 0)
        & ~(most > 0.5 + ROUNDING),
        OF_WORDS: most,
        "q2": np.where(np.isfinite(most), most <= 0.5 + ROUNDING, np.nan),
        "q3_kept": np.where(np.isfinite(bound), bound <= 0.5 + ROUNDING, np.nan),
        "q3_lost": np.where(np.isfinite(bound), found > 0.5, np.nan),
    }


def _learned(sample: Sample, weights: Array, train: NDArray[np.int64], width: int, rng: Streams) -> Sample:
    """The sample with values `X W_V`, W_V fitted on the training examples. Declines inputs without tokens."""
    if sample.tokens is None:
        raise Declined("W_V is learned from token vectors, and these inputs have none")
    tokens = dataclasses.replace(sample, values=sample.tokens)
    mixtures = examples(output(weights, sample.tokens), weights, tokens)
    to_value = LearnedValue(width=width).fit(mixtures[train], rng("projection"))
    return dataclasses.replace(sample, values=sample.tokens @ to_value)


def verdict(table: pd.DataFrame) -> Verdict:
    """The four questions side by side, and in two sentences the answer to all of them."""
    table = table.assign(**{SITUATION: table["key"].map(situations(table))})
    verdict = stated(
        table,
        CLAIMS,
        (
            "Where Q3 has two ends, the lower counts what is certainly kept and the upper what is not certainly "
            "lost; between the two nothing is known.",
            "Q4 is what these probes read from this many examples; another map might read more.",
            "Other sizes and draws have other answers; phase, fibre, alignment and ladder show how they move.",
            *drawn_again(table),
            *of_no_keys(table),
        ),
    )
    told = " ".join(found.sentence for claim in OPENING if (found := claim.found(table)))
    opening = f"It depends on who asks: {told[:1].lower()}{told[1:]}" if told else ""
    return dataclasses.replace(verdict, opening=opening)


def _theorem(answer: str, fact: Callable[[pd.DataFrame], str]) -> Callable[[pd.DataFrame], str]:
    """What a theorem says of rows, in words; nothing where none does."""
    return lambda rows: f"{answer}, by theorem: {why}" if (why := fact(rows)) else ""


def _asks_of_words(table: pd.DataFrame) -> pd.Series:
    return table["key"].isin(table.loc[table[METRIC] == OF_WORDS, "key"])


def _of_weights(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that are about given weights."""
    return table[~_asks_of_words(table)]


def _of_words(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that are about two words."""
    return table[_asks_of_words(table)]


def _large(table: pd.DataFrame) -> pd.DataFrame:
    return rather(beyond)(_of_weights(table))


def _ends(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of two cells: where a learned map reads the position best, and worst, at the lowest temperature."""
    column = "weights.temperature"
    sharp = rows[rows[column] == rows[column].min()] if column in rows else rows
    read = sharp[(sharp[METRIC] == "q4") & sharp["value"].notna()]
    if not len(read):
        return read
    return sharp[sharp["key"].isin(read.loc[[read["value"].idxmax(), read["value"].idxmin()], "key"])]


SITUATIONS: dict[str, Any] = {"over": SITUATION, "apart": True, "figure": "four"}
CLAIMS = (
    Claim(
        metric="q2_top",
        says="With the values known, the most-attended position is certain",
        question="Q2",
        counts="all weights on the simplex with that output have the same top position",
        only=_large,
        over="weights.temperature",
        but=AFTER_THE_SUM,
        figure="four",
    ),
    Claim(
        metric="q3",
        says="With the keys known as well (Q3), no other softmax weights over them give the output,",
        theorem=_theorem("always", no_second_query),
        question="Q3",
        counts="no other softmax weights over the same keys give that output",
        only=each(_large, of_queries),
        but=AFTER_THE_SUM,
        **SITUATIONS,
    ),
    Claim(
        metric="q4",
        says="Without the values, a learned map (Q4) names the most-attended position",
        theorem=by_symmetry,
        beside={"chance": "chance {}"},
        question="Q4",
        counts="the most-attended position is named by {probe}",
        only=_of_weights,
        way="read",
        **SITUATIONS,
    ),
    Claim(
        metric="q2",
        says="No other weights on the simplex (Q2) give the output",
        theorem=_theorem("never", have_rivals),
        question="Q2",
        counts="no other weights on the simplex give the output",
        only=_of_weights,
        but=AFTER_THE_SUM,
        **SITUATIONS,
    ),
    Claim(
        metric="q1",
        says="No other weights that sum to 1 (Q1) give the output",
        theorem=_theorem("always", determined),
        question="Q1",
        counts="no other weights that sum to 1 give the output",
        only=_of_weights,
        but=AFTER_THE_SUM,
        **SITUATIONS,
    ),
    Claim(
        metric="q2",
        says="No output of any weights (Q2) allows either of two words over half the weight",
        question="Q2",
        counts="no output allows either of two words over half the weight",
        only=_of_words,
        but=(*AFTER_THE_SUM, "weights", "samples"),
        figure="four",
    ),
    Claim(
        metric="q3",
        says="No output of two queries over the same keys (Q3) allows either of two words over half the weight,",
        question="Q3",
        counts="no output of two queries allows either of two words over half the weight",
        only=_of_words,
        but=(*AFTER_THE_SUM, "weights", "samples"),
        figure="four",
    ),
)
OPENING = (
    CLAIMS[0],
    Claim(
        metric="q4",
        says="without the values, a learned map names it",
        only=_ends,
        over=SITUATION,
        apart=True,
        theorem=by_symmetry,
        beside={"chance": "chance {}"},
    ),
)
"""Who knows the values, and who does not: the two sentences that open the index."""
