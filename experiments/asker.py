"""Asker: can nearly all weight on word t, or on another word, give exactly the same output?

For a pair of positions c* is the largest c such that one pattern puts c on the first, another puts c on the
second, and the outputs are equal. Half and half is always possible and no collision, so the scenario is possible
at all where c* > 1/2, and extreme where c* is near 1. For independent Gaussian values and random pairs the chance
that it is possible is known exactly and stands beside what is measured.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attnlab.collisions.extreme import Extreme
from attnlab.inputs.base import Inputs
from attnlab.intervals import Measure
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.theory.antipodal import collision_probability
from attnlab.verdicts import Answer, Verdict, interval, rows

VERSION = 1
MEASURES = {"largest_c": Measure(0.5, 1.0)}
LEVELS = (0.6, 0.8, 0.95)


def trial(inputs: Inputs, collision: Extreme, trials: Count, rng: Streams) -> Row:
    """One pair of positions per trial: the largest c, and whether it passes each level.

    `exact` is the law for `possible`, where it holds. Linear programmes that did not close their certificate
    count as unsolved; `largest_c` is NaN there.
    """
    sample = inputs(trials, rng("inputs"))
    uniform = sample.mask / sample.mask.sum(axis=1, keepdims=True)
    pair = collision(uniform, sample, rng("collision"))
    assert pair.reached is not None, "extreme reaches a c in every trial"
    c = pair.reached
    lawful = inputs.generic_values and collision.pairs != "closest"
    exact = collision_probability(inputs.n, inputs.d) if lawful else np.nan
    # A level is reached up to the rounding of the linear programme.
    passed = {f"c_{round(100 * level)}": c >= level - 1e-9 for level in LEVELS}
    return {
        GROUP: sample.draw,
        "possible": pair.found,
        "exact": np.full(trials, exact),
        **passed,
        "largest_c": c,
        "solved": np.isfinite(c),
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """Where the scenario is possible, against the exact law, and how extreme it gets."""
    sentences = [*_gaussian(table), *_law(table), *_others(table)]
    return Verdict(
        sentences=tuple(sentences),
        answers=tuple(_answers(table)),
        limits=(
            "The two patterns are any weights on the simplex; whether a query produces them is another question.",
            "The exact law holds for independent Gaussian values and a pair chosen without looking at them.",
            "Shares are over random values of one kind and pooled over the sizes that were run for it; a trained "
            "head's values are not drawn like this.",
        ),
    )


def _gaussian(table: pd.DataFrame) -> Iterator[str]:
    settled = rows(table, "possible", {"inputs": "gaussian", "collision.pairs": "random"})
    told: list[str] = []
    for d in sorted(settled["inputs.d"].unique(), reverse=True) if len(settled) else []:
        n = settled.loc[settled["inputs.d"] == d, "inputs.n"].max()
        where = {"inputs": "gaussian", "collision.pairs": "random", "inputs.d": d, "inputs.n": n}
        possible, exact = interval(table, "possible", where), interval(table, "exact", where)
        extreme = interval(table, "c_95", where)
        if possible is not None and exact is not None and extreme is not None:
            if not told:
                told.append(
                    f"For two words chosen at random among {n:g} in d = {d:g} dimensions, 95 % of the weight on "
                    f"one or on the other can give the same output in {extreme.percent} of trials."
                )
            told.append(
                f"In d = {d:g} dimensions with n = {n:g} words, more than half of the weight on one or on the "
                f"other can give one output in {possible.percent} of trials (exact law: "
                f"{100 * exact.value:.3g} %), 95 % of it in {extreme.percent}."
            )
    yield from told


def _law(table: pd.DataFrame) -> Iterator[str]:
    measured = rows(table, "possible").set_index("key")
    exact = rows(table, "exact").set_index("key")["value"]
    both = measured.join(exact.rename("law"), how="inner")
    if len(both):
        inside = ((both["low"] <= both["law"]) & (both["law"] <= both["high"])).sum()
        yield f"The exact law lies in the 95 % interval of the measured share in {inside} of {len(both)} settings."


_KINDS = {
    "sphere": "values of one length",
    "low_rank": "values of low rank",
    "duplicated": "values that occur repeatedly",
    "positional": "values with a positional code",
}


def _others(table: pd.DataFrame) -> Iterator[str]:
    kinds: dict[str, str] = {"gaussian": "Gaussian values", **_KINDS}
    for pairs, words in (("random", "a random pair"), ("closest", "the closest pair")):
        for name, kind in kinds.items():
            if name == "gaussian" and pairs == "random":
                continue
            where: dict[str, object] = {"inputs": name, "collision.pairs": pairs}
            possible, extreme = interval(table, "possible", where), interval(table, "c_95", where)
            if possible is not None and extreme is not None:
                yield (
                    f"Over all sizes, {kind}, {words}: 95 % of the weight on either in {extreme.percent}, more "
                    f"than half of it in {possible.percent}."
                )


def _answers(table: pd.DataFrame) -> Iterator[Answer]:
    settled = rows(table, "c_95", {"inputs": "gaussian", "collision.pairs": "random"})
    if not len(settled):
        return
    d = settled["inputs.d"].max()
    n = settled.loc[settled["inputs.d"] == d, "inputs.n"].max()
    where = {"inputs": "gaussian", "collision.pairs": "random", "inputs.d": d, "inputs.n": n}
    for metric, counts in (
        ("possible", "two words can each have more than half the weight and one output"),
        ("c_95", "two words can each have 95 % of the weight and one output"),
    ):
        share = interval(table, metric, where)
        if share is not None:
            yield Answer("Q2", f"Gaussian values, random pair, d = {d:g}, n = {n:g}", counts, share, "lost")
