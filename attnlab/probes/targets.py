"""What counts as attended: the distribution over positions that a probe is asked to read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from attnlab.metrics import TIE
from attnlab.probes.base import uniform
from attnlab.shapes import Array, Examples, Sample

Target = Literal["weight", "contribution", "support", "distribution"]

MEANING: dict[str, str] = {
    "weight": "the position with the largest weight",
    "contribution": "the position with the largest weight times value norm",
    "support": "the positions with at least an even share of the weight",
    "distribution": "the weights themselves",
}
"""What each target calls attended, in words."""


def meaning(targets: Iterable[object]) -> str:
    """One sentence for a report: what counts as attended under these targets."""
    words = [MEANING[str(target)] for target in sorted(map(str, targets))]
    return f"Attended means {' or '.join(words)}."


def attended(table: pd.DataFrame) -> tuple[str, ...]:
    """What a study with this tidy table calls attended, for its report; nothing where it has no target."""
    found = table["target"].dropna().unique() if "target" in table else ()
    return (meaning(found),) if len(found) else ()


def drawn_again(table: pd.DataFrame) -> tuple[str, ...]:
    """The limit that recorded heads have only so many rows to learn from, where a probe was to learn from them."""
    if not {"inputs:lasting", "samples"} <= set(table.columns):
        return ()
    learned = table["inputs:lasting"].isin([True, "True"]) & (table["samples"] > 0)
    return (
        "Examples of recorded heads are their query rows. Beyond as many as there are they come again, and those "
        "of held-out values are not learned from: a probe may have met fewer than asked for.",
    ) * bool(learned.any())


def goal(weights: Array, sample: Sample, target: Target) -> Array:
    """The goal (B, n) of weights (B, n) over a sample.

    weight: on argmax a_i, contribution: on argmax a_i |v_i| (Kobayashi et al. 2020), ties shared; support:
    evenly on the positions with no less than their even share, a_i >= 1/n (n visible positions; all those of
    uniform weights on k of them); distribution: the weights themselves.
    """
    if target == "distribution":
        return weights
    if target == "support":
        even = uniform(sample.mask)
        return uniform(sample.mask & (weights >= even * (1 - TIE)))
    score = weights if target == "weight" else weights * np.linalg.norm(sample.values, axis=2)
    return uniform(sample.mask & (score >= score.max(axis=1, keepdims=True) * (1 - TIE)))


def examples(outputs: Array, weights: Array, sample: Sample, target: Target = "weight") -> Examples:
    """What a probe may learn from: what arrived of the outputs (B, d) and the sample's tokens, not its values."""
    return Examples(
        outputs=outputs,
        tokens=sample.tokens,
        weights=weights,
        goal=goal(weights, sample, target),
        mask=sample.mask,
        group=sample.group,
    )


def labelled(train: Examples, rng: np.random.Generator) -> Examples:
    """Each example labelled by one position drawn from its goal, for models that take one label only.

    The expected cross-entropy, and so what the model tends to, is that of the goals themselves.
    """
    drawn = (train.goal.cumsum(axis=1) > rng.random((len(train), 1))).argmax(axis=1)
    return dataclasses.replace(train, goal=np.eye(train.goal.shape[1])[drawn])
