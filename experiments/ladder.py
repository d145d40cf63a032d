"""Ladder: how much of what the output holds about the attended position does each observer read?

The rungs, by what they know: nothing (chance, the majority class); the output (linear, ridge, neighbours, a
network); the output and the tokens (pointers: narrow, full, with a hidden layer); the output and V (simplex,
maximum entropy); also K (softmax inverse); the weights (the oracle, 1 by definition). The gap between the
usable bits of a rung that knows V and of one that does not is what is present but unreadable.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.inputs.base import Inputs
from attnlab.intervals import ANY, DISTANCE, NONNEGATIVE, SHARE, UNIT, Measure
from attnlab.metrics import total_variation
from attnlab.parts import Count
from attnlab.probes.base import OUTPUT, Probe
from attnlab.probes.code import online_code
from attnlab.probes.information import usable_bits
from attnlab.probes.power_calibration import power_calibration
from attnlab.probes.readout import MEASURES as READOUT
from attnlab.probes.readout import readout
from attnlab.probes.scores import bits, hit, top_recall
from attnlab.probes.targets import Target, attended, examples
from attnlab.seeds import Streams
from attnlab.shapes import Array, Examples, Mask, Row
from attnlab.verdicts import Claim, Verdict, by_symmetry, having, lacking, rather, stated
from attnlab.weights.base import Weights

VERSION = 8
MEASURES = {
    **READOUT,
    **dict.fromkeys(("top_recall", "informed_top_recall"), UNIT.sometimes),
    "total_variation": UNIT,
    "informed_total_variation": DISTANCE,
    "informed_bits": NONNEGATIVE,
    "compression": Measure(0.0, whole=True, absent=True),
    **dict.fromkeys(("gap_bits", "informed_usable_bits"), ANY),
    "informed_top1": SHARE,
}


def trial(
    inputs: Inputs,
    weights: Weights,
    channel: Channel,
    probe: Probe,
    decoder: Decoder,
    target: Target,
    top: Count,
    samples: Count,
    trials: Count,
    rng: Streams,
) -> Row:
    """One rung that learns and one that knows V, on the same `trials` held-out examples."""
    sample = inputs(samples + trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    everything = examples(channel(a, sample, rng("channel")), a, sample, target)
    seen = readout(probe, everything, trials, rng)
    held, blind = seen.held, seen.blind

    known = seen.train[: len(held)]  # one exponent needs no more
    asked = np.concatenate([known, seen.test])
    estimate = decoder(everything.outputs[asked], sample[asked])
    positive = np.maximum(estimate.weights, 0.0)
    informed = power_calibration(positive[: len(known)], everything[known])(positive[len(known) :], held.mask)

    learned_rung = _rung(seen.probabilities, seen.probabilities, blind, held, top)
    informed_rung = _rung(informed, estimate.weights[len(known) :], blind, held, top)
    return {
        **seen.row,
        **learned_rung,
        **{f"informed_{metric}": value for metric, value in informed_rung.items()},
        "gap_bits": informed_rung["usable_bits"] - learned_rung["usable_bits"],
        "compression": np.array([online_code(probe.fit, seen.learned, rng("code")).compression]),
    }


def _rung(
    probabilities: Array, weights: Array, blind: Array, held: Examples, top: int
) -> dict[str, Array | Mask]:
    """What one observer reads: its probabilities for the goal and its estimate of the weights, both (B, n)."""
    return {
        "top1": hit(probabilities, held.goal),
        "top_recall": top_recall(probabilities, held.weights, top),
        "total_variation": total_variation(held.weights, weights),
        "bits": bits(probabilities, held.goal),
        "usable_bits": usable_bits(probabilities, blind, held),
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """The rungs in order, and the gap between those that know the values and those that do not."""
    return stated(
        table,
        CLAIMS,
        (
            *attended(table),
            "Usable bits are relative to a family of readers and to the number of examples it learned from; a "
            "larger family or more examples may read more.",
            "A decoder that knows the values turns its weights into probabilities through one fitted exponent, so "
            "its bits are a lower bound too.",
        ),
    )


def _most(rows: pd.DataFrame) -> str:
    """How many bits a position can have at all."""
    sizes = list(rows["inputs.n"].unique()) if "inputs.n" in rows else []
    if len(sizes) != 1:
        return ""
    return f"A position among {sizes[0]:g} has at most log2 {sizes[0]:g} = {np.log2(sizes[0]):.3f} bits."


MISSED = "Of the bits about the position that someone who knows the values reads, a learned reader misses"
READS = {"usable_bits": "{!s} bits", "chance": "chance {}"}
LEARNED: dict[str, Any] = {
    "metric": "top1",
    "over": "probe",
    "but": ("decoder",),
    "beside": READS,
    "figure": "rungs",
}
CLAIMS = (
    Claim(
        metric="gap_bits",
        says=MISSED,
        form="{} bits",
        unit="plain",
        over="probe",
        figure="missed",
        question="Q4",
        counts="bits about the position read by {decoder}, knowing {decoder:knows}, and not by {probe}",
        way="bits",
    ),
    Claim(
        metric="gap_bits",
        says="By design: read by {decoder} and missed by {probe} are",
        form="{} bits",
        unit="plain",
        over="inputs:says",
        only=rather(lacking("probe:reads", OUTPUT)),
        figure="missed",
    ),
    Claim(
        says="Who reads {probe:reads} names the position",
        only=having("probe:reads", OUTPUT),
        theorem=by_symmetry,
        **LEARNED,
    ),
    Claim(says="Who reads {probe:reads} names the position", only=lacking("probe:reads", OUTPUT), **LEARNED),
    Claim(
        metric="informed_top1",
        says="Who knows the values names the position",
        over="decoder",
        but=("probe",),
        beside={"informed_usable_bits": "{!s} bits", "chance": "chance {}"},
        figure="informed",
    ),
    Claim(
        metric="prior_bits",
        says="Without any output the position is uncertain, by how often each was attended in training, by",
        form="{} bits",
        unit="plain",
        but=("decoder", "probe"),
        tail=_most,
    ),
)
