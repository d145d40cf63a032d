"""Collision: how different can two attention patterns be whose outputs are identical?

Each construction makes pairs with one output, or says why it cannot. Below the affine threshold n = d + 2 those
that share the values must decline; beyond it the pair's distance says how much the output leaves open, and the
constraint it obeys (any weights, or softmax weights of two queries) says to whom.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attnlab import metrics
from attnlab.collisions.base import Construction
from attnlab.inputs.base import Inputs
from attnlab.intervals import NONNEGATIVE, UNIT
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.tidy import FEW_VISIBLE
from attnlab.verdicts import Answer, Question, Verdict, beyond, interval
from attnlab.weights.base import Weights

VERSION = 4
MEASURES = {
    "total_variation": NONNEGATIVE,
    "jsd_bits": UNIT,
    "jsd_bits_to_uniform": UNIT,
    "support": NONNEGATIVE,
    "gap": NONNEGATIVE,
}


def trial(inputs: Inputs, weights: Weights, collision: Construction, trials: Count, rng: Streams) -> Row:
    """Pairs of patterns with one output, and how far apart they are.

    Where nothing was found the distances are NaN and the rates False: no collision was shown.
    """
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    pair = collision(a, sample, rng("collision"))
    first, second = pair.patterns[:, 0], pair.patterns[:, 1]
    uniform = sample.mask / sample.mask.sum(axis=1, keepdims=True)
    return {
        GROUP: sample.draw,
        FEW_VISIBLE: metrics.few_visible(sample.mask, sample.d),
        "found": pair.found,
        "total_variation": metrics.total_variation(first, second),
        "jsd_bits": metrics.jsd_bits(first, second),
        "jsd_bits_to_uniform": metrics.jsd_bits(a, uniform),
        "argmax_flip": pair.found & metrics.argmax_flip(first, second),
        "disjoint": pair.found & ((first > 0) & (second > 0)).any(axis=1).__invert__(),
        "softmax": pair.found & (pair.constraint == "softmax"),
        "support": np.where(pair.found, metrics.support_size(second), np.nan),
        "gap": np.where(pair.found, pair.gap, np.nan),
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """How far apart patterns with one output are, construction by construction."""
    many = beyond(table)
    sentences = [
        *_opening(many), *_constructions(many), *_threshold(table), *_sharpness(many), *_precision(table)
    ]  # fmt: skip
    return Verdict(
        sentences=tuple(sentences),
        answers=tuple(_answers(many)),
        limits=(
            "What a search does not find is not shown to be impossible; only a reason or a theorem does that.",
            "Rates of reachable are lower bounds, and so are distances and changes of the top position by "
            "null_step, farthest, reachable and rounded: other and farther pairs may exist.",
            "Only reachable and transplant give patterns that are softmax weights; the others are weights on the "
            "simplex that no query may produce.",
            "Values here are Gaussian; structured values collide more (repeated ones at any length) or less.",
        ),
    )


def _threshold(table: pd.DataFrame) -> Iterator[str]:
    few = beyond(table, few=True)
    for name in ("radon", "null_step"):
        cells = few[few["collision"] == name].drop_duplicates("key")
        skipped = cells[cells["status"] == "skipped"]
        found = interval(few, "found", {"collision": name})
        if found is not None:
            yield f"With no more than d + 1 positions {name} finds a collision in {found.percent} of trials."
        if len(skipped):
            yield (
                f"With no more than d + 1 positions {name} declines {len(skipped)} of {len(cells)} settings: "
                f"{skipped['reason'].iloc[0]}."
            )


def _opening(many: pd.DataFrame) -> Iterator[str]:
    """What the simplex allows, and what is found where the weights must be softmax weights."""
    apart = interval(many, "found", {"collision": "radon"})
    twin = interval(many, "found", {"collision": "reachable"})
    if apart is not None and twin is not None:
        yield (
            f"With more than d + 1 positions two patterns without a common position had the same output in "
            f"{apart.percent} of trials; among softmax weights a second query with the same output was found in "
            f"{twin.percent}."
        )


_WORDS = {
    "radon": "two patterns without a common position have one output",
    "tverberg": "three or more patterns without a common position have one output",
    "null_step": "a random step away from softmax weights keeps the output",
    "farthest": "a search from softmax weights finds other weights with their output",
    "reachable": "a search from a query finds another one with its output",
    "transplant": "two different sequences, nearly all weight on another position in each, have one output",
}


def _constructions(many: pd.DataFrame) -> Iterator[str]:
    for name, words in _WORDS.items():
        where: dict[str, object] = {"collision": name}
        found, distance = interval(many, "found", where), interval(many, "total_variation", where)
        divergence, flip = interval(many, "jsd_bits", where), interval(many, "argmax_flip", where)
        if found is None or flip is None:
            continue
        far = (
            f", there {distance} apart in total variation and {divergence} bits in divergence"
            if distance is not None and divergence is not None
            else ""
        )
        yield (
            f"Beyond d + 1 positions {words} in {found.percent} of trials ({name}){far}; the top position "
            f"differs in {flip.percent} of all trials."
        )


def _sharpness(many: pd.DataFrame) -> Iterator[str]:
    if "weights.temperature" not in many:
        return
    for temperature in sorted(many["weights.temperature"].dropna().unique()):
        where = {"collision": "farthest", "weights.temperature": temperature}
        distance, flip = interval(many, "jsd_bits", where), interval(many, "argmax_flip", where)
        diffuse = interval(many, "jsd_bits_to_uniform", where)
        if distance is not None and flip is not None and diffuse is not None:
            yield (
                f"At temperature {temperature:g} the farthest pattern found differs by {distance} bits "
                f"(from uniform weights the given ones differ by {diffuse}) and names another top position in "
                f"{flip.percent}."
            )


def _precision(table: pd.DataFrame) -> Iterator[str]:
    exact = table[table["collision"] != "rounded"]
    gap = interval(exact, "gap")
    if gap is not None:
        yield f"The outputs of these pairs agree to {gap.value:.1g} of the size of the values on average."
    if "collision.format" not in table:
        return
    few = beyond(table, few=True)
    for format in sorted(few["collision.format"].dropna().unique()):
        where = {"collision": "rounded", "collision.format": format}
        distance, flip = interval(few, "total_variation", where), interval(few, "argmax_flip", where)
        if distance is not None and flip is not None:
            yield (
                f"With no more than d + 1 positions, where exact outputs determine the weights, weights with "
                f"the same bits of output in {format} were found {distance} apart in total variation; the top "
                f"position differs in {flip.percent}."
            )


def _answers(many: pd.DataFrame) -> Iterator[Answer]:
    square = "inputs.e" in many and bool((many["inputs.e"] == many["inputs.d"]).all())
    of_keys = "e = d, n > d + 1" if square else "n > d + 1"
    asked: list[tuple[Question, str, str, str, str]] = [
        ("Q1", "radon", "found", "weights with disjoint supports and one output exist", "n > d + 1"),
        ("Q2", "farthest", "argmax_flip", "weights with that output and another top were found", "n > d + 1"),
        ("Q3", "reachable", "found", "another query with the same output was found", of_keys),
    ]
    for question, name, metric, counts, sizes in asked:
        seen = interval(many, metric, {"collision": name})
        if seen is not None:
            yield Answer(question, f"Gaussian values, {sizes}", counts, seen, "lost")
