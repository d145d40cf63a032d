"""Width: how many value dimensions does a position need to stay readable, and can a learned W_V do with fewer?

Tokens X are mixed by attention and reach the observer through `o = (sum_i a_i x_i) W_V`, W_V of a given width:
learned together with the readout, random, along principal components, or the first token coordinates. Each is
then read afresh by the same probe. A decoder that knows V shows what is present at that width: the sum determines
all weights as soon as n <= width + 1.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from attnlab.attention import output
from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.inputs.base import Inputs
from attnlab.intervals import ANY, SHARE
from attnlab.parts import Count, Declined
from attnlab.probes.base import OUTPUT, Probe
from attnlab.probes.readout import MEASURES as READOUT
from attnlab.probes.readout import readout
from attnlab.probes.scores import hit
from attnlab.probes.splits import split
from attnlab.probes.targets import Target, attended, examples
from attnlab.projections.base import Projection
from attnlab.seeds import Streams
from attnlab.shapes import Row
from attnlab.verdicts import (
    Claim,
    Levels,
    Remark,
    Verdict,
    by_symmetry,
    each,
    having,
    lacking,
    named,
    rather,
    rows,
    stated,
    typical,
)
from attnlab.weights.base import Weights

VERSION = 4
MEASURES = {**READOUT, "informed_top1": SHARE, "uniform_bits": ANY}


def trial(
    inputs: Inputs,
    weights: Weights,
    projection: Projection,
    channel: Channel,
    probe: Probe,
    decoder: Decoder,
    target: Target,
    samples: Count,
    trials: Count,
    rng: Streams,
) -> Row:
    """Choose W_V on the training examples, then read the held-out ones through it."""
    sample = inputs(samples + trials, rng("inputs"))
    if sample.tokens is None:
        raise Declined("a value projection is chosen by token vectors, and these inputs have none")
    a = weights(sample, rng("weights"))
    train, _ = split(sample.group, trials, rng("split"))  # the readout's own
    mixtures = examples(
        output(a, sample.tokens), a, dataclasses.replace(sample, values=sample.tokens), target
    )
    to_value = projection.fit(mixtures[train], rng("projection"))

    projected = dataclasses.replace(sample, values=sample.tokens @ to_value)
    everything = examples(channel(a, projected, rng("channel")), a, projected, target)
    seen = readout(probe, everything, trials, rng)
    informed = decoder(seen.held.outputs, projected[seen.test]).weights
    return {
        **seen.row,
        "informed_top1": hit(informed, seen.held.goal),
        "uniform_bits": np.log2(seen.held.mask.sum(axis=1)),
    }


READABLE = 0.9
"""Share of the accuracy at the largest width that counts as readable."""


def verdict(table: pd.DataFrame) -> Verdict:
    """For each kind of projection, what it lets a reader read at each width."""
    return stated(
        table,
        CLAIMS,
        (
            *attended(table),
            "A W_V that is fitted jointly with its readout starts once, and the fit is not convex: its accuracy "
            "is a lower bound on what its width allows.",
            "log2 n bits say how much a position is, not how many real dimensions it takes: one real number could "
            "hold any position for a reader without limits. These readers are learned, with few parameters.",
        ),
    )


def _middle(table: pd.DataFrame) -> pd.DataFrame:
    """The cells at the width in the middle of those that ran."""
    widths = sorted(table["projection.width"].dropna().unique()) if "projection.width" in table else []
    return table[table["projection.width"] == widths[len(widths) // 2]] if widths else table.iloc[:0]


def _needed(table: pd.DataFrame) -> list[str]:
    """Between which widths readers reach the set share of what they have at the largest, over all of them."""
    found = [(*_between(curve), int(curve["count"].min())) for curve in _curves(table)]
    if not found:
        return []
    every_fewer, every_enough, every_trials = zip(*found, strict=True)
    fewer, enough, trials = min(every_fewer), max(every_enough), min(every_trials)
    return [
        f"For {100 * READABLE:g} % of its accuracy at the largest width that ran, a reader needs "
        f"{_dimensions(fewer, enough)} dimensions, by what it reads and the projection ({trials:,} trials each "
        "or more, at each width's estimate)."
    ]


def _each_needed(table: pd.DataFrame) -> Levels | None:
    """The same for each reader and projection."""
    lines = [
        (
            f"{named(curve, 'probe')}, {named(curve, 'projection')}",
            _dimensions(*_between(curve)),
            f"{int(curve['count'].min()):,}",
        )
        for curve in _curves(table)
    ]
    lead = f"For {100 * READABLE:g} % of its accuracy at the largest width that ran, a reader needs"
    heads = ("reader and projection", "dimensions", "trials at a width")
    return Levels(lead, heads, tuple(lines)) if lines else None


def _curves(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each reader and projection over more than one width, at one condition."""
    measured = rows(table, "top1")
    if not {"projection", "projection.width", "probe"} <= set(measured.columns):
        return []
    found = [
        typical(own, "projection.width", ("decoder", "inputs.d"))
        for _, own in measured.groupby(["probe", "projection"])
    ]
    return [curve for curve in found if curve["projection.width"].nunique() > 1]


def _between(curve: pd.DataFrame) -> tuple[float, float]:
    """The widths between which the accuracy is reached; 0 and a width where the least is enough."""
    values = curve.groupby("projection.width")["value"].mean()
    widths = [float(width) for width in values.index.to_numpy()]
    enough = [
        width for width, value in zip(widths, values, strict=True) if value >= READABLE * values.iloc[-1]
    ]
    fewer = [width for width in widths if width < enough[0]]
    return (fewer[-1] if fewer else 0.0), enough[0]


def _dimensions(fewer: float, enough: float) -> str:
    """`more than 8, at most 16`."""
    return f"more than {fewer:g}, at most {enough:g}" if fewer else f"at most {enough:g}"


READ: dict[str, Any] = {
    "metric": "top1",
    "over": "projection",
    "but": ("decoder", "inputs.d"),
    "beside": {"informed_top1": "{decoder}, knowing {decoder:knows}: {}", "chance": "chance {}"},
    "figure": "width",
    "question": "Q4",
    "counts": "the attended position is named by {probe}",
    "way": "read",
}
SQUEEZED = "Squeezed into {projection.width} dimensions, the position is named by {probe}"
CLAIMS = (
    Claim(says=SQUEEZED, only=each(_middle, rather(lacking("probe:reads", OUTPUT))), **READ),
    Claim(says=SQUEEZED, only=each(_middle, having("probe:reads", OUTPUT)), theorem=by_symmetry, **READ),
    Remark(_needed, "width", _each_needed),
    Claim(
        metric="informed_top1",
        says="Someone who knows the values ({decoder}) names the position",
        over="projection.width",
        at="at width {}",
        but=("probe", "inputs.d"),
        beside={"chance": "chance {}"},
        figure="width",
        limit="The sum itself determines all weights as soon as n is at most the width + 1.",
    ),
)
