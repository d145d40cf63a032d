"""Importance: is the attended position the important one?

A position matters as much as the answer loses when it is removed. The answer is read off the sum, by a random
readout or by that of a layer trained on a task. Who knows the weights names the largest a_i; others also know the
values: the largest a_i |v_i| (Kobayashi et al. 2020), the largest share of the sum a_i <v_i, o> / |o|, the one
without which the sum moves furthest. None of them knows the readout.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import log_softmax
from scipy.stats import rankdata

from attnlab.arrays import lengths, root_mean_square
from attnlab.attention import output
from attnlab.inputs.base import Inputs
from attnlab.intervals import SHARE, UNIT, Measure
from attnlab.metrics import correlation, top1, top1_chance
from attnlab.parts import Count, Declined
from attnlab.projections.models.base import Model
from attnlab.projections.models.skill import MEASURES as SKILL
from attnlab.projections.models.skill import most_right_head, skill
from attnlab.projections.tasks.base import NOWHERE, Symbols, Task
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Array, Mask, Row, Sample
from attnlab.verdicts import Claim, Verdict, each, having, stated
from attnlab.weights.base import Weights

VERSION = 3
Reads = Literal["numbers", "choice"]
Removal = Literal["rest", "zero"]
CONFIDENCE = 4.0
"""The size of a number that is read of a value alone: as a logit it makes for a clear choice."""
OBSERVERS = ("weight", "norm", "contribution", "moved")
MEASURES = {
    **{f"by_{name}": SHARE for name in OBSERVERS},
    **{f"rank_by_{name}": Measure(-1.0, 1.0, absent=True) for name in OBSERVERS},
    **{f"right_by_{name}": SHARE.sometimes for name in (*OBSERVERS, "removal")},
    **dict.fromkeys(("chance", "top_weight"), UNIT),
    **SKILL,
}


@dataclass(frozen=True)
class Asked:
    """Attention problems and what their answer is read with.

    sample; weights (B, n); readout (B, d, c) or (1, d, c); beside (B, c): logits that do not come from this sum;
    answer (B,): the right one, -1 where it is what the whole sum says; right (B,): the position that holds it, or
    NOWHERE; skill: whether the layer that was trained has learned its task, nothing of drawn problems.
    """

    sample: Sample
    weights: Array
    readout: Array
    beside: Array
    answer: Symbols
    right: Symbols
    skill: Row = field(default_factory=dict)

    def logits(self, outputs: Array) -> Array:
        """Of outputs (B, k, d), (B, k, c)."""
        return np.asarray(np.matmul(outputs, self.readout) + self.beside[:, None])


def trial(
    inputs: Inputs,
    weights: Weights,
    task: Task,
    model: Model,
    source: Literal["drawn", "trained"],
    reads: Reads,
    removal: Removal,
    answers: Count,
    trials: Count,
    rng: Streams,
) -> Row:
    """Who names the position without which the answer loses most, and in which order each puts all of them.

    source: drawn problems with a Gaussian readout of their own, or a layer trained on a task, whose right position
    is known (`right_by_...`: is it the one that is named). reads: `numbers`, where the loss is the squared change
    of what is read; or `choice`, a softmax over the answers, where it is the log-probability lost by the answer,
    the whole sum's own or the task's. removal: the rest of the weight grows to 1 again, or the value becomes zero.
    """
    asked = (
        _drawn(inputs, weights, answers, trials, rng)
        if source == "drawn"
        else _trained(task, model, trials, rng)
    )
    sample, a, mask = asked.sample, asked.weights, asked.sample.mask
    whole = output(a, sample.values)
    moved = _moved(a, sample.values, removal)
    lost = np.where(mask, _lost(asked, whole, moved, reads), -np.inf)
    shown = {
        name: np.where(mask, score, -np.inf) for name, score in _seen(a, sample.values, whole, moved).items()
    }
    named = {name: score.argmax(axis=1) for name, score in (*shown.items(), ("removal", lost))}
    return {
        GROUP: sample.draw,
        **asked.skill,
        **{f"by_{name}": top1(lost, score) for name, score in shown.items()},
        **{f"rank_by_{name}": _agreement(score, lost, mask) for name, score in shown.items()},
        **{
            f"right_by_{name}": np.where(asked.right == NOWHERE, np.nan, place == asked.right)
            for name, place in named.items()
        },
        "chance": top1_chance(lost, mask),
        "top_weight": a.max(axis=1),
    }


def _seen(a: Array, values: Array, whole: Array, moved: Array) -> dict[str, Array]:
    """What every observer scores the positions by, (B, n) each."""
    size = lengths(whole)
    direction = whole / np.where(size > 0, size, 1.0)[:, None]
    return {
        "weight": a,
        "norm": a * lengths(values),
        "contribution": a * np.matmul(values, direction[..., None])[..., 0],
        "moved": lengths(moved),
    }


def _drawn(inputs: Inputs, weights: Weights, answers: int, trials: int, rng: Streams) -> Asked:
    """Problems with a Gaussian readout each, whose numbers have the same size whatever that of the values."""
    sample = inputs(trials, rng("inputs"))
    readout = rng("readout").standard_normal((trials, sample.d, answers))
    size = root_mean_square(np.matmul(sample.values, readout), sample.mask)
    scaled = CONFIDENCE * np.sqrt(answers) * readout / np.where(size > 0, size, 1.0)[:, None, None]
    nowhere = np.full(trials, NOWHERE)
    return Asked(
        sample, weights(sample, rng("weights")), scaled, np.zeros((trials, answers)), nowhere, nowhere
    )


def _trained(task: Task, model: Model, trials: int, rng: Streams) -> Asked:
    """Episodes before a layer trained on the task, and its head that attends to the right position most."""
    layer = model.train(task, 1.0, int(rng("training").integers(2**31)))
    episodes = task(trials, rng("episodes"))
    seen = layer(episodes)
    if seen.readout is None:
        raise Declined("importance needs a layer whose answer is a linear function of its outputs")
    head = most_right_head(seen, episodes)
    heads = range(seen.weights.shape[1])
    logits = [output(seen.weights[:, h], seen.values[:, h]) @ seen.readout[h] for h in heads]
    beside = np.zeros_like(logits[0]) + sum(logits[h] for h in heads if h != head)
    sample, a = seen.head(head)
    told = (episodes.answer, episodes.position, skill(seen, episodes, a))
    return Asked(sample, a, seen.readout[head][None], beside, *told)


def _moved(a: Array, values: Array, removal: Removal) -> Array:
    """By what the output changes without each of the positions (B, n, d); it is zero without one of all weight.

    `-a_i v_i` with its value set to zero; `a_i / (1 - a_i) (o - v_i)` where the others take over its weight: from
    differences of values, so that it is exactly nothing where all that have weight are equal, and rounding names
    no position there.
    """
    own = a[..., None]
    if removal == "zero":
        return np.asarray(-own * values)
    top = a.argmax(axis=1)[:, None, None]
    apart = values - np.take_along_axis(values, top, axis=1)
    off = output(a, apart)[:, None] - apart  # o - v_i
    rest = np.where(np.eye(a.shape[1], dtype=bool), 0.0, a[:, None]).sum(axis=2)[..., None]
    share = np.divide(own, rest, out=np.zeros_like(own), where=rest > 0)
    return np.where(rest > 0, share * off, -own * values)


def _lost(asked: Asked, whole: Array, moved: Array, reads: Reads) -> Array:
    """What the answer loses (B, n)."""
    change = np.matmul(moved, asked.readout)
    if reads == "numbers":
        return np.asarray((change**2).sum(axis=2))
    before = asked.logits(whole[:, None])
    after = before + change
    answer = np.where(asked.answer >= 0, asked.answer, before[:, 0].argmax(axis=1))[:, None, None]
    sure, unsure = (
        np.take_along_axis(
            log_softmax(logits, axis=2), np.broadcast_to(answer, (*logits.shape[:2], 1)), axis=2
        )
        for logits in (before, after)
    )
    return np.asarray((sure - unsure)[..., 0])


def _agreement(scores: Array, lost: Array, mask: Mask) -> Array:
    """Spearman's rank correlation over the visible positions; NaN where there is no order to compare.

    Hidden positions come last in both, so that the visible ones have the ranks they have alone.
    """
    one, other = (rankdata(np.where(mask, numbers, np.inf), axis=1) for numbers in (scores, lost))
    return correlation(one, other, mask)


def verdict(table: pd.DataFrame) -> Verdict:
    """When the map of weights selects what matters, and who selects it better."""
    return stated(
        table,
        CLAIMS,
        (
            "What matters is what the answer loses when one position is removed; two positions that stand in for "
            "each other lose nothing one by one, and matter together.",
            "A random readout looks in all directions alike; a trained one was learned together with the values "
            "and the weights.",
            "One layer and one head: what later layers make of the sum is another matter.",
        ),
    )


def _least_sink(table: pd.DataFrame) -> pd.DataFrame:
    """The cells with the smallest value at a sink, where what removal means makes the most difference."""
    sizes = table["inputs.size"] if "inputs.size" in table else pd.Series(dtype=float)
    return table[sizes == sizes.min()] if sizes.notna().any() else table


SWITCHES = ("reads", "removal")
"""What it means that a position matters: every number depends on it."""
DRAWN, TRAINED = having("source", "drawn"), having("source", "trained")
BY: dict[str, Any] = {
    "by_norm": "largest weight times length of the value: {}",
    "by_contribution": "largest share of the sum: {}",
    "by_moved": "the one that moves the sum furthest: {}",
    "chance": "chance {}",
}
TOLD: dict[str, Any] = {
    "metric": "by_weight",
    "only": DRAWN,
    "beside": BY,
    "but": ("task", "model"),
    "names": SWITCHES,
}
WAYS: dict[str, Any] = {**TOLD, "compares": True}
CLAIMS = (
    Claim(
        says="The position with the most weight is the one that matters most",
        over="inputs:says",
        figure="kinds",
        **TOLD,
    ),
    Claim(
        says="By sharpness, the most weight is where it matters most",
        over="weights.temperature",
        **WAYS,
        figure="sharpness",
    ),
    Claim(
        says="Beside a sink, the most weight is where it matters most",
        over="inputs.size",
        at="with its value {} times as long as the others",
        **WAYS,
        figure="sink",
    ),
    Claim(
        says="With values of uneven size the most weight is where it matters most",
        over="inputs.spread",
        **WAYS,
        figure="spread",
    ),
    Claim(
        says="By what removal does, the most weight is where it matters most",
        over="removal",
        **{**WAYS, "only": each(DRAWN, _least_sink)},
    ),
    Claim(
        says="By what is read, the most weight is where it matters most",
        over="reads",
        **WAYS,
    ),
    Claim(
        metric="by_weight",
        says="After training the position with the most weight is the one without which the task loses most",
        over="task",
        only=TRAINED,
        beside={
            **BY,
            "task_accuracy": "task answered rightly: {}",
            "learned": "layers that have learned the task: {}",
            "right_by_weight": "the most weight at the right position: {}",
            "right_by_removal": "the most lost at the right position: {}",
        },
        but=("inputs", "weights", "answers"),
        names=SWITCHES,
        free=("model.encoding",),
        figure="trained",
    ),
)
