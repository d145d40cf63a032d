"""Training: do learned projections keep the attended position readable, while they learn and when it is held
against them?

One attention layer is trained on a task whose attended position is known, and looked at after a share of its
steps. From its output a probe that never sees V, and a decoder that does, try to read where its own attention
looked. A further loss can keep the position readable, or hide it, at the same task accuracy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.identifiability.linear import nullity
from attnlab.intervals import BITS, NONNEGATIVE, SHARE, UNIT, Measure
from attnlab.metrics import entropy_bits
from attnlab.parts import Count, Fraction
from attnlab.probes.base import OUTPUT, Probe
from attnlab.probes.readout import MEASURES as READOUT
from attnlab.probes.readout import readout
from attnlab.probes.scores import hit
from attnlab.probes.targets import Target, attended, examples
from attnlab.projections.models.base import Model
from attnlab.projections.models.skill import MEASURES as SKILL
from attnlab.projections.models.skill import most_right_head, skill
from attnlab.projections.tasks.base import Symbols, Task
from attnlab.seeds import Streams
from attnlab.shapes import VISIBLE, Array, Row
from attnlab.tidy import settings_of
from attnlab.verdicts import (
    Claim,
    Remark,
    Verdict,
    each,
    interval,
    lacking,
    named,
    pooled,
    rather,
    rows,
    stated,
)
from attnlab.verdicts.scene import part_of

VERSION = 7
MEASURES = {
    **READOUT,
    "answer_only": UNIT,
    "top_width": Measure(0.0, 1.0, whole=True),
    "entropy_bits": BITS,
    "null_dimension": NONNEGATIVE,
    **SKILL,
    "informed_top1": SHARE,
}
FIBRES = 20
"""Held-out episodes whose fibres are measured."""


def trial(
    task: Task,
    model: Model,
    channel: Channel,
    probe: Probe,
    decoder: Decoder,
    target: Target,
    trained: Fraction,
    samples: Count,
    trials: Count,
    rng: Streams,
) -> Row:
    """Train, then read the attention of new episodes from what arrives of its outputs.

    The layer is trained on its own exact output; the channel lies before the observers alone.
    """
    layer = model.train(task, trained, int(rng("training").integers(2**31)))
    episodes = task(samples + trials, rng("episodes"))
    observed = layer(episodes)
    sample, a = observed.head(most_right_head(observed, episodes))
    everything = examples(channel(a, sample, rng("channel")), a, sample, target)
    seen = readout(probe, everything, trials, rng)
    held, test = seen.held, seen.test
    informed = decoder(held.outputs, sample[test]).weights
    ranks = nullity(sample.values[test], sample.mask[test], precision=sample.precision)
    return {
        VISIBLE: held.mask.sum(axis=1),
        **skill(observed, episodes, a),
        **seen.row,
        "informed_top1": hit(informed, held.goal),
        "answer_only": _answer_only(episodes.symbols[test, :, -1], held.target),
        "entropy_bits": entropy_bits(held.weights),
        "null_dimension": ranks.affine_null.astype(np.float64),
        "top_width": _width_at_the_top(held.weights[:FIBRES], sample.values[test[:FIBRES]]),
    }


def _answer_only(shown: Symbols, target: Symbols) -> Array:
    """The accuracy (B,) of naming any token that shows the attended token's last feature (B, n): what an output
    that keeps the answer and nothing else about the position still tells."""
    same = shown == np.take_along_axis(shown, target[:, None], axis=1)
    return np.asarray(1 / same.sum(axis=1))


def _width_at_the_top(a: Array, values: Array) -> Array:
    """The width of the largest weight's interval over the fibre of the output, (B,)."""
    from attnlab.identifiability.fibre import fibre_intervals  # compiled code, not needed to plan a study

    bounds = fibre_intervals(a, values, positions="top")[:, 0]
    return np.asarray(bounds[:, 1] - bounds[:, 0])


def verdict(table: pd.DataFrame) -> Verdict:
    """What training does to the readability of the attended position, task by task, where the task was learned."""
    return stated(
        table,
        CLAIMS,
        (
            *attended(table),
            "One layer, synthetic tasks, symbols drawn uniformly; the position read is that of the layer's own "
            "attention, which is the right one only where the task was learned by attending to it.",
            "Hiding works against the reader trained along with the layer; another may still read.",
        ),
    )


def _setup(rows: pd.DataFrame) -> list[str]:
    """The settings that make a trained layer: the task's and the model's."""
    return [column for column in settings_of(rows) if part_of(column) in ("task", "model")]


def _trained(table: pd.DataFrame) -> pd.DataFrame:
    """The cells at the end of training that say whether their task was learned in every repeat (`:learned`)."""
    if "trained" not in table or not len(table):
        return table.iloc[:0].assign(**{":learned": False})
    done = table[table["trained"] == table["trained"].max()]
    learned = rows(done, "learned").set_index("key")["value"]
    done = done[done["key"].isin(learned.index)]
    return done.assign(**{":learned": done["key"].map(learned) == 1})


def _learned(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of layers that have learned their task."""
    done = _trained(table)
    return done[done[":learned"].astype(bool)]


def _by_tokens(table: pd.DataFrame) -> set[str]:
    """The cells in which the probe reads as much with the output hidden from it, by key."""
    read, hidden = (rows(table, metric).set_index("key") for metric in ("top1", "blindfold_top1"))
    return set(read.index[hidden["high"].reindex(read.index) >= read["low"]])


def _from_output(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of learned tasks in which it is not the tokens alone that tell the position."""
    sound = _learned(table)
    return sound[~sound["key"].isin(_by_tokens(sound))] if len(sound) else sound


def _sound(table: pd.DataFrame) -> pd.DataFrame:
    """All cells of the layers that in the end tell through their output where they look."""
    end, made = _from_output(table), _setup(table)
    ours = set(end[made].astype(str).apply(tuple, axis=1)) if len(end) else set()
    lines = map(tuple, table[made].astype(str).to_numpy())
    return table[np.array([line in ours for line in lines], dtype=bool)]


def _unlearned(table: pd.DataFrame) -> list[str]:
    """The layers from which no conclusion is drawn, as their task was not learned by attending rightly."""
    done = _trained(table)
    failed = rows(done[~done[":learned"].astype(bool)], "task_accuracy")
    told = []
    for one in _setups(failed):
        attends = interval(done, "attends", {"key": one["key"].iloc[0]})
        at = "" if attends is None else f", attention at the right position in {attends.percent}"
        right = pooled(one.iloc[:1])
        told.append(f"{_layer(one)} (task accuracy {right.percent} in {right.count:,} trials{at})")
    words = "Not learned by attending rightly in every repeat, so no conclusion is drawn"
    return [f"{words}: {'; '.join(told)}."] if told else []


def _blind(table: pd.DataFrame) -> list[str]:
    """The layers whose tokens alone tell a reader of the tokens where they look."""
    sound = rows(_learned(table), "top1")
    seen = sound[sound["key"].isin(_by_tokens(_learned(table)))]
    seen = seen[~seen["probe:reads"].isin([OUTPUT])] if "probe:reads" in seen else seen
    told = []
    for one in _setups(seen):
        read = pooled(one.iloc[:1])
        beside = f"{read.percent} in {read.count:,} trials, no more than with the output hidden"
        told.append(f"{_layer(one)} ({beside})")
    words = "The tokens alone tell where the layer looks, and the output nothing"
    return [f"{words}: {'; '.join(told)}."] if told else []


def _setups(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The rows of each trained layer."""
    if len(rows):
        yield from (one for _, one in rows.groupby(_setup(rows), dropna=False))


def _layer(rows: pd.DataFrame) -> str:
    return ", ".join(filter(None, (named(rows, "task"), named(rows, "model"))))


READ: dict[str, Any] = {
    "metric": "top1",
    "only": each(_from_output, rather(lacking("probe:reads", OUTPUT))),
    "but": ("decoder", "trained"),
    "beside": {
        "blindfold_top1": "{} with the output hidden",
        "answer_only": "{} by whoever reads only the answer",
        "informed_top1": "{} by {decoder}, knowing {decoder:knows}",
        "chance": "chance {}",
    },
    "question": "Q4",
    "counts": "where the layer attends is read by {probe}",
    "way": "read",
}
CLAIMS = (
    Claim(
        says="The position where the layer looked is found by {probe}",
        over="model.readability",
        figure="pressure",
        **READ,
    ),
    Claim(
        says="The position where the layer looked is found by {probe}",
        over="task",
        free=("model.encoding",),
        figure="course",
        **READ,
    ),
    Claim(
        metric="top1",
        says="Along training, the position where the layer looked is found by {probe}",
        over="trained",
        at="with {:.0%} of the training done",
        only=each(_sound, rather(lacking("probe:reads", OUTPUT))),
        but=("decoder",),
        figure="course",
    ),
    Remark(_blind, "course"),
    Remark(_unlearned),
)
