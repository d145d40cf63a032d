"""The compiled kernels of twin_query (what they may assume, and why they share a file: solvers/arithmetic.py).

Shapes, throughout: n visible positions, f features and d values that are not constant, both centred.
F (n, f), V (n, d); p (f,): the query; a, b (n,): weights; o, target, error (d,): output, the one wanted, what
lacks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from attnlab.shapes import Array
from attnlab.solvers.compiling import inner, kernel

_STEPS = 60
"""Newton's steps from one start.

Of the starts that land, half do so within 12 steps and .99 within 40 (256 starts, e and d from 2 to 16, n to 64).
"""
_FALLS, _SLOW = 0.9, 16
"""A start is given up once its error fell to no less than this share of itself in so many steps in a row.

It creeps along queries where the covariance is singular. Every second start that does not land ends so, after half
the work that its last step would take. Of the 1,161 rivals of 480 outputs (n = 32 and e = d = 2, 4 or 8, from
temperature .1 to 1, 4 a trial at most) 2 are missed that way, and no output's only one.
"""
_HALVINGS = 12
"""Lengths of one step that are tried. No start that landed needed more than 10 halvings; the reach halved 11 times
moves no logit by .004 more than it had, so that nothing but rounding keeps the error from falling."""
_DESCENT = 1e-4
"""Share of what the tangent promises that a step must bring (Armijo 1966)."""
_REACH = 8.0
"""A step changes no difference of logits by more than this and half their present range."""
_FLOOR = 1e-12
"""An error this small is not halved for: the search is at its rounding floor."""
_SINGULAR = 1e-200
"""A pivot below this is zero. Whatever a larger one gives is a step like another: it is cut to the reach, and kept
only if the error falls."""


class Room(NamedTuple):
    """What the steps of one trial work in, `wide` being the larger of d and f."""

    slope: Array  # (d, f): Cov_a(v, f), the derivative of the output
    system: Array  # (wide, wide)
    right: Array  # (wide,)
    step: Array  # (f,)
    mean: Array  # (f,): of the features
    ahead: Array  # (f,): the query a step leads to
    error: Array  # (d,)
    weights: Array  # (n,): those of the query ahead


@inner
def _weights(F, p, a):  # type: ignore[no-untyped-def]
    """a := softmax(F p)."""
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


@inner
def _mean(V, a, o):  # type: ignore[no-untyped-def]
    """o := V^T a."""
    n, d = V.shape
    for j in range(d):
        o[j] = 0.0
    for i in range(n):
        line, weight = V[i], a[i]
        for j in range(d):
            o[j] += weight * line[j]


@inner
def _solve(A, x, size):  # type: ignore[no-untyped-def]
    """x := A^-1 x by elimination with partial pivoting, A[:size, :size] lost; False if A is singular."""
    for s in range(size):
        at = s
        for i in range(s + 1, size):
            if abs(A[i, s]) > abs(A[at, s]):
                at = i
        if abs(A[at, s]) < _SINGULAR:
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


@inner
def _covariance(F, V, a, o, mean, J):  # type: ignore[no-untyped-def]
    """J := Cov_a(v, f), (d, f), with o = V^T a; mean (f,) becomes that of the features."""
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


@inner
def _newton_step(J, error, A, x, step):  # type: ignore[no-untyped-def]
    """The step (f,) with `J step = error`: exact, of least norm, or of least squares, whichever the shape allows.

    J (d, f); A (wide, wide) and x (wide,) are scratch. False where its equations are singular.
    """
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


@inner
def _share(F, p, step):  # type: ignore[no-untyped-def]
    """The part of the step (f,) from p that may be gone at once, at most 1; 0 where the step is not finite."""
    n, f = F.shape
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
        return 0.0
    return min(1.0, (_REACH + 0.5 * (most - least)) / max(high - low, 1e-300))


@inner
def _descend(F, V, target, p, a, o, room):  # type: ignore[no-untyped-def]
    """Newton with backtracking from p, in place, in a `room`; the size of the error it ends with."""
    f, d = F.shape[1], V.shape[1]
    slope, system, right, step, mean, ahead, error, b = room
    _weights(F, p, a)
    _mean(V, a, o)
    size = 0.0
    for k in range(d):
        error[k] = target[k] - o[k]
        size += error[k] ** 2
    size = np.sqrt(size)
    slow = 0
    for _ in range(_STEPS):
        if size == 0.0 or slow == _SLOW:
            break
        _covariance(F, V, a, o, mean, slope)
        if not _newton_step(slope, error, system, right, step):
            break
        length = _share(F, p, step)
        if length == 0.0:
            break
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
            if next_size < (1.0 - _DESCENT * length) * size:
                moved = True
                break
            if size < _FLOOR:
                break
            length *= 0.5
        if not moved:
            break
        slow = slow + 1 if next_size > _FALLS * size else 0
        size = next_size
        for i in range(len(a)):
            a[i] = b[i]
        for j in range(f):
            p[j] = ahead[j]
        for k in range(d):
            error[k] = target[k] - o[k]
    return size


@inner
def _used(columns):  # type: ignore[no-untyped-def]
    """How many of the columns (n, w) are not zero: the leading ones, as whitening puts them."""
    count = 0
    for j in range(columns.shape[1]):
        for i in range(columns.shape[0]):
            if columns[i, j] != 0.0:
                count += 1
                break
    return count


@inner
def _distance(a, b):  # type: ignore[no-untyped-def]
    """The total variation of two rows of weights."""
    total = 0.0
    for i in range(len(a)):
        total += abs(a[i] - b[i])
    return 0.5 * total


@kernel
def twins(features, values, mask, outputs, known, starts, tolerance, same, parameters, reached, count, tried):  # type: ignore[no-untyped-def]
    """Fill parameters (B, s, f), reached (B, s), count and tried (B,): the fields of Twins; count is 0 at first.

    features (B, n, f), values (B, n, d), mask (B, n), outputs (B, d); known (B, f): a solution, or NaN; starts
    (r, f). A solution misses the output by no more than `tolerance`, and is new if farther than `same` from the
    others.
    """
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
        room = Room(
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
                if _distance(seen[other], b) <= same:
                    new = False
                    break
            if new:
                seen[held] = b
                held += 1
                parameters[trial, count[trial]] = 0.0
                parameters[trial, count[trial], :f] = p
                reached[trial, count[trial]] = start
                count[trial] += 1
