"""Solve `V^T softmax(F w) = o` for the parameters w of an exponential family with features F.

With `F = V` this is maximum entropy: the equation is the stationarity of the convex dual
`log sum exp(V w) - w.o` (Jaynes 1957), so the weights are unique. With `F = K` it is the softmax inverse:
unique where K is an affine function of V, otherwise one of many possible solutions, where this start leads.

Both are a damped Newton iteration on `o - V^T softmax(F w)`, with the Jacobian `Cov_a(v, f)`. V and F enter
only through the spans of their centred columns, so each is first replaced by an orthonormal basis of that:
scale, offset and dependent columns then cost no accuracy. Masked rows are left out before that.

Maximum entropy keeps this method and does not take the compiled one of twin_query, which is led by the error
alone: near the border (temperature .05) that solves under half at (128, 32), the dual all. What it would save is
a quarter of the time at (32, 8), a fifth at (64, 16), nothing at (128, 32) (benchmarks/softmax_question.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from attnlab.arrays import lengths
from attnlab.attention import output, softmax_weights
from attnlab.metrics import relative_gap
from attnlab.shapes import Array, Mask
from attnlab.solvers.whitening import Whitening, whitening

Rows = NDArray[np.int64]

CONVEX_STEPS, STEPS = 300, 50
"""Newton steps allowed. About 10 do inside the simplex; towards its border w runs to infinity, about 1 a step,
but a convex problem gets there. Another one may creep towards a singular point for ever."""
LOGIT_RANGE, GROWTH = 8.0, 0.5
"""No step changes a logit difference by more than 8 and half the present range: longer ones land on a one-hot
plateau, where `Cov_a` vanishes; a fixed cap alone needs hundreds of steps where the solution lies far out."""
HALVINGS = 10
ARMIJO = 1e-4
ROUNDING = 1e-12
"""An error this small may be rounding: a step that does not shrink it is not shortened and not taken."""
SQUARED = 0.01
"""A step that leaves less than this of the error squares it, as Newton's do near a regular solution."""
FAR = 1e50
"""Outputs farther from the values, in their deviations, count as this far: out of reach, but not of a float's."""
CHUNK = 2**22
"""Numbers of V and F worked on at once (32 MB)."""


@dataclass(frozen=True)
class Fit:
    """The solutions of a batch.

    parameters (B, f): w, of minimum norm where features are dependent; weights (B, n): `softmax(F w)`;
    residual (B,): `|V^T a - o|` relative to the root mean square size of the visible values; converged (B,):
    whether it is at most the tolerance asked for.
    """

    parameters: Array
    weights: Array
    residual: Array
    converged: Mask


def fit(
    features: Array,
    values: Array,
    outputs: Array,
    mask: Mask | None = None,
    start: Array | None = None,
    tolerance: float = 1e-9,
    enough: float = 0.0,
) -> Fit:
    """Newton from `start` (w = 0 if None), every instance of the batch to its own rounding floor.

    enough: an error, in deviations of the values, at which a row ends whose step took less than .99 off: it heads
    for a solution at infinity, where the last steps to the floor would follow the rounding.

    features (B, n, f), values (B, n, d), outputs (B, d), mask (B, n) True where visible, start (B, f). An
    instance that fails stops no other: it comes back with `converged` False and the best weights seen. Pass
    one array as features and values for maximum entropy.
    """
    trials, n, f = features.shape
    mask = np.ones((trials, n), dtype=bool) if mask is None else mask
    start = np.zeros((trials, f)) if start is None else start
    parameters, weights = np.empty((trials, f)), np.empty((trials, n))
    for part in _chunks(trials, n * (f + values.shape[2])):
        of_values = whitening(values[part], mask[part])
        of_features = of_values if features is values else whitening(features[part], mask[part])
        target = _left(of_values.whiten, outputs[part] - of_values.centre)
        target /= np.maximum(1.0, lengths(target) / FAR)[:, None]
        problem = _Problem(of_features.span, of_values.span, target, mask[part])
        w = _newton(problem, _apply(of_features.unwhiten, start[part]), enough)
        weights[part] = softmax_weights(_apply(of_features.span, w), mask[part])
        parameters[part] = _apply(of_features.whiten, w)
    residual = relative_gap(output(weights, values), outputs, values, mask)
    return Fit(parameters, weights, residual, residual <= tolerance)


def parameters_of(weights: Array, of_features: Whitening, mask: Mask) -> tuple[Array, Mask]:
    """p (B, f) with `a = softmax(span p)`, and where that holds to 1e-9 (B,).

    Least squares on log a, over the positions whose weight did not underflow.
    """
    shown = mask & (weights > 0)
    logs = np.log(np.where(shown, weights, 1.0))
    count = shown.sum(axis=1, keepdims=True)
    logs = np.where(shown, logs - logs.sum(axis=1, keepdims=True) / count, 0.0)
    span = np.where(shown[..., None], of_features.span, 0.0)
    span = np.where(shown[..., None], span - span.sum(axis=1, keepdims=True) / count[..., None], 0.0)
    p = np.matmul(np.linalg.pinv(span), logs[..., None])[..., 0]
    return p, np.abs(softmax_of(p, of_features, mask) - weights).max(axis=1) <= 1e-9


def softmax_of(parameters: Array, of_features: Whitening, mask: Mask) -> Array:
    """`softmax(span p)` (B, n), for parameters p (B, f) in whitened coordinates."""
    return softmax_weights(_apply(of_features.span, parameters), mask)


@dataclass(frozen=True)
class _Problem:
    """`basis^T softmax(span w) = target` for w: span (B, n, r), basis (B, n, s), target (B, s), mask (B, n).

    Convex, the gradient of a dual, where basis and span are one array.
    """

    span: Array
    basis: Array
    target: Array
    mask: Mask

    @property
    def convex(self) -> bool:
        return self.span is self.basis

    def __getitem__(self, rows: Rows) -> _Problem:
        if len(rows) == len(self.target):
            return self
        span = self.span[rows]
        basis = span if self.convex else self.basis[rows]
        return _Problem(span, basis, self.target[rows], self.mask[rows])

    def at(self, w: Array) -> _Point:
        scores = _apply(self.span, w)
        weights = softmax_weights(scores, self.mask)
        dual = np.zeros(len(w))
        if self.convex:
            dual = logsumexp(np.where(self.mask, scores, -np.inf), axis=1) - (w * self.target).sum(axis=1)
        return _Point(w, weights, self.target - _left(self.basis, weights), dual)

    def logit_range(self, w: Array) -> Array:
        scores = _apply(self.span, w)
        highest = np.where(self.mask, scores, -np.inf).max(axis=1)
        return np.asarray(highest - np.where(self.mask, scores, np.inf).min(axis=1))

    def step(self, point: _Point) -> Array:
        """The Newton step: `Cov_a(v, f) step = error`, of minimum norm where that is singular."""
        centred = self.span - _left(self.span, point.weights)[:, None]
        against = centred if self.convex else self.basis - _left(self.basis, point.weights)[:, None]
        covariance = np.matmul(np.swapaxes(against * point.weights[..., None], 1, 2), centred)
        if self.convex:
            # Along a direction in which the weights cannot move the error is rounding, and so is the ridge.
            ridge = 1e-14 * np.trace(covariance, axis1=1, axis2=2) + 1e-200
            covariance += ridge[:, None, None] * np.eye(covariance.shape[1])
        if covariance.shape[1] == covariance.shape[2]:
            with contextlib.suppress(np.linalg.LinAlgError):
                return np.asarray(np.linalg.solve(covariance, point.error[..., None])[..., 0])
        return _apply(np.linalg.pinv(covariance, rcond=1e-13), point.error)


@dataclass(frozen=True)
class _Point:
    """Where an iteration stands: w (B, r), weights (B, n), error (B, s) and the dual objective (B,)."""

    w: Array
    weights: Array
    error: Array
    dual: Array

    @property
    def size(self) -> Array:
        return np.asarray(np.linalg.norm(self.error, axis=1))

    def __getitem__(self, rows: Rows) -> _Point:
        return _Point(self.w[rows], self.weights[rows], self.error[rows], self.dual[rows])

    def put(self, rows: Rows, other: _Point) -> None:
        """Overwrite these rows."""
        for name in ("w", "weights", "error", "dual"):
            getattr(self, name)[rows] = getattr(other, name)


def _newton(problem: _Problem, start: Array, enough: float) -> Array:
    """w (B, r): of all points on each row's way to its rounding floor, the one with the smallest error.

    An error of `enough` ends a row, unless its steps square it.
    """
    solution, running = start.copy(), np.arange(len(start))
    point = problem.at(start.copy())
    smallest = point.size
    for _ in range(CONVEX_STEPS if problem.convex else STEPS):
        before = point.size
        moved = _advance(problem, point)
        moved &= (point.size > enough) | (point.size < SQUARED * before)
        best = point.size < smallest[running]
        solution[running[best]], smallest[running[best]] = point.w[best], point.size[best]
        going = np.flatnonzero(moved & (point.size > np.finfo(float).eps))
        if not going.size:
            break
        running, problem, point = running[going], problem[going], point[going]
    return solution


def _advance(problem: _Problem, point: _Point) -> Mask:
    """Move every row of `point` by one Newton step, halved until it helps; True where it did.

    It helps if it shrinks the error or, where the problem is convex, if it lowers the dual: the first alone
    stalls on the way to far solutions, the second alone cannot see the last digits. There only the first
    counts: an output that rounding has put outside the hull has a dual without a minimum.
    """
    step = problem.step(point)
    cap = LOGIT_RANGE + GROWTH * problem.logit_range(point.w)
    length = cap / np.maximum(problem.logit_range(step), cap)
    size, dual, slope = point.size, point.dual.copy(), np.zeros(len(length))
    if problem.convex:
        slope = (step * point.error).sum(axis=1)
    moved = np.zeros(len(length), dtype=bool)
    trying = np.arange(len(length))
    for _ in range(HALVINGS):
        ahead = problem[trying].at(point.w[trying] + length[trying, None] * step[trying])
        decrease = ARMIJO * length[trying]
        better = ahead.size < (1 - decrease) * size[trying]
        descent = np.maximum(decrease * slope[trying], 1e-15 * np.abs(dual[trying]))
        better |= (ahead.dual < dual[trying] - descent) & (size[trying] > ROUNDING)
        point.put(trying[better], ahead[np.flatnonzero(better)])
        moved[trying[better]] = True
        length[trying] /= 2
        trying = trying[~better & (size[trying] > ROUNDING)]
        if not trying.size:
            break
    return moved


def _apply(matrix: Array, vector: Array) -> Array:
    """(B, p, r), (B, r) -> (B, p)."""
    return np.asarray(np.matmul(matrix, vector[..., None])[..., 0])


def _left(matrix: Array, vector: Array) -> Array:
    """(B, p, r), (B, p) -> (B, r)."""
    return np.asarray(np.matmul(vector[:, None], matrix)[:, 0])


def _chunks(trials: int, each: int) -> Iterator[slice]:
    size = max(1, CHUNK // max(each, 1))
    return (slice(first, first + size) for first in range(0, trials, size))
