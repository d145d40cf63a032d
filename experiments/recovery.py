"""Recovery: knowing the values, how much of the weights does the attention output give back?

Observers that know V (one of them K as well) and learn nothing read o and name the weights. How near they come
depends on n against d, on how sharp the weights are, and on what the observer assumes about them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from attnlab import metrics
from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.inputs.base import Inputs
from attnlab.intervals import NONNEGATIVE, UNIT
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.tidy import FEW_VISIBLE
from attnlab.verdicts import Answer, Question, Verdict, beyond, interval
from attnlab.weights.base import Weights

VERSION = 3
MEASURES = {
    **dict.fromkeys(("chance", "support_recall", "support_chance", "jsd_bits"), UNIT),
    **dict.fromkeys(("total_variation", "negative_mass", "residual", "entropy_bits"), NONNEGATIVE),
}
EXACT, RIVAL = 1e-6, 1e-3
"""Weights within the first total variation of the true ones count as given back; weights beyond the second that
explain the output to 1e-9 are a rival: they show that the observer's assumptions do not determine the weights."""
EXPLAINED = 1e-9


def trial(
    inputs: Inputs, weights: Weights, channel: Channel, decoder: Decoder, trials: Count, rng: Streams
) -> Row:
    """One output per trial, decoded from what arrives of it and compared with the weights that made it."""
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    o = channel(a, sample, rng("channel"))
    estimate = decoder(o, sample)
    distance = metrics.total_variation(a, estimate.weights)
    return {
        GROUP: sample.draw,
        FEW_VISIBLE: metrics.few_visible(sample.mask, sample.d),
        "exact": distance <= EXACT,
        "rival": (distance >= RIVAL) & (estimate.residual <= EXPLAINED),
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
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """What each observer gets back, below and above the affine threshold."""
    few, many = beyond(table, few=True), beyond(table)
    sentences = [*_threshold(few, many), *_keys(many), *_sharpness(many), *_sparse(many)]
    return Verdict(
        sentences=tuple(sentences),
        answers=tuple(_answers(few, many)),
        limits=(
            "Other weights with the same output show a loss; the true weights found do not show that they are "
            "the only ones: the rates of loss are lower bounds, and certificates are another matter.",
            "softmax_inverse starts Newton once, blindly: what it misses may still be determined.",
            "Queries, keys and values here are Gaussian; trained heads are not.",
        ),
    )


SOFTMAX: dict[str, object] = {"inputs": "gaussian", "weights": "softmax"}


def _threshold(few: pd.DataFrame, many: pd.DataFrame) -> Iterator[str]:
    where = {**SOFTMAX, "decoder": "least_squares"}
    below, above = interval(few, "exact", where), interval(many, "exact", where)
    if below is not None:
        more = "" if above is None else f"; with more than d + 1, in {above.percent}"
        yield (
            "With no more than d + 1 positions the linear equations alone give softmax weights back "
            f"in {below.percent} of trials{more}."
        )


def _sharpness(many: pd.DataFrame) -> Iterator[str]:
    if "weights.temperature" not in many:
        return
    told = []
    for temperature in sorted(many["weights.temperature"].dropna().unique()):
        where = {**SOFTMAX, "weights.temperature": temperature}
        found = interval(many, "top1", {**where, "decoder": "max_entropy"})
        chance = interval(many, "chance", where)
        if found is not None and chance is not None:
            told.append(
                f"at temperature {temperature:g} in {found.percent} (chance {100 * chance.value:.1f} %)"
            )
    if told:
        yield (
            "Beyond d + 1 positions maximum entropy, which knows V alone, names the top position of softmax "
            f"weights: {', '.join(told)}."
        )


def _sparse(many: pd.DataFrame) -> Iterator[str]:
    hard: dict[str, object] = {"inputs": "gaussian", "weights": "hard"}
    nearest = interval(many, "top1", {**hard, "decoder": "nearest_value"})
    simplex = interval(many, "top1", {**hard, "decoder": "simplex"})
    if nearest is not None and simplex is not None:
        yield (
            "All weight on one of more than d + 1 positions: the nearest value names it in "
            f"{nearest.percent}, simplex least squares, which does not know that it is one, in {simplex.percent}."
        )
    if "weights.support" not in many:
        return
    told = []
    for size in sorted(many["weights.support"].dropna().unique()):
        where = {"inputs": "gaussian", "weights.support": size, "decoder": "simplex"}
        found = interval(many, "support_recall", where)
        if found is not None:
            told.append(f"{found.percent} of {size:g}")
    if told:
        yield f"Equal weight on a few: simplex least squares finds, of the attended, {', '.join(told)}."


def _keys(many: pd.DataFrame) -> Iterator[str]:
    for words, inputs in (("independent of the values", "gaussian"), ("tied to the values", "tied")):
        where = {**SOFTMAX, "inputs": inputs, "decoder": "softmax_inverse"}
        found, rival = interval(many, "exact", where), interval(many, "rival", where)
        if found is not None and rival is not None:
            neither = "; in the others its one search ends nowhere" if found.value + rival.value < 1 else ""
            yield (
                f"Beyond d + 1 positions an observer who also knows keys that are {words} gets softmax weights "
                f"back in {found.percent} of trials, and in {rival.percent} finds another query with the same "
                f"output{neither}."
            )


def _answers(few: pd.DataFrame, many: pd.DataFrame) -> Iterator[Answer]:
    tied = {**SOFTMAX, "inputs": "tied"}
    hard: dict[str, object] = {"inputs": "gaussian", "weights": "hard"}
    asked: list[tuple[Question, str, pd.DataFrame, dict[str, object]]] = [
        ("Q1", "softmax weights, n <= d + 1", few, {**SOFTMAX, "decoder": "least_squares"}),
        ("Q1", "softmax weights, n > d + 1", many, {**SOFTMAX, "decoder": "least_squares"}),
        ("Q2", "softmax weights, n > d + 1", many, {**SOFTMAX, "decoder": "max_entropy"}),
        ("Q2", "one-hot weights, n > d + 1", many, {**hard, "decoder": "max_entropy"}),
        ("Q3", "independent keys, n > d + 1", many, {**SOFTMAX, "decoder": "softmax_inverse"}),
        ("Q3", "tied keys, n > d + 1", many, {**tied, "decoder": "softmax_inverse"}),
    ]
    for question, condition, rows, where in asked:
        found = interval(rows, "rival", where)
        if found is not None:
            yield Answer(
                question, condition, f"{where['decoder']} finds other weights, same output", found, "lost"
            )
