"""Four questions: does the attention sum lose where it looked? It depends on who asks.

One row a condition, one column a question: are the weights the only ones with their output among all that sum
to 1 (Q1), among those on the simplex (Q2; and is at least the top position the same in all of them), among the
softmaxes of the known keys (Q3), and does a learned map that never sees the values read the top position (Q4)?
From Q1 to Q3 fewer rivals are admitted: a yes to one is a yes to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pandas as pd

from attnlab.channels.base import Channel
from attnlab.identifiability import is_unique, nullity, softmax_rivals, top_certified
from attnlab.inputs.base import Inputs
from attnlab.intervals import UNIT, Measure
from attnlab.parts import Count
from attnlab.probes import controls
from attnlab.probes.base import Probe
from attnlab.probes.scores import hit
from attnlab.probes.splits import split
from attnlab.probes.targets import examples
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.verdicts import Answer, Number, Question, Verdict, bracket, interval
from attnlab.weights.base import Weights

VERSION = 3
MEASURES = {"q4": Measure(whole=True), "chance": UNIT}


def trial(
    inputs: Inputs,
    weights: Weights,
    channel: Channel,
    probe: Probe,
    condition: str,
    samples: Count,
    trials: Count,
    rng: Streams,
) -> Row:
    """`trials` held-out examples, asked all four questions; the probe learns from `samples` others.

    condition: the name of the row. q3_kept and q3_lost count what is certain (`softmax_rivals`), the rest is
    open; `chance`: the rate of a blind guess. Q1 to Q3 are about the sum itself, Q4 about
    what arrives of it through the channel.
    """
    everything = inputs(samples + trials, rng("inputs"))
    a = weights(everything, rng("weights"))
    seen = examples(channel(a, everything, rng("channel")), a, everything)
    train, test = split(everything.group, trials, rng("split"))
    read = probe.fit(seen[train], rng("fit"))(seen[test])

    sample, asked = everything[test], a[test]
    unique = is_unique(asked, sample.values, sample.mask).unique
    return {
        GROUP: sample.draw,
        "q1": nullity(sample.values, sample.mask, precision=sample.precision).affine_null == 0,
        "q2": unique,
        "q2_top": unique | top_certified(asked, sample.values, sample.mask),
        **softmax_rivals(asked, sample.values, sample.keys, sample.mask, density=inputs.density).metrics,
        "q4": hit(read, seen[test].goal),
        "chance": controls.chance(seen[test]),
    }


CONDITIONS = {
    "few": "at most d + 1 positions",
    "sparse": "equal weight on two positions",
    "sharp": "sharp softmax weights",
    "diffuse": "diffuse softmax weights",
    "spare": "diffuse softmax weights, one value dimension to spare",
    "tied": "diffuse softmax weights, keys tied to the values",
    "positional": "sharp softmax weights, values with a positional code",
    "duplicates": "sharp softmax weights, every value twice",
    "tokens": "sharp softmax weights, a probe that also sees the tokens",
}


def verdict(table: pd.DataFrame) -> Verdict:
    """The four questions side by side."""
    told = (_told(table, *line) for line in _SENTENCES)
    return Verdict(
        sentences=tuple(sentence for sentence in told if sentence),
        answers=tuple(_answers(table)),
        limits=(
            "Q3 lies between what is certainly kept (a theorem, a certificate) and what is not certainly lost "
            "(another query in hand, or one that must exist); between the two nothing is known.",
            "Q4 is what these probes read from this many examples; another map might read more.",
            "One size, and Gaussian draws; phase, fibre, alignment and ladder show how the answers move.",
        ),
    )


_SENTENCES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Whoever knows the values can be certain of the top position of",
        (("sharp", "q2_top"), ("diffuse", "q2_top")),
    ),
    (
        "A learned map that never sees the values (Q4) names the top position of",
        (("sharp", "q4"), ("positional", "q4"), ("tokens", "q4")),
    ),
    (
        "Knowing the keys as well (Q3), no other softmax weights have the output of",
        (("diffuse", "q3"), ("spare", "q3"), ("tied", "q3")),
    ),
    (
        "On the simplex (Q2) no other weights at all give the output of",
        (("sparse", "q2"), ("sharp", "q2"), ("duplicates", "q2")),
    ),
    ("Linearly (Q1) no other weights give the output of", (("few", "q1"), ("sparse", "q1"), ("sharp", "q1"))),
)
"""Beginnings, and the condition and metric of each number that follows."""


def _told(table: pd.DataFrame, beginning: str, places: tuple[tuple[str, str], ...]) -> str:
    parts = []
    for name, metric in places:
        found = _number(table, name, metric)
        chance = interval(table, "chance", {"condition": name}) if metric == "q4" else None
        if found is not None:
            blind = "" if chance is None else f" (chance {100 * chance.value:.1f} %)"
            parts.append(f"{CONDITIONS[name]} in {found.percent}{blind}")
    return f"{beginning}: {'; '.join(parts)}." if parts else ""


_ANSWERS: tuple[tuple[Question, str, str, str], ...] = (
    ("Q1", "few", "q1", "no other weights that sum to 1 give the output"),
    ("Q1", "sharp", "q1", "no other weights that sum to 1 give the output"),
    ("Q2", "sparse", "q2", "no other weights on the simplex give the output"),
    ("Q2", "sharp", "q2_top", "all weights on the simplex with that output have the same top position"),
    ("Q2", "diffuse", "q2_top", "all weights on the simplex with that output have the same top position"),
    ("Q3", "diffuse", "q3", "no other softmax weights have that output"),
    ("Q3", "spare", "q3", "no other softmax weights have that output"),
    ("Q3", "tied", "q3", "no other softmax weights have that output"),
    ("Q4", "sharp", "q4", "the probe reads the top position"),
    ("Q4", "positional", "q4", "the probe reads the top position"),
    ("Q4", "tokens", "q4", "the probe reads the top position"),
)


def _answers(table: pd.DataFrame) -> Iterator[Answer]:
    for question, name, metric, counts in _ANSWERS:
        found = _number(table, name, metric)
        if found is not None:
            says: Literal["read", "kept"] = "read" if metric == "q4" else "kept"
            yield Answer(question, CONDITIONS[name], counts, found, says)


def _number(table: pd.DataFrame, name: str, metric: str) -> Number | None:
    """The metric of a row; Q3 between what is certainly kept and what is not certainly lost."""
    return (bracket if metric == "q3" else interval)(table, metric, {"condition": name})
