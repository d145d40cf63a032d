"""Phase: how many positions may be attended before other weights give the same output?

k-sparse weights are the only ones on the simplex with their output iff the attended values span a face of the
hull of all values (Q2). The certificate is computed for every trial over d/n and k/d, and stands beside the
exact law for Gaussian values at finite n and the curve it tends to for large n.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attnlab.identifiability import is_unique, unique_probability, weak_threshold
from attnlab.inputs.base import Inputs
from attnlab.intervals import NONNEGATIVE
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.verdicts import Answer, Verdict, interval, rows
from attnlab.weights.uniform_support import UniformSupport

VERSION = 1
MEASURES = {"margin": NONNEGATIVE}


def trial(inputs: Inputs, weights: UniformSupport, trials: Count, rng: Streams) -> Row:
    """Certify each trial's support; `exact` and `threshold` (a height k/d) where the Gaussian law holds."""
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    found = is_unique(a, sample.values, sample.mask)
    lawful = inputs.generic_values
    exact = unique_probability(inputs.n, inputs.d, weights.support) if lawful else np.nan
    threshold = weak_threshold(min(1.0, inputs.d / inputs.n)) if lawful else np.nan
    return {
        GROUP: sample.draw,
        "unique": found.unique,
        "undecided": found.undecided,
        "margin": np.where(found.unique, found.margin, np.nan),
        "exact": np.full(trials, exact),
        "threshold": np.full(trials, threshold),
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """How sparse is sparse enough, against the exact law and for other kinds of values."""
    return Verdict(
        sentences=(*_gaussian(table), *_law(table), *_others(table), *_undecided(table)),
        answers=tuple(_answers(table)),
        limits=(
            "Q2 asks about all nonnegative weights that sum to 1; softmax weights attend to every position, so "
            "beyond d + 1 positions they are never formally unique: ask for the widths of their intervals.",
            "The exact law and the curve hold for Gaussian values only and are drawn only there.",
            "Not unique among all weights does not mean lost to an observer who knows k.",
        ),
    )


def _gaussian(table: pd.DataFrame) -> Iterator[str]:
    """At the largest n, d nearest a quarter of it: up to where nearly all, half, and nearly none are unique."""
    measured = rows(table, "unique", {"inputs": "gaussian"})
    if not len(measured):
        return
    n = measured["inputs.n"].max()
    dims = measured.loc[measured["inputs.n"] == n, "inputs.d"]
    d = dims.iloc[(dims - n / 4).abs().argmin()]
    here: dict[str, object] = {"inputs": "gaussian", "inputs.n": n, "inputs.d": d}
    told = []
    for k in sorted(rows(table, "unique", here)["weights.support"].unique()):
        found = interval(table, "unique", {**here, "weights.support": k})
        exact = interval(table, "exact", {**here, "weights.support": k})
        if found is not None and exact is not None:
            told.append((k, found, exact))
    sure = [line for line in told if line[1].value >= 0.95][-1:]
    half = sorted(told, key=lambda line: abs(line[1].value - 0.5))[:1]
    lost = [line for line in told if line[1].value <= 0.05][:1]
    if sure and lost:
        yield (
            f"With Gaussian values in d = {d:g} dimensions, equal weights on {sure[0][0]:g} of {n:g} positions "
            f"are the only ones with their output in {sure[0][1].percent} of trials, on {lost[0][0]:g} of them in "
            f"{lost[0][1].percent}."
        )
    for k, found, exact in {line[0]: line for line in (*sure, *half, *lost)}.values():
        yield (
            f"Gaussian values, n = {n:g}, d = {d:g}, {k:g} attended: the only weights with their output in "
            f"{found.percent} of trials (exact law: {100 * exact.value:.3g} %)."
        )


def _law(table: pd.DataFrame) -> Iterator[str]:
    measured = rows(table, "unique").set_index("key")
    both = measured.join(rows(table, "exact").set_index("key")["value"].rename("law"), how="inner")
    if len(both):
        inside = int(((both["low"] <= both["law"]) & (both["law"] <= both["high"])).sum())
        yield f"The exact law lies in the 95 % interval of the measured share in {inside} of {len(both)} settings."


def _others(table: pd.DataFrame) -> Iterator[str]:
    """Every other kind of values, beside Gaussian ones of the same shape and support."""
    place = ["inputs.n", "inputs.d", "weights.support"]
    measured = rows(table, "unique")
    if not len(measured):
        return
    generic = measured[measured["inputs"] == "gaussian"].set_index(place).index
    told = []
    for kind in sorted(set(measured["inputs"]) - {"gaussian"}):
        own = measured[measured["inputs"] == kind].set_index(place).index
        shared = own.intersection(generic)
        if not len(shared):
            continue
        both = measured[measured.set_index(place).index.isin(shared)]
        found = interval(both, "unique", {"inputs": kind})
        beside = interval(both, "unique", {"inputs": "gaussian"})
        if found is not None and beside is not None:
            told.append(f"{kind.replace('_', ' ')} {found.percent} (Gaussian {100 * beside.value:.1f} %)")
    if told:
        yield f"Unique, over all settings a kind of values shares with Gaussian ones: {'; '.join(told)}."


def _undecided(table: pd.DataFrame) -> Iterator[str]:
    share = interval(table, "undecided")
    if share is not None:
        yield f"The certificate was too close to call in {share.percent} of all trials; they count as not unique."


def _answers(table: pd.DataFrame) -> Iterator[Answer]:
    measured = rows(table, "unique", {"inputs": "gaussian"})
    if not len(measured):
        return
    n = measured["inputs.n"].max()
    own = measured[measured["inputs.n"] == n]
    d = own.loc[(own["inputs.d"] - n / 4).abs().idxmin(), "inputs.d"]
    sizes = sorted(own.loc[own["inputs.d"] == d, "weights.support"].unique())
    for k in dict.fromkeys((sizes[0], sizes[len(sizes) // 2])):
        where = {"inputs": "gaussian", "inputs.n": n, "inputs.d": d, "weights.support": k}
        found = interval(table, "unique", where)
        if found is not None:
            condition = f"equal weight on {k:g} of {n:g} positions, d = {d:g}"
            yield Answer("Q2", condition, "no other weights on the simplex give the output", found)
