"""Probing: what does a learned projection read from the attention output, if it never sees the values?

A layer that receives `o = sum_i a_i v_i` and the tokens, but no V, must learn whatever mapping it has. Where a
probe can read the position depends on the design: the same V for all examples, or fresh; tokens that carry a
positional code; a causal mask; sharp or diffuse attention. Beside each probe stand a decoder that knows V,
the same probe on shuffled labels and on a control task, the majority class, and chance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.inputs.base import Inputs
from attnlab.intervals import ANY, SHARE, Measure
from attnlab.parts import Count
from attnlab.probes.base import OUTPUT, Probe
from attnlab.probes.code import online_code
from attnlab.probes.information import linear_gaussian_bits
from attnlab.probes.readout import MEASURES as READOUT
from attnlab.probes.readout import readout
from attnlab.probes.scores import hit
from attnlab.probes.splits import By, leaks
from attnlab.probes.targets import Target, attended, drawn_again, examples
from attnlab.seeds import Streams
from attnlab.shapes import Row
from attnlab.verdicts import Claim, Verdict, by_symmetry, each, having, lacking, rather, rows, stated
from attnlab.weights.base import Weights

VERSION = 5
MEASURES = {
    **READOUT,
    "compression": Measure(0.0, whole=True, absent=True),
    "code_bits_per_example": Measure(0.0, whole=True),
    **dict.fromkeys(("leaking", "informed_top1"), SHARE),
    "linear_bits_per_weight": ANY,
}


def trial(
    inputs: Inputs,
    weights: Weights,
    channel: Channel,
    probe: Probe,
    decoder: Decoder,
    target: Target,
    split_by: By,
    samples: Count,
    trials: Count,
    rng: Streams,
) -> Row:
    """Fit on `samples` examples, read `trials` held-out ones."""
    sample = inputs(samples + trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    everything = examples(channel(a, sample, rng("channel")), a, sample, target)
    seen = readout(probe, everything, trials, rng, by=split_by)
    learned, held = seen.learned, seen.held
    informed = decoder(held.outputs, sample[seen.test]).weights
    code = online_code(probe.fit, learned, rng("code"))
    return {
        **seen.row,
        "informed_top1": hit(informed, held.goal),
        "linear_bits_per_weight": linear_gaussian_bits(
            learned.outputs, learned.weights, held.outputs, held.weights, held.group
        ).mean(axis=1),
        "compression": np.array([code.compression]),
        "code_bits_per_example": np.array([code.online / len(learned)]),
        "leaking": np.full(len(held), leaks(sample.group, seen.train, seen.test)),
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """Who reads the position, in which design, and which controls say so."""
    return stated(
        table,
        CLAIMS,
        (
            *attended(table),
            *drawn_again(table),
            "A probe that fails shows that this family of maps, with these examples, does not read the position; "
            "it does not show that the position is lost. The decoder beside it knows the values.",
            "Where the values are projections of tokens, the projections are random; trained ones are the subject "
            "of another study.",
        ),
    )


ALONE = having("probe:reads", OUTPUT)
MORE = lacking("probe:reads", OUTPUT)
CHANCE = {"chance": "chance {}"}
BESIDE = {**CHANCE, "informed_top1": "{decoder}, knowing {decoder:knows}: {}"}


def _unreused(table: pd.DataFrame) -> pd.DataFrame:
    """The cells whose values are fresh for every example or the same for all: no split of them can leak."""
    return table[table["inputs.reuse"].isna()] if "inputs.reuse" in table else table


def _reused(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which a few contents come back: a split by example leaks."""
    return table[table["inputs.reuse"].notna()] if "inputs.reuse" in table else table.iloc[:0]


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of the inputs on which the control task is read best."""
    found = rows(_unreused(table), "control_task_top1")
    if not len(found) or "inputs:says" not in found:
        return found
    best = found["value"].to_numpy().argmax()
    return found[found["inputs:says"] == found["inputs:says"].iloc[best]]


def _named(**more: Any) -> Claim:
    """A claim that an attended position is named in held-out examples."""
    told: dict[str, Any] = {
        "metric": "top1",
        "only": _unreused,
        "but": ("decoder",),
        "theorem": by_symmetry,
        "beside": BESIDE,
        "figure": "design",
        "counts": "the attended position is named by {probe}, held out",
        "way": "read",
    }
    return Claim(**{**told, **more})


CLAIMS = (
    _named(says="The attended position is named", over="probe", question="Q4"),
    _named(
        says="From {probe:reads}, the position is named by {probe}",
        over="inputs:says",
        only=each(_unreused, ALONE),
        question="Q4",
    ),
    _named(
        says="From {probe:reads}, the position is named by {probe}",
        over="inputs:says",
        only=each(_unreused, MORE),
        question="Q4",
    ),
    _named(
        says="By sharpness: the position is named by {probe}",
        over="weights.temperature",
        compares=True,
        only=each(_unreused, rather(MORE)),
        figure="temperature",
    ),
    _named(
        says="By training examples: the position is named by {probe}",
        over="samples",
        compares=True,
        at="from {} training examples",
        only=each(_unreused, rather(MORE)),
        figure="samples",
    ),
    Claim(
        metric="blindfold_top1",
        says="With the output hidden from it the same probe names the position",
        over="probe",
        only=_unreused,
        but=("decoder",),
        beside=CHANCE,
    ),
    Claim(
        metric="shuffled_top1",
        says="On shuffled labels it is right",
        over="probe",
        only=_unreused,
        but=("decoder",),
        beside={"shuffled_chance": "chance {}"},
    ),
    Claim(
        metric="control_task_top1",
        says="Learning by heart: on randomly renamed positions a probe is right",
        over="probe",
        only=_renamed,
        but=("decoder",),
        beside={"top1": "on the true ones {}"},
    ),
    Claim(
        metric="top1",
        says="Leaking: where a few contents come back, the position is named by {probe}",
        over="split_by",
        at="after a split by {}",
        only=_reused,
        but=("decoder",),
        beside=CHANCE,
        limit="Where values come back a random split leaks; what is read after one counts for no answer.",
    ),
)
