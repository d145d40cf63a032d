"""Width: how many value dimensions does a position need to stay readable, and can a learned W_V do with fewer?

Tokens X are mixed by attention and reach the observer through `o = (sum_i a_i x_i) W_V`, W_V of a given width:
learned together with the readout, random, along principal components, or the first token coordinates. Each is
then read afresh by the same probe. A decoder that knows V shows what is present at that width: it is exact as
soon as n <= width + 1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pandas as pd

from attnlab.attention import output
from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.inputs.base import Inputs
from attnlab.parts import Count, Declined
from attnlab.probes.base import Probe
from attnlab.probes.readout import MEASURES as READOUT
from attnlab.probes.readout import readout
from attnlab.probes.scores import hit
from attnlab.probes.splits import split
from attnlab.probes.targets import Target, attended, examples
from attnlab.projections.base import Projection
from attnlab.seeds import Streams
from attnlab.shapes import Row
from attnlab.verdicts import Answer, Verdict, interval
from attnlab.weights.base import Weights

VERSION = 3
MEASURES = READOUT


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
        raise Declined("a value projection is chosen in token space, and these inputs have none")
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
"""Share of the accuracy at full token width that counts as readable."""
READERS: tuple[tuple[str, dict[str, object]], ...] = (
    ("the pointer", {"probe": "pointer"}),
    ("the linear probe on the output alone", {"probe": "output_linear"}),
)


def verdict(table: pd.DataFrame) -> Verdict:
    """For each kind of projection, what it lets a reader read at each width."""
    sentences = [*_at_the_middle(table), *_needed(table), *_present(table)]
    return Verdict(
        sentences=tuple(sentences),
        answers=tuple(_answers(table)),
        limits=(
            *attended(table),
            "The joint fit of W_V and readout is not convex and starts once: a learned projection's accuracy is a "
            "lower bound on what its width allows.",
            "log2 n bits say how much a position is, not how many real dimensions it takes: one real number could "
            "hold any position for a reader without limits. These readers are linear or bilinear.",
        ),
    )


def _widths(table: pd.DataFrame) -> list[int]:
    if "projection.width" not in table:
        return []
    return sorted(int(width) for width in table["projection.width"].dropna().unique())


def _kinds(table: pd.DataFrame) -> list[str]:
    return sorted(table["projection"].dropna().unique()) if "projection" in table else []


def _middle(table: pd.DataFrame) -> list[int]:
    """The width in the middle of those in the table, if there are any."""
    widths = _widths(table)
    return widths[len(widths) // 2 :][:1]


def _at_the_middle(table: pd.DataFrame) -> Iterator[str]:
    for width in _middle(table):
        for words, where in READERS:
            parts = [
                f"{kind} {found.percent}"
                for kind in _kinds(table)
                if (
                    found := interval(table, "top1", {**where, "projection.width": width, "projection": kind})
                )
                is not None
            ]
            if len(parts) > 1:
                yield f"Through {width} value dimensions {words} reads: {', '.join(parts)}."


def _needed(table: pd.DataFrame) -> Iterator[str]:
    """The smallest width at which a kind reaches the set share of what the same reader has at the largest."""
    widths, bits_of_n = _widths(table), interval(table, "uniform_bits")
    for words, where in READERS:
        parts = []
        for kind in _kinds(table):
            curve = {
                width: found.value
                for width in widths
                if (
                    found := interval(table, "top1", {**where, "projection.width": width, "projection": kind})
                )
                is not None
            }
            if len(curve) < 2:
                continue
            enough = [width for width, value in curve.items() if value >= READABLE * curve[max(curve)]]
            parts.append(f"{kind} {min(enough)}")
        if parts and bits_of_n is not None:
            yield (
                f"Dimensions {words} needs for {READABLE:.0%} of its accuracy at the largest width: "
                f"{', '.join(parts)}; the position is {bits_of_n.value:.2f} bits."
            )


def _present(table: pd.DataFrame) -> Iterator[str]:
    parts = [
        f"{found.percent} at width {width}"
        for width in _widths(table)
        if (found := interval(table, "informed_top1", {"projection": "random", "projection.width": width}))
        is not None
    ]
    if parts:
        yield f"An observer that knows V reads through random projections {', '.join(parts)}."


def _answers(table: pd.DataFrame) -> Iterator[Answer]:
    for width in _middle(table):
        for kind in ("learned_value", "random"):
            where: dict[str, object] = {"probe": "pointer", "projection.width": width, "projection": kind}
            found = interval(table, "top1", where)
            if found is not None:
                yield Answer(
                    "Q4",
                    f"{kind} W_V of {width} dimensions",
                    "pointer names the attended position",
                    found,
                    "read",
                )
