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
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import Row
from attnlab.verdicts import Answer, Question, Verdict, interval
from attnlab.weights.base import Weights

VERSION = 1


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
    beyond = table[table["inputs.n"] > table["inputs.d"] + 1]
    sentences = [*_constructions(beyond), *_threshold(table), *_sharpness(beyond), *_precision(table)]
    return Verdict(
        sentences=tuple(sentences),
        answers=tuple(_answers(beyond)),
        limits=(
            "What a search does not find is not shown to be impossible; only a reason or a theorem does that.",
            "Distances of null_step, farthest, reachable and rounded are lower bounds: farther pairs may exist.",
            "Only reachable and transplant give patterns that are softmax weights; the others are weights on the "
            "simplex that no query may produce.",
            "Values here are Gaussian; structured values collide more (repeated ones at any length) or less.",
        ),
    )


def _threshold(table: pd.DataFrame) -> Iterator[str]:
    few = table[table["inputs.n"] <= table["inputs.d"] + 1]
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


_WORDS = {
    "radon": "two patterns without a common position",
    "tverberg": "three or more patterns without a common position",
    "null_step": "softmax weights and a random step from them",
    "farthest": "softmax weights and the farthest pattern found from them",
    "reachable": "softmax weights of two queries",
    "transplant": "two different sequences, nearly all weight on another position in each,",
}


def _constructions(beyond: pd.DataFrame) -> Iterator[str]:
    for name, words in _WORDS.items():
        where: dict[str, object] = {"collision": name}
        found, distance = interval(beyond, "found", where), interval(beyond, "total_variation", where)
        divergence, flip = interval(beyond, "jsd_bits", where), interval(beyond, "argmax_flip", where)
        if found is None or flip is None:
            continue
        far = (
            f", {distance} apart in total variation and {divergence} bits in divergence"
            if distance is not None and divergence is not None
            else ""
        )
        yield (
            f"Beyond d + 1 positions {words} ({name}) give one output in {found.percent} of trials{far}; "
            f"the top position differs in {flip.percent}."
        )


def _sharpness(beyond: pd.DataFrame) -> Iterator[str]:
    if "weights.temperature" not in beyond:
        return
    for temperature in sorted(beyond["weights.temperature"].dropna().unique()):
        where = {"collision": "farthest", "weights.temperature": temperature}
        distance, flip = interval(beyond, "jsd_bits", where), interval(beyond, "argmax_flip", where)
        diffuse = interval(beyond, "jsd_bits_to_uniform", where)
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
    distance = interval(table, "total_variation", {"collision": "rounded"})
    flip = interval(table, "argmax_flip", {"collision": "rounded"})
    if distance is not None and flip is not None:
        yield (
            f"Weights whose outputs are bit-identical after rounding (rounded) differ by a total variation of "
            f"{distance}; the top position differs in {flip.percent}."
        )


def _answers(beyond: pd.DataFrame) -> Iterator[Answer]:
    asked: list[tuple[Question, str, str, str]] = [
        ("Q1", "radon", "found", "weights with disjoint supports and one output exist"),
        ("Q2", "farthest", "argmax_flip", "the fibre of softmax weights holds another top position"),
        ("Q3", "reachable", "found", "another query with the same output was found"),
    ]
    for question, name, metric, counts in asked:
        seen = interval(beyond, metric, {"collision": name})
        if seen is not None:
            yield Answer(question, "Gaussian values, n > d + 1", counts, seen, "lost")
