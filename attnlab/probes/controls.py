"""What a probe scores where there is nothing to read: labels shuffled, renamed or constant, the output hidden."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from attnlab.metrics import TIE
from attnlab.probes.base import Probe, Reader, hedged, uniform
from attnlab.probes.scores import bits, hit
from attnlab.seeds import Streams
from attnlab.shapes import Array, Examples, Row


def battery(
    probe: Probe, everything: Examples, train: NDArray[np.int64], test: NDArray[np.int64], rng: Streams
) -> Row:
    """What every study of a probe shows beside it, for the held-out examples (B,).

    chance; the majority class; the same probe fitted afresh on shuffled labels, with the chance that belongs to
    them; and on the control task, whose accuracy is memory: selectivity is the accuracy on the task minus it.
    """
    held, deck = everything[test], shuffled(everything, rng("shuffle"))
    names = renamed(everything, rng("control task"))
    return {
        "chance": chance(held),
        "majority_top1": hit(frequency(everything[train])(held), held.goal),
        "shuffled_top1": hit(probe.fit(deck[train], rng("fit"))(deck[test]), deck[test].goal),
        "shuffled_chance": chance(deck[test]),
        "control_task_top1": hit(probe.fit(names[train], rng("fit"))(names[test]), names[test].goal),
    }


def shuffled(examples: Examples, rng: np.random.Generator) -> Examples:
    """The same examples with their goals and weights dealt out at random.

    Among examples with the same visible positions only, so that no goal falls on a masked one: what the mask
    alone says about the position stays.
    """
    _, kind = np.unique(examples.mask, axis=0, return_inverse=True)
    order = np.arange(len(examples))
    for value in np.unique(kind):
        rows = np.flatnonzero(kind == value)
        order[rows] = rng.permutation(rows)
    return dataclasses.replace(examples, goal=examples.goal[order], weights=examples.weights[order])


def renamed(examples: Examples, rng: np.random.Generator) -> Examples:
    """The control task of Hewitt & Liang (2019): in each group every position gets a random name.

    The label is a fixed random function of (group, true position), drawn among the visible ones: what a probe
    scores on it, it scores by memorising the values of the groups it met. Selectivity is its accuracy on the
    task minus that.
    """
    n = examples.goal.shape[1]
    _, kind = np.unique(examples.group * n + examples.target, return_inverse=True)
    names = rng.random((int(kind.max()) + 1, n))[kind]
    label = np.where(examples.mask, names, -1.0).argmax(axis=1)
    renamed_goal = np.eye(n)[label]
    return dataclasses.replace(examples, goal=renamed_goal, weights=renamed_goal)


def blindfolded(examples: Examples) -> Examples:
    """The same examples with the output hidden: what a probe reads from them it reads off the tokens alone.

    Where the query hardly varies, or some keys are large, tokens tell who is attended without any output.
    """
    return dataclasses.replace(examples, outputs=np.ones((len(examples), 1)))


def frequency(train: Examples) -> Reader:
    """The reader that knows only how often each position was the goal in training: the majority class first."""
    often = train.goal.mean(axis=0)

    def read(examples: Examples) -> Array:
        return hedged(np.broadcast_to(often, examples.mask.shape), examples.mask, len(train))

    return read


def prior(train: Examples) -> Reader:
    """The better of `frequency` and the uniform reader: the `H_V(Y)` of usable information.

    Frequencies of n positions cost about (n - 1) / (2 N ln 2) bits an example when N of them fit noise, so on
    positions that are all alike they are worse than knowing nothing. They are used only where they beat the
    uniform reader on the training examples, each group left out in turn, by more than two standard errors: no
    held-out example has a say, and rows that come back say nothing of one another. Where all examples are one
    group, each example is left out by itself, as `splits.split` holds them out.
    """
    groups, of = np.unique(train.group, return_inverse=True)
    if len(groups) == 1:
        groups = of = np.arange(len(train))
    own = np.zeros((len(groups), train.goal.shape[1]))
    np.add.at(own, of, train.goal)
    seen = (len(train) - np.bincount(of))[of, None]
    others = (train.goal.sum(axis=0) - own[of]) / np.maximum(1, seen)
    gain = bits(uniform(train.mask), train.goal) - bits(hedged(others, train.mask, seen), train.goal)
    spread = np.bincount(of, weights=gain - gain.mean())
    if gain.sum() > 2 * np.sqrt((spread**2).sum()):
        return frequency(train)
    return lambda examples: uniform(examples.mask)


def chance(examples: Examples) -> Array:
    """(B,): the accuracy of naming a visible position at random: 1/n, more where several tie."""
    best = examples.goal.max(axis=1, keepdims=True)
    return np.asarray((examples.goal >= best * (1 - TIE)).sum(axis=1) / examples.mask.sum(axis=1))
