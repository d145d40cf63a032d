"""Spare: how many value dimensions keep one query's output apart from all others'?

A query of e dimensions has an output of d: the outputs of all queries are a surface of e dimensions in d. The
dimension theorem says where it meets itself: at d < e each output is that of a whole surface of queries, at d = e
that of several single ones; with d > e a random query shares its output with no other, from d = 2e + 1 on none
does. That is about exact outputs. How near does the output of other weights come, how often within eps (by a law,
as eps^(d - e)), and what is left once outputs are rounded?
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attnlab.arrays import root_mean_square
from attnlab.identifiability import softmax_rivals
from attnlab.identifiability.misses import lost_by_rounding, near_misses, resolved
from attnlab.inputs.base import Inputs
from attnlab.intervals import ANY, NONNEGATIVE, SHARE
from attnlab.parts import Count, Index, Positive
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Array, Row, Sample
from attnlab.solvers.formats import Format
from attnlab.theory.misses import AWAY, expected_misses
from attnlab.tidy import OF_KEYS, Q3_LOST, settings_of
from attnlab.verdicts import (
    Claim,
    Remark,
    Verdict,
    each,
    having,
    holds,
    no_other_query,
    of_queries,
    rather,
    rows,
    stated,
    with_law,
)
from attnlab.verdicts.scene import condition
from attnlab.weights.base import Weights

VERSION = 3
SMALLEST = 1e-16
"""Outputs that differ by less, relative to the values, agree to all digits there are."""
SMALL, DRAWS, ENOUGH = 2, 1_000, 40
"""Key dimensions up to which the law is asked for; the queries its integral is estimated from, a trial; and in how
many trials of a repeat."""
MEASURES = {
    **dict.fromkeys(
        ("q3_kept", Q3_LOST, "q3_lost_by_search", "q3_lost_by_degree", "q3_flip", OF_KEYS), SHARE
    ),
    "agreeing_digits": ANY.sometimes,
    "bfloat16_digits": ANY,
    "near_misses": NONNEGATIVE,
    "expected_misses": NONNEGATIVE.sometimes,
    **dict.fromkeys(("lost_float16", "lost_bfloat16"), SHARE.sometimes),
}


def trial(
    inputs: Inputs,
    weights: Weights,
    near: Positive,
    starts: Count,
    rounded: Index,
    trials: Count,
    rng: Streams,
) -> Row:
    """One query per trial: the Q3 bracket (`softmax_rivals`), and the nearest miss found from `starts` queries.

    A miss is a minimum of `|o(q') - o(q)|` at a q' whose weights are at least 1/4 away in total variation.
    agreeing_digits: -log10 of the least, over the size of the values; bfloat16_digits: those to which two outputs
    must agree to be the same in bfloat16; near_misses: how many lie within `near`, in the units of the values;
    expected_misses: their mean number by the law for small `near`, where it holds and up to 2 key dimensions.
    lost_*: in the first `rounded` trials, whether other weights were found that have the same bits of the output.
    """
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    problem = (a, sample.values, sample.known_keys, sample.mask)
    certain = softmax_rivals(*problem, density=inputs.density and not weights.sees_values)
    misses = near_misses(*problem, starts=starts)
    size = root_mean_square(sample.values, sample.mask)
    unit = np.where(size > 0, size, 1.0)
    nearest = misses.distance[:, 0] / unit
    found = np.isfinite(nearest)
    return {
        GROUP: sample.draw,
        **certain.metrics,
        "agreeing_digits": np.where(found, -np.log10(np.maximum(nearest, SMALLEST)), np.nan),
        "bfloat16_digits": -np.log10(np.maximum(resolved(a, sample.values, "bfloat16") / unit, SMALLEST)),
        "near_misses": (misses.distance <= near).sum(axis=1).astype(float),
        "expected_misses": _law(
            sample, certain.query, inputs.generic_values and not weights.sees_values, near
        ),
        **_rounded(a, sample, min(rounded, trials), starts),
    }


def _law(sample: Sample, queries: Array, lawful: bool, near: float) -> Array:
    """The expected number of misses within `near` of each query, to first order; NaN where no law is known."""
    law = np.full(sample.trials, np.nan)
    if not (lawful and sample.e <= min(sample.d, SMALL)):
        return law
    given = np.isfinite(queries).all(axis=1) & (sample.mask.sum(axis=1) > sample.e)
    for at in np.flatnonzero(given)[:ENOUGH]:
        keys = sample.keys[at, sample.mask[at]]
        law[at] = expected_misses(queries[at], keys, sample.d, draws=DRAWS, rng=int(at))
    return np.asarray(law * near ** (sample.d - sample.e))


def _rounded(weights: Array, sample: Sample, count: int, starts: int) -> Row:
    """Whether others were found with the same bits, in the first trials; NaN in the rest."""
    formats: tuple[Format, ...] = ("float16", "bfloat16")
    told = {f"lost_{format}": np.full(sample.trials, np.nan) for format in formats}
    few = sample[np.arange(count)]
    for format in formats if count else ():
        problem = (weights[:count], few.values, few.keys, few.mask)
        told[f"lost_{format}"][:count] = lost_by_rounding(*problem, format, starts=starts)
    return told


def verdict(table: pd.DataFrame) -> Verdict:
    """What each spare dimension is worth: exactly, by distance, and after rounding."""
    return stated(
        table,
        CLAIMS,
        (
            f"Misses are of weights that are {AWAY:g} away or more in total variation: nearer ones have outputs "
            "as near as one likes.",
            "The nearest miss is the nearest that a search found: nearer ones may exist, and a loss that was not "
            "found may be there.",
            "The law for near misses is that of small distances; the farther ones crowd one another.",
            "The observer knows the keys and the values exactly.",
        ),
    )


def _always(level: pd.DataFrame) -> str:
    """The dimension theorem, where a declared density and the sizes bear it out."""
    sizes = {"inputs.d", "inputs.e"} <= set(level.columns)
    spare = sizes and bool((level["inputs.d"] > level["inputs.e"]).all())
    dense = holds(level, "inputs:density") and len(of_queries(level)) == len(level)
    dense = dense and bool((level["value"] == 1).all())  # rounding may leave declared values none
    return "always, by theorem: d > e, and the values have a density" if spare and dense else ""


def _with_law(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which the law for near misses is known."""
    return (
        table[table["key"].isin(rows(table, "expected_misses")["key"])] if "key" in table else table.iloc[:0]
    )


def _slopes(table: pd.DataFrame) -> list[str]:
    """By which power the number of near misses falls with the distance, for each setting that has several."""
    found = _dense(rows(table, "near_misses"), table)
    needed = {"near", "inputs.d", "inputs.e"}
    if not needed <= set(found.columns):
        return []
    counted = found[(found["value"] > 0) & (found["inputs.d"] > found["inputs.e"])]
    settings = [column for column in settings_of(counted) if column not in BUT]
    several = counted.groupby(settings, dropna=False)["near"].transform("nunique") >= 3
    counted = counted[several.astype(bool)]
    same = [column for column in settings if counted[column].nunique(dropna=False) == 1]
    unsaid = (*BUT, "inputs.d", "inputs.e", *(column for column in same if "." in column))
    told = []
    for _, own in counted.groupby([*dict.fromkeys(("inputs.e", "inputs.d", *settings))], dropna=False):
        mean = own.groupby("near")["value"].mean()
        x, y = np.log(mean.index.to_numpy(float)), np.log(mean.to_numpy(float))
        slope = np.polyfit(x, y, 1, w=np.exp(y / 2))[0]  # counts: their logarithms vary as one over them
        sizes = (f"{letter} = {own[f'inputs.{letter}'].iloc[0]:g}" for letter in "de")
        told.append(f"{slope:.2f} ({', '.join([*sizes, *condition(own, counted, '', unsaid, same)])})")
    if not told:
        return []
    return [
        "The number of near misses falls with the distance as its power d - e for small distances; fitted to "
        f"what was counted, the power is estimated, without an interval, as {', '.join(told)} "
        f"({len(counted)} cells)."
    ]


def _dense(found: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Those of these rows whose values have a density, as declared, and bear it out: no trial is open or lost."""
    kept = rows(table, "q3_kept")
    return having("inputs:density")(found[found["key"].isin(kept.loc[kept["value"] == 1, "key"])])


def _few_near(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of the smallest distance that was counted."""
    return table[table["near"] == table["near"].min()] if "near" in table else table


def _agreement(table: pd.DataFrame) -> list[str]:
    """In how many cells of the smallest distance the law lies in the interval of what was counted."""
    both = with_law(_few_near(table), "near_misses", "expected_misses")
    if not len(both):
        return []
    return [
        "At the smallest distance that was asked for, the law lies in the 95 % interval of the number in "
        f"{int(both['held'].sum())} of those asked ({len(both)} cells)."
    ]


BUT = ("near", "rounded", "starts")
"""What the question is not about."""
NAMED = ("inputs.e",)
"""What the dimensions are to spare of: every sentence names it."""
OVER: dict[str, Any] = {"over": "inputs.d", "but": BUT, "names": NAMED}
CLAIMS: tuple[Claim | Remark, ...] = (
    *no_other_query(figure="theorem", theorem=_always, **OVER),
    Claim(
        metric="agreeing_digits",
        says="The nearest output found of other weights over the same keys agrees to",
        form="{} digits",
        unit="plain",
        only=of_queries,
        beside={"bfloat16_digits": "bfloat16 tells outputs apart to {!s}"},
        figure="digits",
        **OVER,
    ),
    Claim(
        metric="lost_bfloat16",
        says="Rounded to bfloat16, the output was found to have other softmax weights over the same keys that are "
        f"at least {AWAY:g} away in total variation,",
        only=of_queries,
        beside={"lost_float16": "in float16 {}"},
        figure="rounded",
        **OVER,
    ),
    Claim(
        metric="near_misses",
        says="Other weights with an output within {near} number, on average,",
        form="{}",
        unit="plain",
        over="inputs.d",
        only=each(rather(_with_law), _few_near),
        beside={"expected_misses": "{} by the law for small distances"},
        but=("rounded", "starts"),
        names=NAMED,
        figure="near",
    ),
    Remark(_slopes, "near"),
    Remark(_agreement, "near"),
)
