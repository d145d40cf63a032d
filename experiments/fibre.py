"""Fibre: how far can the weights move while the output stays the same?

All weights on the simplex with the output of a form its fibre. Softmax weights attend to every position, so for
n > d + 1 the fibre is never a point; what counts is its width: the interval of every weight over it, whether the
largest weight is the largest throughout (certified), and whether it could be zero. Against n/d, the temperature
and the mass outside the floor((d+1)/2) largest weights; and softmax against sparsemax and entmax at one entropy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attnlab import metrics
from attnlab.identifiability import fibre_intervals, is_unique, top_certified
from attnlab.inputs.base import Inputs
from attnlab.intervals import NONNEGATIVE, SHARE, UNIT
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.verdicts import Answer, Verdict, interval, rows
from attnlab.weights.base import Weights

VERSION = 1
MEASURES = {
    **dict.fromkeys(("certified_thin", "certified_middling", "certified_thick"), SHARE),
    **dict.fromkeys(("width", "top_width", "top_weight", "tail_mass"), UNIT),
    "entropy_bits": NONNEGATIVE,
}
ZERO = 1e-9
THIN, THICK = 0.1, 0.3
"""Bounds between a thin, a middling and a thick tail: mass outside the floor((d+1)/2) largest weights."""


def trial(inputs: Inputs, weights: Weights, trials: Count, rng: Streams) -> Row:
    """Exact intervals of every weight over the fibre of each trial's output.

    `certified_thin`, `_middling`, `_thick`: the same share among trials whose tail is such.
    """
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    bounds = fibre_intervals(a, sample.values, sample.mask)
    certified = top_certified(a, sample.values, sample.mask)
    width = bounds[..., 1] - bounds[..., 0]
    top = a.argmax(axis=1)[:, None]
    tail = metrics.tail_mass(a, (inputs.d + 1) // 2)
    tails = {"thin": tail < THIN, "middling": (tail >= THIN) & (tail < THICK), "thick": tail >= THICK}
    return {
        GROUP: sample.draw,
        "certified": certified,
        "could_vanish": np.take_along_axis(bounds[..., 0], top, axis=1)[:, 0] <= ZERO,
        "unique": is_unique(a, sample.values, sample.mask).unique,
        "width": width.sum(axis=1) / sample.mask.sum(axis=1),
        "top_width": np.take_along_axis(width, top, axis=1)[:, 0],
        "top_weight": a.max(axis=1),
        "tail_mass": tail,
        "entropy_bits": metrics.entropy_bits(a),
        **{f"certified_{name}": np.where(those, certified, np.nan) for name, those in tails.items()},
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """What stays certain beyond d + 1 positions, by temperature, by tail, and by attention map."""
    beyond = table[table["inputs.n"] > table["inputs.d"] + 1]
    return Verdict(
        sentences=(
            *_opening(beyond),
            *_temperature(beyond),
            *_threshold(table),
            *_tails(beyond),
            *_maps(beyond),
        ),
        answers=tuple(_answers(beyond)),
        limits=(
            "The intervals are over all weights on the simplex; an observer who also knows the keys, and that "
            "the weights are a softmax of them, may know more.",
            "The values are known exactly; a rounded output has a wider fibre.",
            "Queries, keys and values here are Gaussian; trained heads are not.",
        ),
    )


def _opening(beyond: pd.DataFrame) -> Iterator[str]:
    """The sharpest and the most diffuse softmax weights."""
    told = []
    levels = _levels(beyond, "weights.temperature")
    for temperature in dict.fromkeys((*levels[:1], *levels[-1:])):
        found = interval(beyond, "certified", {"weights": "softmax", "weights.temperature": temperature})
        if found is not None:
            told.append(f"at temperature {temperature:g} in {found.percent} of trials")
    if told:
        yield (
            "With more than d + 1 positions, output and values make the top position of softmax weights certain "
            f"{' and '.join(told)}."
        )


def _temperature(beyond: pd.DataFrame) -> Iterator[str]:
    for temperature in _levels(beyond, "weights.temperature"):
        where: dict[str, object] = {"weights": "softmax", "weights.temperature": temperature}
        certified, width = interval(beyond, "certified", where), interval(beyond, "top_width", where)
        vanish = interval(beyond, "could_vanish", where)
        if certified is not None and width is not None and vanish is not None:
            yield (
                f"Softmax weights at temperature {temperature:g}, n > d + 1: the top position is certain in "
                f"{certified.percent} of trials, its weight is known to an interval of mean width {width}, and "
                f"in {vanish.percent} it could be zero."
            )


def _threshold(table: pd.DataFrame) -> Iterator[str]:
    few = table[table["inputs.n"] <= table["inputs.d"] + 1]
    width = rows(few, "width")
    if len(width):
        yield (
            f"With no more than d + 1 positions the mean width is nowhere above {width['value'].max():.1g} "
            f"({len(width)} settings)."
        )


def _tails(beyond: pd.DataFrame) -> Iterator[str]:
    told = []
    for name, words in (
        ("thin", f"below {THIN:g}"),
        ("middling", f"from {THIN:g} to {THICK:g}"),
        ("thick", f"above {THICK:g}"),
    ):
        share = interval(beyond, f"certified_{name}", {"weights": "softmax"})
        if share is not None:
            told.append(f"{words} in {share.percent}")
    if told:
        yield (
            "By the mass outside the floor((d+1)/2) largest softmax weights, the top position is certain: "
            f"{'; '.join(told)}."
        )


def _maps(beyond: pd.DataFrame) -> Iterator[str]:
    for effective in _levels(beyond, "weights.effective"):
        told = []
        for name in ("softmax", "entmax15", "sparsemax"):
            where: dict[str, object] = {
                "weights": "equal_entropy",
                "weights.map": name,
                "weights.effective": effective,
            }
            certified, unique = interval(beyond, "certified", where), interval(beyond, "unique", where)
            if certified is not None and unique is not None:
                told.append(f"{name} {certified.percent} (all weights certain: {100 * unique.value:.1f} %)")
        if told:
            yield (
                f"At an entropy of {np.log2(effective):.2g} bits, that of {effective:g} equal weights, the top "
                f"position is certain: {'; '.join(told)}."
            )


def _levels(table: pd.DataFrame, column: str) -> list[float]:
    return sorted(table[column].dropna().unique()) if column in table else []


def _answers(beyond: pd.DataFrame) -> Iterator[Answer]:
    levels = _levels(beyond, "weights.temperature")
    for temperature in dict.fromkeys((*levels[:1], *levels[-1:])):
        found = interval(beyond, "certified", {"weights": "softmax", "weights.temperature": temperature})
        if found is not None:
            condition = f"softmax weights, temperature {temperature:g}, n > d + 1"
            yield Answer("Q2", condition, "all weights with that output have the same top position", found)
