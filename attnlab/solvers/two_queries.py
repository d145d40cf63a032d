"""Two queries with one output, the first with much weight on word s and the second with much on word t.

`V^T softmax(F p) = V^T softmax(F r)` with `logit a_s >= L` and `logit b_t >= L`: d equations and two inequalities
for 2 f unknowns. Levenberg-Marquardt steps (Levenberg 1944, Marquardt 1963) of least norm bring a pair to one
level L; from a pair that is there, L goes up, by longer steps while they succeed and shorter ones when they fail
(continuation; Allgower & Georg 1990), until the steps are short. A pair with c > 1/2 cannot be one query twice.

The starts, the same ones each call, are sharp and diffuse queries towards s and towards t, exactly or roughly.
All starts run side by side, and as many trials as fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnlab.attention import softmax_weights
from attnlab.shapes import Array, Mask
from attnlab.solvers.arithmetic import few_at_once

Positions = NDArray[np.int64]
"""A position of each trial."""

STARTS = 32
"""Pairs that each search begins at; four times as many raise the mean c at (32, 8) from .417 to .429."""
RADII = (1.0, 2.0, 4.0, 8.0)
"""Spreads of the logits at the starts."""
FIRST = 0.05
"""The first level, a logit: just above c = 1/2. Starts that miss it try lower ones."""
STEPS, STEP = 240, 12
"""Steps of a start in all, and those it has to reach a level."""
HIGHEST = 5.0
"""No start goes on beyond this logit, c = .993: nearly one-hot pairs are too ill-conditioned to confirm."""
SHORT = 3e-3
"""A start ends when its levels are this near: a third of a per cent of the odds."""
REACHED = 1e-11
"""The size of what is missed, in units of the values' spread, at which a level is reached."""
LONGEST = 3.0
"""The most a step may change the score of a position."""
CHUNK = 2**22
"""Numbers of features and values of all starts that are worked on at once (32 MB), those of one trial at least."""


@dataclass
class _State:
    """Every start of every trial: pairs (R, 2 f), the best reached and where it began, levels, damping."""

    pair: Array
    best: Array
    level: Array
    reached: Array
    rise: Array
    damping: Array
    spent: Array


def pairs(features: Array, values: Array, mask: Mask, s: Positions, t: Positions) -> tuple[Array, Array]:
    """features (B, n, f), values (B, n, d) of unit variance (`whitening`), mask (B, n), s and t (B,).

    Returns the pairs (B, S, 2, f) and c (B, S), the lesser of the two weights; 0 where no pair was found.
    """
    trials, n, f = features.shape
    found, c = np.empty((trials, STARTS, 2, f)), np.empty((trials, STARTS))
    for some in few_at_once(trials, STARTS * n * (f + values.shape[2]), CHUNK):
        found[some], c[some] = _side_by_side(features[some], values[some], mask[some], s[some], t[some])
    return found, c


def _side_by_side(
    features: Array, values: Array, mask: Mask, s: Positions, t: Positions
) -> tuple[Array, Array]:
    """`pairs` of some trials, all their starts at once."""
    trials, _, f = features.shape
    began = _starts(features, s, t)
    rows = np.repeat(np.arange(trials), STARTS)
    none = np.full(len(rows), -np.inf)
    state = _State(
        began.reshape(-1, 2 * f), began.reshape(-1, 2 * f).copy(), np.full(len(rows), FIRST), none,
        np.full(len(rows), 1.0), np.full(len(rows), 1e-3), np.zeros(len(rows)),
    )  # fmt: skip
    live = np.arange(len(rows))
    problem = _Problem(features[rows], values[rows], mask[rows], s[rows], t[rows])
    for _ in range(STEPS):
        if not live.size:
            break
        _advance(state, live, problem)
        going = state.rise[live] > SHORT
        if not going.all():
            live, problem = live[going], problem[going]
    c = 1 / (1 + np.exp(-state.reached))
    return state.best.reshape(trials, STARTS, 2, f), c.reshape(trials, STARTS)


def polished(problem: tuple[Array, Array], pair: Array, steps: int = 6) -> Array:
    """The pair (2, f) moved by Gauss-Newton steps of least norm until the outputs agree to rounding."""
    span, known = problem
    f = span.shape[1]
    for _ in range(steps):
        a, b = (softmax_weights(span @ query, np.ones(len(span), dtype=bool)) for query in pair)
        slope = np.hstack([_slope(span, a, known), -_slope(span, b, known)])
        step = np.linalg.lstsq(slope, (b - a) @ known, rcond=1e-12)[0]
        pair = pair + step.reshape(2, f)
    return pair


def _slope(span: Array, a: Array, rows: Array) -> Array:
    """The derivative of `rows^T softmax(span p)` in p: (d, f)."""
    return np.asarray(((rows - a @ rows) * a[:, None]).T @ span)


@dataclass(frozen=True)
class _Problem:
    """The rows that still run: features (R, n, f), values (R, n, d), mask (R, n), positions (R,)."""

    features: Array
    values: Array
    mask: Mask
    s: Positions
    t: Positions

    def __getitem__(self, some: Mask) -> _Problem:
        return _Problem(self.features[some], self.values[some], self.mask[some], self.s[some], self.t[some])

    def at(self, pair: Array, level: Array) -> _Place:
        """Where the pairs (R, 2 f) stand, on the way to their levels (R,)."""
        f, d = self.features.shape[2], self.values.shape[2]
        missed = np.zeros((len(pair), d + 2))
        lesser = np.full(len(pair), np.inf)
        sides = []
        for side, word in enumerate((self.s, self.t)):
            reached = self._side(pair[:, side * f : (side + 1) * f], word)
            missed[:, :d] -= (1.0 - 2.0 * side) * reached.output
            missed[:, d + side] = np.maximum(level - reached.logit, 0.0)
            lesser = np.minimum(lesser, reached.logit)
            sides.append(reached)
        return _Place(missed, lesser, (sides[0], sides[1]))

    def _side(self, query: Array, word: Positions) -> _Side:
        """What one query makes of the values, and of its word."""
        every = np.arange(len(query))
        scores = np.where(self.mask, np.matmul(self.features, query[..., None])[..., 0], -np.inf)
        shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights = shifted / shifted.sum(axis=1, keepdims=True)
        output = np.matmul(weights[:, None], self.values)[:, 0]
        rest = scores.copy()
        rest[every, word] = -np.inf
        top = rest.max(axis=1)
        powers = np.exp(rest - top[:, None])
        total = powers.sum(axis=1)
        logit = scores[every, word] - top - np.log(total)
        return _Side(weights, output, logit, powers / total[:, None])

    def slope(self, place: _Place) -> Array:
        """The derivative of what is missed, with its sign turned, in the pair: (R, d + 2, 2 f)."""
        f, d = self.features.shape[2], self.values.shape[2]
        slope = np.zeros((len(place.missed), d + 2, 2 * f))
        for side, (reached, word) in enumerate(zip(place.sides, (self.s, self.t), strict=True)):
            part = slice(side * f, (side + 1) * f)
            around = self.values - reached.output[:, None]
            around *= reached.weights[..., None]
            slope[:, :d, part] = (1.0 - 2.0 * side) * np.matmul(np.swapaxes(around, 1, 2), self.features)
            short = place.missed[:, d + side, None] > 0
            others = np.matmul(reached.others[:, None], self.features)[:, 0]
            of_logit = self.features[np.arange(len(word)), word] - others
            slope[:, d + side, part] = np.where(short, of_logit, 0.0)
        return slope


@dataclass(frozen=True)
class _Side:
    """One query of each row: its weights (R, n), output (R, d), the logit of its word's weight (R,), and the
    weights of the other positions among themselves (R, n)."""

    weights: Array
    output: Array
    logit: Array
    others: Array

    def __getitem__(self, some: Mask) -> _Side:
        return _Side(self.weights[some], self.output[some], self.logit[some], self.others[some])


@dataclass(frozen=True)
class _Place:
    """What is missed (R, d + 2), the lesser logit (R,), and both sides."""

    missed: Array
    lesser: Array
    sides: tuple[_Side, _Side]

    def __getitem__(self, some: Mask) -> _Place:
        return _Place(self.missed[some], self.lesser[some], (self.sides[0][some], self.sides[1][some]))


def _advance(state: _State, live: Positions, problem: _Problem) -> None:
    """One step of every live start, and the next level of those that reached theirs."""
    pair, level = state.pair[live], state.level[live]
    place = problem.at(pair, level)
    size = np.linalg.norm(place.missed, axis=1)
    there = size <= REACHED
    late = ~there & (state.spent[live] >= STEP)
    _levels(state, live, there, late, place.lesser)
    moving = ~there & ~late
    going, still = live[moving], live[~moving]
    state.damping[still], state.spent[still] = 1e-3, 0
    if not going.size:
        return
    if still.size:
        pair, level, size, place, problem = (
            pair[moving], level[moving], size[moving], place[moving], problem[moving]
        )  # fmt: skip
    ahead = pair + _step(place.missed, problem.slope(place), state.damping[going], problem)
    better = np.linalg.norm(problem.at(ahead, level).missed, axis=1) < size
    state.pair[going[better]] = ahead[better]
    state.damping[going] = np.clip(np.where(better, 0.1, 8.0) * state.damping[going], 1e-12, 1e3)
    state.spent[going] += 1


def _levels(state: _State, live: Positions, there: Mask, late: Mask, lesser: Array) -> None:
    """Raise the levels that were reached; go back to the best pair, and to a lower level, where not."""
    up, down = live[there], live[late]
    state.best[up], state.reached[up] = state.pair[up], np.maximum(state.reached[up], lesser[there])
    state.level[up] = np.minimum(state.reached[up] + state.rise[up], HIGHEST)
    state.rise[up] = np.where(state.reached[up] < HIGHEST, np.minimum(1.5 * state.rise[up], 1.0), 0.0)
    known = np.isfinite(state.reached[down])
    state.rise[down] = np.where(known, 0.3 * state.rise[down], 0.5 * state.rise[down])
    state.pair[down] = state.best[down]
    back = np.where(known, state.reached[down] + state.rise[down], state.level[down] - 1.0)
    state.level[down] = back
    # No pair at c = .13: this start ends.
    state.rise[down[~known & (back < -2.0)]] = 0.0


def _step(missed: Array, slope: Array, damping: Array, problem: _Problem) -> Array:
    """`J^T (J J^T + damping |J|^2)^-1 missed`, no longer than LONGEST in any score."""
    gram = np.matmul(slope, np.swapaxes(slope, 1, 2))
    every = np.arange(gram.shape[1])
    own = gram[:, every, every]
    gram[:, every, every] += damping[:, None] * own + 1e-14 * own.max(axis=1, keepdims=True) + 1e-290
    step = np.matmul(np.swapaxes(slope, 1, 2), np.linalg.solve(gram, missed[..., None]))[..., 0]
    f = problem.features.shape[2]
    both = step.reshape(len(step), 2, f)
    moved = np.abs(np.matmul(problem.features, np.swapaxes(both, 1, 2))).max(axis=(1, 2))
    return np.asarray(step * np.minimum(1.0, LONGEST / np.maximum(moved, 1e-300))[:, None])


def _starts(features: Array, s: Positions, t: Positions) -> Array:
    """(B, S, 2, f): towards s and towards t, at the radii in turn, every second one with the direction shaken."""
    trials, _, f = features.shape
    every = np.arange(trials)
    shaken = np.random.Generator(np.random.PCG64(f)).standard_normal((STARTS, 2, f)) / np.sqrt(max(f, 1))
    shaken *= (np.arange(STARTS) // len(RADII) / (STARTS // len(RADII) - 1))[:, None, None]
    began = np.empty((trials, STARTS, 2, f))
    for side, word in enumerate((s, t)):
        towards = features[every, word]
        length = np.linalg.norm(towards, axis=1, keepdims=True)
        towards = towards / np.where(length > 0, length, 1.0)
        began[:, :, side] = towards[:, None] + shaken[None, :, side]
    return began * np.array(RADII)[np.arange(STARTS) % len(RADII), None, None]
