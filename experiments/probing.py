"""Probing: what does a learned projection read from the attention output, if it never sees the values?

A layer that receives `o = sum_i a_i v_i` and the tokens, but no V, must learn whatever mapping it has. Where a
probe can read the position depends on the design: the same V for all examples, or fresh; tokens that carry a
positional code; a causal mask; sharp or diffuse attention. Beside each probe stand a decoder that knows V,
the same probe on shuffled labels and on a control task, the majority class, and chance.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.inputs.base import Inputs
from attnlab.intervals import Measure
from attnlab.parts import Count
from attnlab.probes.base import Probe
from attnlab.probes.code import online_code
from attnlab.probes.information import linear_gaussian_bits
from attnlab.probes.readout import MEASURES as READOUT
from attnlab.probes.readout import readout
from attnlab.probes.scores import hit
from attnlab.probes.splits import By, leaks
from attnlab.probes.targets import Target, attended, examples
from attnlab.seeds import Streams
from attnlab.shapes import Row
from attnlab.verdicts import Answer, Verdict, interval
from attnlab.weights.base import Weights

VERSION = 4
MEASURES = {
    **READOUT,
    **dict.fromkeys(("compression", "code_bits_per_example"), Measure(0.0, whole=True)),
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


FRESH: dict[str, object] = {
    "inputs": "tokens",
    "inputs.values": "fresh",
    "inputs.positional": 0.0,
    "inputs.mask": "none",
    "split_by": "group",
}
DESIGNS: tuple[tuple[str, dict[str, object]], ...] = (
    ("fresh values, no positional code", FRESH),
    ("fresh values, tokens that carry a positional code", {**FRESH, "inputs.positional": 1.0}),
    ("the same values for all examples", {**FRESH, "inputs.values": "fixed"}),
)
OUTPUT_ONLY = ("output_linear", "output_ridge", "output_mlp", "output_neighbors")


def verdict(table: pd.DataFrame) -> Verdict:
    """Who reads the position, in which design, and which controls say so."""
    honest = _unreused(table)
    alike = _comparable(honest)
    sentences = [
        *_designs(alike),
        *_mask(alike),
        *_blindfold(alike),
        *_sharpness(_comparable(honest, but="weights.temperature")),
        *_controls(honest),
        *_leaks(table),
    ]
    return Verdict(
        sentences=tuple(sentences),
        answers=tuple(_answers(alike)),
        limits=(
            *attended(table),
            "A probe that fails shows that this family of maps, with these examples, does not read the position; "
            "it does not show that the position is lost. The decoder beside it knows V.",
            "Tokens are Gaussian and the projections random; trained ones are the subject of another study.",
        ),
    )


def _unreused(table: pd.DataFrame) -> pd.DataFrame:
    """The cells whose values are fresh for every example or the same for all: no split of them can leak."""
    return table[table["inputs.reuse"].isna()] if "inputs.reuse" in table else table


def _comparable(table: pd.DataFrame, but: str | None = None) -> pd.DataFrame:
    """The cells at the settings that every design was run at, `but` one, so that only the design differs."""
    if "inputs.values" not in table or not (table["inputs.values"] == "fixed").any():
        return table
    fixed = table[table["inputs.values"] == "fixed"]
    for column in ("inputs.n", "inputs.d", "weights.temperature", "samples", "target"):
        if column in table and column != but:
            table = table[table[column].isin(fixed[column].unique())]
    return table


def _designs(table: pd.DataFrame) -> Iterator[str]:
    for design, where in DESIGNS:
        chance = interval(table, "chance", where)
        parts = [
            f"{probe} {found.percent}"
            for probe in (*OUTPUT_ONLY, "pointer")
            if (found := interval(table, "top1", {**where, "probe": probe})) is not None
        ]
        informed = interval(table, "informed_top1", where)
        if chance is not None and informed is not None and parts:
            yield (
                f"With {design}{_sizes(table)}, held-out positions are read at: {', '.join(parts)}; the simplex "
                f"decoder, which knows V, {informed.percent}; chance {100 * chance.value:.1f} %."
            )


def _blindfold(table: pd.DataFrame) -> Iterator[str]:
    for design, where in DESIGNS:
        hidden = interval(table, "blindfold_top1", {**where, "probe": "pointer"})
        if hidden is not None:
            yield f"With {design}, the pointer scores {hidden.percent} where the output is hidden from it."


def _sizes(table: pd.DataFrame) -> str:
    """The sizes that are the same in all these cells, in brackets."""
    named = {"n": "inputs.n", "d": "inputs.d", "temperature": "weights.temperature"}
    same = [
        f"{name} = {table[column].dropna().unique()[0]:g}"
        for name, column in named.items()
        if column in table and table[column].dropna().nunique() == 1
    ]
    return f" ({', '.join(same)})" if same else ""


def _mask(table: pd.DataFrame) -> Iterator[str]:
    where = {**FRESH, "inputs.mask": "causal", "probe": "output_linear"}
    found, chance, open_chance = (
        interval(table, "top1", where),
        interval(table, "chance", where),
        interval(table, "chance", FRESH),
    )
    if found is not None and chance is not None and open_chance is not None:
        yield (
            f"A causal mask lifts chance from {100 * open_chance.value:.1f} % to {100 * chance.value:.1f} %: "
            f"early askers see few positions; the linear probe scores {found.percent} there."
        )


def _sharpness(table: pd.DataFrame) -> Iterator[str]:
    if "weights.temperature" not in table:
        return
    parts = [
        f"{found.percent} at temperature {temperature:g}"
        for temperature in sorted(table["weights.temperature"].dropna().unique())
        if (
            found := interval(
                table, "top1", {**FRESH, "probe": "pointer", "weights.temperature": temperature}
            )
        )
        is not None
    ]
    if len(parts) > 1:
        yield f"Sharpness decides for the pointer: with fresh values it reads {', '.join(parts)}."


def _controls(table: pd.DataFrame) -> Iterator[str]:
    shuffled, expected = interval(table, "shuffled_top1", FRESH), interval(table, "shuffled_chance", FRESH)
    if shuffled is not None and expected is not None:
        yield (
            f"On shuffled labels the same probes score {shuffled.percent} with fresh values (chance "
            f"{100 * expected.value:.1f} %)."
        )
    fixed = {**FRESH, "inputs.values": "fixed", "probe": "output_linear"}
    task, control = interval(table, "top1", fixed), interval(table, "control_task_top1", fixed)
    if task is not None and control is not None:
        yield (
            f"With the same values for all examples the linear probe scores {task.percent}, and {control.percent} "
            "on randomly renamed positions: it has learned these values by heart, not how to find a position."
        )


def _leaks(table: pd.DataFrame) -> Iterator[str]:
    if "inputs.reuse" not in table:
        return
    reused = table[table["inputs.reuse"].notna()]
    for probe in sorted(reused["probe"].dropna().unique()):
        single = interval(reused, "top1", {"probe": probe, "split_by": "example"})
        grouped = interval(reused, "top1", {"probe": probe, "split_by": "group"})
        chance = interval(reused, "chance", {"probe": probe})
        if single is not None and grouped is not None and chance is not None:
            yield (
                f"Leaking: where a few V matrices come back, {probe} scores {single.percent} after a random split "
                f"and {grouped.percent} when the split keeps each V on one side (chance "
                f"{100 * chance.value:.1f} %). The random split counts for no answer."
            )


def _answers(table: pd.DataFrame) -> Iterator[Answer]:
    for design, where in DESIGNS:
        for probe in ("output_linear", "pointer"):
            found = interval(table, "top1", {**where, "probe": probe})
            if found is not None:
                yield Answer("Q4", design, f"{probe} names the attended position, held out", found, "read")
