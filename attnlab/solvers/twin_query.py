"""Queries of an exponential family with a given mean: `V^T softmax(F p) = o`, as many as a search finds.

Newton from many starts, each to its own rounding floor, compiled. A start's step solves `Cov_a(v, f) step = error`
if V and F have the same rank; with more features than values the step of least norm does, so that every start
lands somewhere on the fibre; with fewer, the least-squares step. A step changes no logit difference by more than
8 and half the present range: longer ones land where the weights are one-hot and the covariance vanishes.

The starts are the same for every trial: p = 0, then directions drawn once, at radii 1/2, 1, 2, 4, 8, 16 in turn
(the features have variance 1, so a radius is the spread of the logits). So what is found is a function of the
arrays alone, and the first s of more starts are the s starts. Where the degree is known (e = d) the signs of a
complete set of solutions add up to it; with 256 starts they do in all of 300 draws at e = d = 2 and n = 8 or 32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from attnlab.shapes import Array, Mask
from attnlab.solvers.arithmetic import FAST

_STEPS = 60
_HALVINGS = 12
STARTS = 256
"""The one setting of all searches."""
RADII = 0.5 * 2.0 ** np.arange(6)
KEPT = 64
"""Distinct solutions kept of a trial."""
SAME = 1e-6
"""Two solutions nearer than this in total variation are one."""


@dataclass(frozen=True)
class Twins:
    """The distinct solutions found, in the order of their starts; NaN and -1 beyond the last.

    parameters (B, s, f); start (B, s): the number of the start each was first reached from; count (B,);
    tried (B,): the starts run, fewer where enough was found.
    """

    parameters: Array
    start: NDArray[np.int64]
    count: NDArray[np.int64]
    tried: NDArray[np.int64]


def twins(
    features: Array,
    values: Array,
    mask: Mask,
    outputs: Array,
    *,
    known: Array | None = None,
    starts: int = STARTS,
    enough: int = KEPT,
    tolerance: float = 1e-12,
) -> Twins:
    """Search each trial from `starts` queries, or until it has `enough` solutions.

    features (B, n, f), values (B, n, d), both centred with columns of unit variance (`whitening`; zero columns
    take no part); mask (B, n) True where visible; outputs (B, d) in the coordinates of the values; known (B, f):
    one solution that is known and does not count; tolerance: the error of an output that a solution may have.
    """
    trials, _, f = features.shape
    most = min(enough, KEPT)
    found = Twins(
        np.full((trials, most, f), np.nan),
        np.full((trials, most), -1, dtype=np.int64),
        np.zeros(trials, dtype=np.int64),
        np.zeros(trials, dtype=np.int64),
    )
    _batch(
        np.ascontiguousarray(features),
        np.ascontiguousarray(values),
        np.ascontiguousarray(mask),
        np.ascontiguousarray(outputs),
        np.full((trials, f), np.nan) if known is None else np.ascontiguousarray(known),
        start_points(starts, f),
        tolerance,
        found.parameters,
        found.start,
        found.count,
        found.tried,
    )
    return found


def start_points(starts: int, f: int) -> Array:
    """(starts, f): the queries that every search begins at."""
    directions = np.random.Generator(np.random.PCG64(f)).standard_normal((starts, max(f, 1)))[:, :f]
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    points = directions / np.where(lengths > 0, lengths, 1.0) * RADII[np.arange(starts) % len(RADII), None]
    points[:1] = 0.0
    return points


@njit(cache=True, fastmath=FAST)
def _weights(F, p, a):  # type: ignore[no-untyped-def]
    """a = softmax(F p)."""
    n, f = F.shape
    top = -np.inf
    for i in range(n):
        total = 0.0
        line = F[i]
        for j in range(f):
            total += line[j] * p[j]
        a[i] = total
        top = max(top, total)
    total = 0.0
    for i in range(n):
        a[i] = np.exp(a[i] - top)
        total += a[i]
    for i in range(n):
        a[i] /= total


@njit(cache=True, fastmath=FAST)
def _mean(V, a, o):  # type: ignore[no-untyped-def]
    """o = V^T a."""
    n, d = V.shape
    for j in range(d):
        o[j] = 0.0
    for i in range(n):
        line, weight = V[i], a[i]
        for j in range(d):
            o[j] += weight * line[j]


@njit(cache=True, fastmath=FAST)
def _solve(A, x, size):  # type: ignore[no-untyped-def]
    """x := A^-1 x by elimination with partial pivoting; False if A is singular up to rounding."""
    for s in range(size):
        at = s
        for i in range(s + 1, size):
            if abs(A[i, s]) > abs(A[at, s]):
                at = i
        if abs(A[at, s]) < 1e-200:
            return False
        if at != s:
            for j in range(s, size):
                A[s, j], A[at, j] = A[at, j], A[s, j]
            x[s], x[at] = x[at], x[s]
        for i in range(s + 1, size):
            factor = A[i, s] / A[s, s]
            if factor != 0.0:
                low, high = A[i], A[s]
                for j in range(s, size):
                    low[j] -= factor * high[j]
                x[i] -= factor * x[s]
    for i in range(size - 1, -1, -1):
        total = x[i]
        for j in range(i + 1, size):
            total -= A[i, j] * x[j]
        x[i] = total / A[i, i]
    return True


@njit(cache=True, fastmath=FAST)
def _covariance(F, V, a, o, mean, J):  # type: ignore[no-untyped-def]
    """J = Cov_a(v, f), (d, f)."""
    n, f = F.shape
    d = V.shape[1]
    _mean(F, a, mean)
    for k in range(d):
        for j in range(f):
            J[k, j] = 0.0
    for i in range(n):
        line, value = F[i], V[i]
        for k in range(d):
            weight = a[i] * (value[k] - o[k])
            row = J[k]
            for j in range(f):
                row[j] += weight * (line[j] - mean[j])


@njit(cache=True, fastmath=FAST)
def _newton_step(J, error, A, x, step):  # type: ignore[no-untyped-def]
    """The step with `J step = error`: exact, of least norm, or of least squares, whichever the shape allows."""
    d, f = J.shape
    for k in range(d):
        x[k] = error[k]
    if d == f:
        for k in range(d):
            for j in range(d):
                A[k, j] = J[k, j]
        if not _solve(A, x, d):
            return False
        for j in range(f):
            step[j] = x[j]
        return True
    if d < f:
        for k in range(d):
            for other in range(d):
                total = 0.0
                for j in range(f):
                    total += J[k, j] * J[other, j]
                A[k, other] = total
        if not _solve(A, x, d):
            return False
        for j in range(f):
            step[j] = 0.0
            for k in range(d):
                step[j] += J[k, j] * x[k]
        return True
    for j in range(f):
        step[j] = 0.0
        for k in range(d):
            step[j] += J[k, j] * error[k]
        for other in range(f):
            total = 0.0
            for k in range(d):
                total += J[k, j] * J[k, other]
            A[j, other] = total
    return _solve(A, step, f)


@njit(cache=True, fastmath=FAST)
def _descend(F, V, target, p, a, o, room):  # type: ignore[no-untyped-def]
    """Newton with backtracking from p, in place; the size of the error it ends with."""
    # Long: one Newton loop with its backtracking; every line works on scratch that the others share.
    n, f = F.shape
    d = V.shape[1]
    J, A, x, step, mean, ahead, error, b = room
    _weights(F, p, a)
    _mean(V, a, o)
    size = 0.0
    for k in range(d):
        error[k] = target[k] - o[k]
        size += error[k] ** 2
    size = np.sqrt(size)
    for _ in range(_STEPS):
        if size == 0.0:
            break
        _covariance(F, V, a, o, mean, J)
        if not _newton_step(J, error, A, x, step):
            break
        low, high, least, most = np.inf, -np.inf, np.inf, -np.inf
        for i in range(n):
            change, now = 0.0, 0.0
            line = F[i]
            for j in range(f):
                change += line[j] * step[j]
                now += line[j] * p[j]
            low, high = min(low, change), max(high, change)
            least, most = min(least, now), max(most, now)
        if not high - low < np.inf:
            break
        length = min(1.0, (8.0 + 0.5 * (most - least)) / max(high - low, 1e-300))
        moved = False
        for _ in range(_HALVINGS):
            for j in range(f):
                ahead[j] = p[j] + length * step[j]
            _weights(F, ahead, b)
            _mean(V, b, o)
            next_size = 0.0
            for k in range(d):
                next_size += (target[k] - o[k]) ** 2
            next_size = np.sqrt(next_size)
            if next_size < (1.0 - 1e-4 * length) * size:
                moved = True
                break
            if size < 1e-12:
                break
            length *= 0.5
        if not moved:
            break
        size = next_size
        for i in range(n):
            a[i] = b[i]
        for j in range(f):
            p[j] = ahead[j]
        for k in range(d):
            error[k] = target[k] - o[k]
    return size


@njit(cache=True, fastmath=FAST)
def _used(columns):  # type: ignore[no-untyped-def]
    """How many leading columns are not zero."""
    count = 0
    for j in range(columns.shape[1]):
        for i in range(columns.shape[0]):
            if columns[i, j] != 0.0:
                count += 1
                break
    return count


@njit(cache=True, fastmath=FAST)
def _distance(a, b):  # type: ignore[no-untyped-def]
    """The total variation of two rows of weights."""
    total = 0.0
    for i in range(len(a)):
        total += abs(a[i] - b[i])
    return 0.5 * total


@njit(cache=True, fastmath=FAST)
def _batch(features, values, mask, outputs, known, starts, tolerance, parameters, reached, count, tried):  # type: ignore[no-untyped-def]
    most = parameters.shape[1]
    for trial in range(features.shape[0]):
        f, d = _used(features[trial]), _used(values[trial])
        n = 0
        for i in range(mask.shape[1]):
            n += mask[trial, i]
        F, V = np.empty((n, f)), np.empty((n, d))
        row = 0
        for i in range(mask.shape[1]):
            if mask[trial, i]:
                F[row], V[row] = features[trial, i, :f], values[trial, i, :d]
                row += 1
        wide = max(f, d)
        room = (
            np.empty((d, f)), np.empty((wide, wide)), np.empty(wide), np.empty(f), np.empty(f), np.empty(f),
            np.empty(d), np.empty(n),
        )  # fmt: skip
        b, o, target, p = np.empty(n), np.empty(d), outputs[trial, :d].copy(), np.empty(f)
        seen, held = np.empty((most + 1, n)), 0
        if f == 0 or not np.isnan(known[trial, 0]):
            p[:] = known[trial, :f]
            _weights(F, p, seen[0])
            held = 1
        for start in range(starts.shape[0]):
            if count[trial] == most:
                break
            tried[trial] = start + 1
            p[:] = starts[start, :f]
            if _descend(F, V, target, p, b, o, room) > tolerance:
                continue
            new = True
            for other in range(held):
                if _distance(seen[other], b) <= SAME:
                    new = False
                    break
            if new:
                seen[held] = b
                held += 1
                parameters[trial, count[trial]] = 0.0
                parameters[trial, count[trial], :f] = p
                reached[trial, count[trial]] = start
                count[trial] += 1
