"""Training: do learned projections keep the attended position readable, while they learn and when it is held
against them?

One attention layer is trained on a task whose attended position is known, and looked at after a share of its
steps. From its output a probe that never sees V, and a decoder that does, try to read where its own attention
looked. A further loss can keep the position readable, or hide it, at the same task accuracy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attnlab.channels.base import Channel
from attnlab.decoders.base import Decoder
from attnlab.identifiability.linear import nullity
from attnlab.intervals import NONNEGATIVE, UNIT, Interval, Measure
from attnlab.metrics import entropy_bits
from attnlab.parts import Count, Fraction
from attnlab.probes.base import Probe
from attnlab.probes.readout import MEASURES as READOUT
from attnlab.probes.readout import readout
from attnlab.probes.scores import hit
from attnlab.probes.targets import Target, attended, examples
from attnlab.projections.models.base import Model, Observed
from attnlab.projections.tasks.base import NOWHERE, Episodes, Symbols, Task
from attnlab.seeds import Streams
from attnlab.shapes import Array, Row
from attnlab.verdicts import Answer, Average, Verdict, interval, rows

VERSION = 5
MEASURES = {
    **READOUT,
    **dict.fromkeys(("answer_only", "top_width"), UNIT),
    **dict.fromkeys(("entropy_bits", "null_dimension"), NONNEGATIVE),
    "learned": Measure(whole=True),
}
LEARNED = 0.99
"""Accuracy, and share of episodes whose attention peaks at the right position, from which a task is learned."""
Measured = Interval | Average | None
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
    sample, a = observed.head(_most_right_head(observed, episodes))
    everything = examples(channel(a, sample, rng("channel")), a, sample, target)
    seen = readout(probe, everything, trials, rng)
    held, test = seen.held, seen.test
    informed = decoder(held.outputs, sample[test]).weights
    return {
        **_skill(observed, episodes, a),
        **seen.row,
        "informed_top1": hit(informed, held.goal),
        "answer_only": _answer_only(episodes.symbols[test, :, -1], held.target),
        "entropy_bits": entropy_bits(held.weights),
        "null_dimension": nullity(sample.values[test]).affine_null.astype(np.float64),
        "top_width": _width_at_the_top(held.weights[:FIBRES], sample.values[test[:FIBRES]]),
    }


def _most_right_head(observed: Observed, episodes: Episodes) -> int:
    """The head with the most weight on the right position; the first where there is none."""
    told = episodes.position != NOWHERE
    right = observed.weights[told, :, episodes.position[told]]  # (episodes told, heads)
    return int(right.mean(axis=0).argmax()) if len(right) else 0


def _skill(observed: Observed, episodes: Episodes, a: Array) -> Row:
    """Is the task learned, and by attending where it should?"""
    right = observed.answer == episodes.answer
    told = episodes.position != NOWHERE
    if not told.any():
        return {"task_accuracy": right, "learned": np.array([right.mean() >= LEARNED])}
    attends = a.argmax(axis=1)[told] == episodes.position[told]
    both = min(right.mean(), attends.mean()) >= LEARNED
    return {"task_accuracy": right, "attends": attends, "learned": np.array([both])}


def _answer_only(shown: Symbols, target: Symbols) -> Array:
    """The accuracy (B,) of naming any token that shows the attended token's last feature (B, n): what an output
    that keeps the answer and nothing else about the position still tells."""
    same = shown == np.take_along_axis(shown, target[:, None], axis=1)
    return np.asarray(1 / same.sum(axis=1))


def _width_at_the_top(a: Array, values: Array) -> Array:
    """The width of the largest weight's interval over the fibre of the output, (B,)."""
    from attnlab.identifiability.fibre import fibre_intervals  # compiled code, not needed to plan a study

    top = a.argmax(axis=1)[:, None, None]
    bounds = np.take_along_axis(fibre_intervals(a, values), top, axis=1)[:, 0]
    return np.asarray(bounds[:, 1] - bounds[:, 0])


def verdict(table: pd.DataFrame) -> Verdict:
    """What training does to the readability of the attended position, task by task, where the task was learned."""
    made = list(_setups(table))
    sentences = [*_pressure(table), *(line for words, where in made for line in _setup(table, words, where))]
    return Verdict(
        sentences=tuple(sentences),
        answers=tuple(_answers(table, made)),
        limits=(
            *attended(table),
            "One layer, synthetic tasks, symbols drawn uniformly; the position read is that of the layer's own "
            "attention, which is the right one only where the task was learned by attending to it.",
            "Hiding works against the pointer probe trained along with the layer; another reader may still read.",
        ),
    )


def _setups(table: pd.DataFrame) -> Iterator[tuple[str, dict[str, object]]]:
    """Every task, encoding and pressure in the table, in words and as a filter."""
    columns = ["task", "model.encoding", "model.readability"]
    if not set(columns) <= set(table.columns):
        return
    found = table[columns].dropna().drop_duplicates().itertuples(index=False)
    for task, encoding, pressure in sorted(found, key=lambda row: (abs(row[2]), row)):  # the free ones first
        words = str(task).replace("_", " ").capitalize()
        words += f", {encoding} positional code" if encoding != "none" else ""
        if pressure:
            words += f", paid to {'keep' if pressure > 0 else 'hide'} the position ({pressure:g})"
        yield words, {"task": task, "model.encoding": encoding, "model.readability": pressure}


def _setup(table: pd.DataFrame, words: str, where: dict[str, object]) -> Iterator[str]:
    after = {**where, "trained": 1.0}
    learned = interval(table, "learned", after)
    accuracy = interval(table, "task_accuracy", after)
    attends = interval(table, "attends", after)
    if learned is None or accuracy is None:
        return
    if learned.value < 1:
        at = "" if attends is None else f", attention at the right position in {attends.percent}"
        yield (
            f"{words}: not learned in every repeat by attending to the right position (task accuracy "
            f"{accuracy.percent}{at}); no conclusion is drawn from it."
        )
        return
    skill = f"task accuracy {accuracy.percent}"
    if attends is not None:
        skill += f", attention at the right position in {attends.percent}"
    parts = []
    for probe in sorted(rows(table, "top1", after)["probe"].unique()):
        first = interval(table, "top1", {**where, "probe": probe, "trained": 0.0})
        last = interval(table, "top1", {**after, "probe": probe})
        if last is not None:
            hidden = interval(table, "blindfold_top1", {**after, "probe": probe})
            beside = [
                f"{name} {found.percent}"
                for name, found in (("untrained", first), ("with the output hidden from it", hidden))
                if found is not None
            ]
            parts.append(f"{probe} reads where it looks in {last.percent} ({', '.join(beside)})")
    informed, chance = interval(table, "informed_top1", after), interval(table, "chance", after)
    if informed is not None and chance is not None:
        parts.append(f"simplex, knowing V, in {informed.percent} (chance {100 * chance.value:.1f} %)")
    yield f"{words}: {skill}; {'; '.join(parts)}."
    found, hidden = _pointer(table, where)
    if found is not None and hidden is not None and hidden.high >= found.low:
        yield f"{words}: the tokens alone tell where this layer looks; the pointer shows nothing about its output."


def _pressure(table: pd.DataFrame) -> Iterator[str]:
    """One task under every pressure it was learned under, as the pointer reads it."""
    found: dict[str, list[str]] = {}
    for _, where in _setups(table):
        after = {**where, "trained": 1.0}
        learned, read = (
            interval(table, "learned", after),
            interval(table, "top1", {**after, "probe": "pointer"}),
        )
        if learned is not None and learned.value == 1 and read is not None:
            pressure = float(str(where["model.readability"]))
            way = "left alone" if pressure == 0 else f"paid to {'keep' if pressure > 0 else 'hide'} it"
            found.setdefault(str(where["task"]).replace("_", " "), []).append(f"{read.percent} {way}")
    for task, ways in found.items():
        if len(ways) > 1:
            yield (
                f"A layer that has learned {task} shows a pointer where it looked, depending on what else it was "
                f"paid for: {', '.join(ways)}{_floor(table, task)}."
            )


def _floor(table: pd.DataFrame, task: str) -> str:
    found = interval(table, "answer_only", {"task": task.replace(" ", "_"), "trained": 1.0})
    return "" if found is None else f"; whoever reads only the answer can name {100 * found.value:.1f} %"


def _answers(table: pd.DataFrame, made: list[tuple[str, dict[str, object]]]) -> Iterator[Answer]:
    for words, where in made:
        learned = interval(table, "learned", {**where, "trained": 1.0})
        found, hidden = _pointer(table, where)
        if learned is None or found is None or hidden is None:
            continue
        if learned.value == 1 and hidden.high < found.low:  # else the tokens told it, not the output
            condition = f"trained on {words[0].lower()}{words[1:]}"
            yield Answer("Q4", condition, "pointer reads where the layer attends", found, "read")


def _pointer(table: pd.DataFrame, where: dict[str, object]) -> tuple[Measured, Measured]:
    """What the pointer reads of the trained layer, and what it reads with the output hidden from it."""
    after = {**where, "trained": 1.0, "probe": "pointer"}
    return interval(table, "top1", after), interval(table, "blindfold_top1", after)
