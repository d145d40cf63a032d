"""Channel: what of the attended position survives what a transformer does to the sum: noise, rounding, a residual
stream, a norm?

The sum is sent through a channel, and who reads it gets what arrives. For one-hot attention through Gaussian noise
the best that any observer can do is known exactly, in accuracy and in bits. Beside it stand decoders that know the
values and take what arrives for the sum, a probe that learned from examples, and one who knows the channel too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from attnlab import metrics
from attnlab.arrays import lengths, root_mean_square
from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.inputs.base import Inputs
from attnlab.intervals import BITS, DISTANCE, SHARE, UNIT
from attnlab.parts import Count, Declined, Index
from attnlab.probes.base import OUTPUT, Probe
from attnlab.probes.scores import hit
from attnlab.probes.splits import split
from attnlab.probes.targets import drawn_again, examples
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, VISIBLE, Array, Row, Sample
from attnlab.theory.noisy import LOUD, noisy_accuracy, noisy_bits, noisy_bits_bound
from attnlab.tidy import FEW_VISIBLE
from attnlab.verdicts import (
    Claim,
    Remark,
    Verdict,
    agreement,
    best,
    each,
    having,
    lacking,
    rather,
    rows,
    stated,
)
from attnlab.weights.base import Weights

VERSION = 3
VALUES = "the output and V"
"""What a decoder knows that does not know the keys."""
MEASURES = {
    **dict.fromkeys((FEW_VISIBLE, "top1", "converged"), SHARE),
    **dict.fromkeys(("matched_top1", "read_top1"), SHARE.sometimes),
    "chance": UNIT,
    "exact": UNIT.sometimes,
    "total_variation": DISTANCE,
    **dict.fromkeys(("posterior_bits", "exact_bits", "bound_bits"), BITS.sometimes),
}


def trial(
    inputs: Inputs,
    weights: Weights,
    channel: Channel,
    decoder: Decoder,
    probe: Probe,
    samples: Index,
    trials: Count,
    rng: Streams,
) -> Row:
    """One output per trial, read by whoever knows the values, and by a probe that learned from `samples` others.

    With no samples nobody learns, and `read_top1` has no value. Where all weight is on one position drawn
    uniformly, `matched_top1` is the observer who compares what arrives with what each value alone would have
    become (`Channel.expected`): Bayes' rule where the channel adds Gaussian noise or draws nothing;
    `posterior_bits` is what its posterior leaves of the entropy of the position, taken from it: in the mean the
    information itself. `exact`, `exact_bits` and `bound_bits` are the laws of these, for Gaussian values and
    noise. Declines noise of more than 10^6 times the size of the values.
    """
    everything = inputs(samples + trials, rng("inputs"))
    _require_heard(everything, channel)
    a = weights(everything, rng("weights"))
    arrived = channel(a, everything, rng("channel"))
    seen = examples(arrived, a, everything)
    train, test = split(everything.group, trials, rng("split")) if samples else (None, np.arange(trials))
    sample, sent, held = everything[test], a[test], seen[test]
    read = None if train is None else hit(probe.fit(seen[train], rng("fit"))(held), held.goal)
    estimate = decoder(held.outputs, sample)
    return {
        GROUP: sample.draw,
        VISIBLE: sample.mask.sum(axis=1),
        FEW_VISIBLE: metrics.few_visible(sample.mask, sample.d),
        "top1": metrics.top1(sent, estimate.weights),
        "chance": metrics.top1_chance(sent, sample.mask),
        "total_variation": metrics.total_variation(sent, estimate.weights),
        "converged": estimate.converged,
        "read_top1": np.full(trials, np.nan) if read is None else read,
        **(_of_one(held.outputs, sent, sample, channel) if weights.uniform_top else _unasked(trials)),
        **_laws(inputs, weights, channel, sample),
    }


def _require_heard(sample: Sample, channel: Channel) -> None:
    size = float(root_mean_square(sample.values, sample.mask).max())
    if channel.deviation is not None and size > 0 and channel.deviation / size > LOUD:
        raise Declined(
            f"noise of {channel.deviation:g} on values of size {size:.3g} leaves nothing of them: at most "
            f"{LOUD:g} times their size"
        )


def _unasked(trials: int) -> Row:
    return dict.fromkeys(("matched_top1", "posterior_bits"), np.full(trials, np.nan))


def _of_one(arrived: Array, a: Array, sample: Sample, channel: Channel) -> Row:
    """Of weights on one position: what someone who knows values and channel names, and in how many bits."""
    candidates = np.stack([channel.expected(sample.values[:, i], sample) for i in range(sample.n)], axis=1)
    distance = np.where(sample.mask, lengths(candidates - arrived[:, None]), np.inf)
    nearest = distance <= distance.min(axis=1, keepdims=True)
    if channel.deviation is None:
        bits = np.full(len(a), np.nan)
    else:
        scale, least = channel.deviation or 1.0, distance.min(axis=1, keepdims=True)
        with np.errstate(over="ignore", invalid="ignore"):  # as many deviations as no float holds: odds of 0
            shift = (distance - least) / scale * ((distance + least) / scale) / 2
        odds = np.where(nearest, 1.0, np.exp(-shift) if channel.deviation else 0.0)
        posterior = odds / odds.sum(axis=1, keepdims=True)
        bits = np.maximum(np.log2(sample.mask.sum(axis=1)) - metrics.entropy_bits(posterior), 0.0)
    return {"matched_top1": metrics.top1(a, nearest.astype(np.float64)), "posterior_bits": bits}


def _laws(inputs: Inputs, weights: Weights, channel: Channel, sample: Sample) -> Row:
    """The exact laws where they hold, NaN elsewhere."""
    lawful = inputs.generic_values and weights.uniform_top
    sigma = channel.deviation if lawful else None
    laws = {"exact": noisy_accuracy, "exact_bits": noisy_bits, "bound_bits": noisy_bits_bound}
    if sigma is None or sigma > LOUD:
        return dict.fromkeys(laws, np.full(sample.trials, np.nan))
    known: dict[str, Callable[[int], float]] = {
        name: functools.partial(law, d=sample.d, sigma=sigma) for name, law in laws.items()
    }
    return {name: metrics.by_visible(law, sample.mask) for name, law in known.items()}


def verdict(table: pd.DataFrame) -> Verdict:
    """Which channels save the position, for whom, and what they cost."""
    return stated(
        table,
        CLAIMS,
        (
            "The exact laws bound every observer where they are shown, and in no other situation.",
            "A decoder takes what arrives for the sum itself; one that allowed for the channel would do better "
            "where the channel is no mere noise, as the observer who knows it does.",
            "The stream is that of the last visible position: its value, where the inputs have no token vectors. "
            "It is added and the norm taken without W_O, gains and biases.",
            *drawn_again(table),
        ),
    )


def _lawful(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which the exact laws hold."""
    return table[table["key"].isin(rows(table, "exact")["key"])] if "key" in table else table.iloc[:0]


def _noisy(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of one position whose channel declares its noise: in those alone the position has a posterior."""
    if "key" not in table:
        return table.iloc[:0]
    told = table[table["key"].isin(rows(table, "posterior_bits")["key"])]
    return told.drop(having("channel:lossless")(told).index)


def _formats(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["channel.format"].notna()] if "channel.format" in table else table.iloc[:0]


def _least(table: pd.DataFrame) -> pd.DataFrame:
    """The cells with as many positions as the output can just decide, n = d + 1: there it does so worst."""
    sized = {"inputs.n", "inputs.d"} <= set(table.columns)
    return table[table["inputs.n"] == table["inputs.d"] + 1] if sized else table.iloc[:0]


def _still(table: pd.DataFrame) -> pd.DataFrame:
    """The cells whose channel adds no noise, and does something."""
    still = table.drop(_noisy(table).index)
    return still.drop(having("channel:lossless")(still).index)


UNLEARNED: dict[str, Any] = {"but": ("probe", "samples")}
"""Where nobody learns the probe makes no difference."""
CHANCE = {"chance": "chance {}"}
OFF: dict[str, Any] = {"metric": "total_variation", "form": "{}", "unit": "plain", **UNLEARNED}
CLAIMS = (
    Claim(
        metric="top1",
        says="Through noise, the attended position is named by {decoder}",
        only=each(_noisy, rather(_lawful), best("top1", "decoder")),
        beside={"exact": "exact law for the best observer {}", **CHANCE},
        figure="noise",
        over="channel.sigma",
        least=("inputs.d", "inputs.n"),
        **UNLEARNED,
    ),
    Claim(
        metric="posterior_bits",
        says="What arrives holds, about the position,",
        form="{} bits",
        unit="plain",
        only=each(_noisy, rather(_lawful), best("top1", "decoder")),
        beside={"exact_bits": "exact law {!s} bits", "bound_bits": "at most {!s}"},
        figure="bits",
        but=("probe", "samples", "decoder"),
        over="channel.sigma",
        least=("inputs.d",),
    ),
    Claim(
        metric="top1",
        says="By observer: through noise the attended position is named",
        over="decoder",
        compares=True,
        only=each(_noisy, rather(_lawful)),
        least=("channel.sigma", "inputs.d"),
        beside={"exact": "exact law for the best observer {}"},
        figure="noise",
        **UNLEARNED,
    ),
    Remark(lambda table: agreement(table, "matched_top1", "exact"), "noise"),
    Claim(
        metric="matched_top1",
        says="Without noise, someone who knows the values and the channel names the attended position",
        over="channel:says",
        only=_still,
        beside={"top1": "taking what arrives for the sum ({decoder}) {}", **CHANCE},
        figure="kinds",
        **UNLEARNED,
    ),
    Claim(
        metric="read_top1",
        says="Without the values, it is named by {probe}",
        over="channel:says",
        only=rather(lacking("probe:reads", OUTPUT)),
        beside={"matched_top1": "knowing the values and the channel {}", **CHANCE},
        figure="read",
        but=("decoder",),
    ),
    Claim(
        says="At n = d + 1 rounding leaves the weights of {decoder} off by a total variation of",
        over="channel.format",
        only=each(_formats, _least, having("decoder:signed")),
        figure="formats",
        **OFF,
    ),
    Claim(
        says="There someone who also knows that weights are at least 0 ({decoder}) is off by",
        over="channel.format",
        only=each(_formats, _least, lacking("decoder:signed"), lacking("decoder:assumes", "softmax")),
        figure="formats",
        **OFF,
    ),
    Claim(
        says="Where the keys follow from the values, which decides softmax weights, those of {decoder} are off by",
        over="channel:says",
        only=having("inputs:tied_keys"),
        figure="tied",
        **OFF,
    ),
    Claim(
        metric="top1",
        says="From a rounded output someone who knows the keys too ({decoder}) names the top position",
        over="inputs.e",
        only=each(_formats, lacking("decoder:knows", VALUES)),
        beside={"converged": "a query that gives exactly what arrived in {}"},
        **UNLEARNED,
    ),
)
