"""Collision: how different can two attention patterns be whose outputs are identical?

Each construction makes pairs with one output, or says why it cannot. Where the visible values are affinely
independent, as those with a density are up to d + 1 of them, no two patterns over the same values have exactly one
output: those that look for such a pair decline or find none, which leaves outputs that are the same once rounded,
and values that differ. Elsewhere the pair's distance says how much the output leaves open, and the constraint it
obeys (any weights, or softmax weights of two queries) says to whom.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from attnlab import metrics
from attnlab.collisions.base import Construction
from attnlab.identifiability import softmax_rivals
from attnlab.inputs.base import Inputs
from attnlab.intervals import NONNEGATIVE, SHARE, UNIT
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.tidy import FEW_VISIBLE
from attnlab.verdicts import (
    Claim,
    Levels,
    Remark,
    Verdict,
    best,
    beyond,
    each,
    having,
    named,
    no_other_query,
    of_queries,
    rather,
    rows,
    stated,
)
from attnlab.verdicts.scene import Choice
from attnlab.weights.base import Weights

VERSION = 10
MEASURES = {
    **dict.fromkeys(("total_variation", "jsd_bits"), UNIT.sometimes),
    "jsd_bits_to_uniform": UNIT,
    "support": NONNEGATIVE.sometimes,
    "gap": NONNEGATIVE.sometimes,
    **dict.fromkeys((FEW_VISIBLE, "found", "argmax_flip", "disjoint", "softmax"), SHARE),
}


def trial(inputs: Inputs, weights: Weights, collision: Construction, trials: Count, rng: Streams) -> Row:
    """Pairs of patterns with one output, and how far apart they are.

    Where nothing was found the distances are NaN and the rates False: no collision was shown. A construction
    of second queries has the Q3 bracket (`softmax_rivals`) beside it.
    """
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    pair = collision(a, sample, rng("collision"))
    first, second = pair.patterns[:, 0], pair.patterns[:, 1]
    uniform = sample.mask / sample.mask.sum(axis=1, keepdims=True)
    asked = collision.rival == "Q3"
    q3 = (
        softmax_rivals(
            a, sample.values, sample.keys, sample.mask, density=inputs.density and not weights.sees_values
        ).metrics
        if asked
        else {}
    )
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
        **q3,
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """How far apart patterns with one output are, construction by construction."""
    return stated(
        table,
        CLAIMS,
        (
            "What a search does not find is not shown to be impossible; only a reason or a theorem does that.",
            "Rates of searches are lower bounds, and so are the distances they find: other and farther pairs may "
            "exist.",
            "Where a pair is not that of two queries over the same keys, it consists of weights on the simplex "
            "that no query may produce.",
        ),
    )


def _surest(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of the construction that finds a pair most often."""
    return best("found", "collision")(table)


def _always(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which a pair was found in every trial."""
    found = rows(table, "found")
    return table[table["key"].isin(found.loc[found["value"] == 1, "key"])] if "key" in table else table


def _not_always(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(_always(table).index)


def _by_dimension(rows: pd.DataFrame) -> str:
    return "always, by theorem: n > d + 1" if len(beyond(rows)) == len(rows) else ""


def _few(table: pd.DataFrame) -> pd.DataFrame:
    return beyond(table, few=True)


def _varied(setting: str) -> Choice:
    """The cells in which a setting has a value, and of the construction that goes farthest."""

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        varied = table[table[setting].notna()] if setting in table else table.iloc[:0]
        if not len(varied):
            return varied
        several = varied.groupby("collision")[setting].transform("nunique") > 1
        return best("jsd_bits", "collision")(varied[several])

    return choose


def _declined(table: pd.DataFrame) -> list[str]:
    """How many constructions decline up to d + 1 positions."""
    cells = _skipped(table)
    if not len(cells):
        return []
    many, several = cells["collision"].nunique(), len(cells) != 1
    who = (
        f"{many} constructions decline, and say why"
        if many > 1
        else f"one construction, {_who(cells)}, declines and says why"
    )
    return [f"With no more than d + 1 positions {who} ({len(cells)} {'cells' if several else 'cell'})."]


def _reasons(table: pd.DataFrame) -> Levels | None:
    """Which they are, and why."""
    cells = _skipped(table)
    if not len(cells):
        return None
    lines = [
        (_who(own), str(reason), f"{len(own):,}")
        for (_, reason), own in cells.groupby(["collision", "reason"])
    ]
    lead = "Constructions that decline with no more than d + 1 positions"
    return Levels(lead, ("construction", "reason", "cells"), tuple(lines))


def _skipped(table: pd.DataFrame) -> pd.DataFrame:
    cells = _few(table)
    return cells[cells["status"] == "skipped"].drop_duplicates("key") if len(cells) else cells


def _who(cells: pd.DataFrame) -> str:
    return named(cells, "collision")


def _dense(table: pd.DataFrame) -> pd.DataFrame:
    """The cells whose values have a density: up to d + 1 of them are affinely independent."""
    return having("inputs:density")(table)


def _not_dense(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(_dense(table).index)


PAIRS = "Two patterns with one output are found by {collision}"
CLAIMS: tuple[Claim | Remark, ...] = (
    Claim(
        metric="argmax_flip",
        says="With more than d + 1 positions, other weights with the same output and another "
        "most-attended position are found",
        over="collision",
        only=each(beyond, having("collision:rival", "Q2")),
        figure="flips",
        question="Q2",
        counts="weights with that output and another most-attended position are found by {collision}",
        way="lost",
    ),
    Claim(
        metric="jsd_bits",
        says="Patterns with one output are apart (1 bit: they share no weight at all) by",
        form="{} bits",
        unit="plain",
        over="collision",
        only=beyond,
        figure="distance",
    ),
    *no_other_query(rather(beyond), having("collision:rival", "Q3"), over="inputs.n", spread=True),
    Claim(
        metric="found",
        says="A second query over the same keys with the same output is found",
        over="inputs.n",
        only=each(rather(beyond), having("collision:rival", "Q3"), of_queries),
        spread=True,
    ),
    *(
        Claim(
            metric="total_variation",
            says=f"With no more than d + 1 positions{whatever}, weights whose rounded output has the same bits "
            "are apart, in total variation, by",
            form="{}",
            unit="plain",
            over="collision.format",
            at="in {}",
            only=each(_few, which),
        )
        for which, whatever in (
            (_dense, " (exact outputs determine the weights)"),
            (_not_dense, ""),
        )
    ),
    Remark(_declined, levels=_reasons),
    Claim(
        metric="jsd_bits",
        says="By sharpness: patterns with one output, from {collision}, are apart by",
        form="{} bits",
        unit="plain",
        over="weights.temperature",
        compares=True,
        only=each(beyond, _varied("weights.temperature")),
        beside={"jsd_bits_to_uniform": "the given weights are {!s} bits from uniform"},
        figure="temperature",
    ),
    Claim(
        metric="found",
        says=PAIRS,
        only=each(beyond, rather(having("collision:rival", "Q2")), _surest, _always),
        theorem=_by_dimension,
        question="Q1",
        counts="other weights that sum to 1 with that output exist",
        way="lost",
    ),
    Claim(
        metric="found",
        says=PAIRS,
        only=each(beyond, rather(having("collision:rival", "Q2")), _surest, _not_always),
    ),
    Claim(
        metric="found",
        says="With no more than d + 1 positions, other weights on the simplex with the same output are found",
        over="collision",
        only=each(_few, having("collision:rival", "Q2")),
        question="Q2",
        counts="other weights on the simplex with that output are found by {collision}",
        way="lost",
    ),
)
