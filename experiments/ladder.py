"""Ladder: how much of what the output holds about the attended position does each observer read?

The rungs, by what they know: nothing (chance, the majority class); the output (linear, ridge, neighbours, a
network); the output and the tokens (pointers: narrow, full, with a hidden layer); the output and V (simplex,
maximum entropy); also K (softmax inverse); the weights (the oracle, 1 by definition). The gap between the
usable bits of a rung that knows V and of one that does not is what is present but unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.inputs.base import Inputs
from attnlab.intervals import NONNEGATIVE, UNIT, Measure
from attnlab.metrics import total_variation
from attnlab.parts import Count
from attnlab.probes.base import Probe
from attnlab.probes.code import online_code
from attnlab.probes.information import usable_bits
from attnlab.probes.power_calibration import power_calibration
from attnlab.probes.readout import MEASURES as READOUT
from attnlab.probes.readout import readout
from attnlab.probes.scores import bits, hit, top_recall
from attnlab.probes.targets import Target, attended, examples
from attnlab.seeds import Streams
from attnlab.shapes import Array, Examples, Mask, Row
from attnlab.verdicts import Answer, Verdict, interval
from attnlab.weights.base import Weights

VERSION = 5
MEASURES = {
    **READOUT,
    **dict.fromkeys(("top_recall", "informed_top_recall"), UNIT),
    **dict.fromkeys(("total_variation", "informed_total_variation", "informed_bits"), NONNEGATIVE),
    "compression": Measure(0.0, whole=True),
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


RUNGS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("the output", "probe", "", ("output_linear", "output_ridge", "output_neighbors", "output_mlp")),
    ("the output and the tokens", "probe", "", ("low_rank_pointer", "pointer", "pointer_mlp")),
    ("the output and V", "decoder", "informed_", ("simplex", "max_entropy")),
    ("the output, V and K", "decoder", "informed_", ("softmax_inverse",)),
)
"""What each rung knows, the setting that chooses it, its metrics' prefix, and its members from the bottom."""
DESIGNS: tuple[tuple[str, dict[str, object]], ...] = (
    ("no positional code in the tokens", {"inputs.positional": 0.0}),
    ("a positional code in the tokens", {"inputs.positional": 1.0}),
)


def verdict(table: pd.DataFrame) -> Verdict:
    """The rungs in order, and the gap between those that know V and those that do not."""
    sentences = [
        sentence
        for say in (_gaps, _rungs)
        for words, where in DESIGNS
        for sentence in say(table, words, where)
    ]
    return Verdict(
        sentences=tuple(sentences),
        answers=tuple(_answers(table)),
        limits=(
            *attended(table),
            "Usable bits are relative to a family of readers and to the number of examples it learned from; a "
            "larger family or more examples may read more.",
            "A decoder that knows V turns its weights into probabilities through one fitted exponent, so its bits "
            "are a lower bound too.",
        ),
    )


def _gaps(table: pd.DataFrame, design: str, where: dict[str, object]) -> Iterator[str]:
    for words, probe in (("the output alone, read linearly,", "output_linear"), ("the pointer", "pointer")):
        gap = interval(table, "gap_bits", {**where, "probe": probe, "decoder": "simplex"})
        if gap is not None:
            yield f"With {design}, {words} leaves {gap} bits unread that the simplex decoder, knowing V, reads."


def _rungs(table: pd.DataFrame, design: str, where: dict[str, object]) -> Iterator[str]:
    for knows, column, prefix, names in RUNGS:
        found = [
            f"{name} {top1.percent} and {round(usable.value, 2) + 0.0:.2f} bits"
            for name in names
            if (top1 := interval(table, f"{prefix}top1", {**where, column: name})) is not None
            and (usable := interval(table, f"{prefix}usable_bits", {**where, column: name})) is not None
        ]
        if found:
            yield f"Knowing {knows}, with {design}, top-1 and usable bits: {', '.join(found)}."
    chance, prior = interval(table, "chance", where), interval(table, "prior_bits", where)
    if chance is not None and prior is not None:
        yield (
            f"With {design}, chance is {100 * chance.value:.1f} % and an oracle would have {prior.value:.2f} bits."
        )


def _answers(table: pd.DataFrame) -> Iterator[Answer]:
    for words, where in DESIGNS:
        for probe in ("output_linear", "pointer"):
            gap = interval(table, "gap_bits", {**where, "probe": probe, "decoder": "simplex"})
            if gap is not None:
                yield Answer("Q4", words, f"bits present given V that {probe} does not read", gap, "bits")
