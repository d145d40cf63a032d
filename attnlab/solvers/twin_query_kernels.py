"""The compiled kernels of twin_query (what they may assume, and why they share a file: solvers/arithmetic.py).

Shapes, throughout: n visible positions, f features and d values that are not constant, both centred.
F (n, f), V (n, d); p (f,): the query; a, b (n,): weights; o, target, error (d,): output, the one wanted, what
lacks; J (d, f): the output's derivative; scaled, scale, gram, along, step and room: as in `Room`; L: a Cholesky
factor; x: scratch; reach: of the trust region; damping: added to the Gram matrix.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attnlab.shapes import Array
from attnlab.solvers.compiling import inner, kernel

_EVALUATIONS = 200
"""Queries tried from one start, at most."""
_LOOK, _SHRUNK = 20, 0.97
"""Every so many evaluations the error must be below this share of what it was, or the start is given up: most
starts run away along the keys, where it falls ever more slowly. Against 100 evaluations without this rule the
search finds as many queries at (32, 4), (32, 8) and (64, 16), sharp and diffuse, in three quarters of the time."""
_FACTOR = 100.0
"""The first trust region, in units of the start (or alone where that is 0)."""
_NEAR = 0.1
"""How near the length of a damped step comes to the trust region's, relatively."""
_ROUNDS = 10
"""Dampings tried for one length: three or four do (More 1978)."""
_GAINED = 1e-4
"""Share of the promised gain that a step must bring to be taken."""
_FLAT = 1e-8
"""A gain this small, promised and had, relative to the square of the error, is a minimum that is no solution; one
that is a solution gains nearly all at every step until it is at its rounding floor."""
_STILL = 1e-15
"""A trust region this small, relative to the query, moves nothing."""
_FLOOR = 1e-12
"""An error this small may be rounding: a step that does not shrink it ends the search."""
_SINGULAR = 1e-200
"""A pivot below this is zero."""


class Room(NamedTuple):
    """What the steps of one trial work in, `least` being the lesser of d and f, `wide` the larger."""

    slope: Array  # (d, f): Cov_a(v, f), the derivative of the output, J
    scaled: Array  # (d, f): J over the scales
    scale: Array  # (f,): of the query's coordinates, the largest length of each column of J so far
    gram: Array  # (least, least): of the scaled J
    system: Array  # (wide, wide)
    right: Array  # (wide,)
    along: Array  # (wide,)
    step: Array  # (f,): in units of the scales
    mean: Array  # (f,): of the features
    ahead: Array  # (f,): the query a step leads to
    error: Array  # (d,)
    weights: Array  # (n,): those of the query ahead
    moved: Array  # (n, f): features off their mean, times their weights


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
def _covariance(F, V, a, o, mean, moved, J):  # type: ignore[no-untyped-def]
    """J := Cov_a(v, f), (d, f), with o = V^T a; mean (f,) becomes that of the features, moved (n, f) is scratch.

    Four positions at a time: each entry of J is fetched and put back a quarter as often.
    """
    n, f = F.shape
    d = V.shape[1]
    _mean(F, a, mean)
    for k in range(d):
        for j in range(f):
            J[k, j] = 0.0
    for i in range(n):
        line, shift, weight = F[i], moved[i], a[i]
        for j in range(f):
            shift[j] = weight * (line[j] - mean[j])
    fours = n - n % 4
    for i in range(0, fours, 4):
        m0, m1, m2, m3 = moved[i], moved[i + 1], moved[i + 2], moved[i + 3]
        v0, v1, v2, v3 = V[i], V[i + 1], V[i + 2], V[i + 3]
        for k in range(d):
            row, mid = J[k], o[k]
            w0, w1, w2, w3 = v0[k] - mid, v1[k] - mid, v2[k] - mid, v3[k] - mid
            for j in range(f):
                row[j] += w0 * m0[j] + w1 * m1[j] + w2 * m2[j] + w3 * m3[j]
    for i in range(fours, n):
        shift, value = moved[i], V[i]
        for k in range(d):
            row, away = J[k], value[k] - o[k]
            for j in range(f):
                row[j] += away * shift[j]


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
def _scales(J, scale, scaled, gram):  # type: ignore[no-untyped-def]
    """The scales (f,) never shrink; scaled (d, f) := J (d, f) over them, gram := its smaller Gram matrix."""
    d, f = J.shape
    for j in range(f):
        total = 0.0
        for k in range(d):
            total += J[k, j] * J[k, j]
        scale[j] = max(scale[j], math.sqrt(total))
    for k in range(d):
        line, row = scaled[k], J[k]
        for j in range(f):
            line[j] = row[j] / scale[j] if scale[j] > 0.0 else 0.0
    if d <= f:
        for k in range(d):
            row = scaled[k]
            for other in range(k + 1):
                line, total = scaled[other], 0.0
                for j in range(f):
                    total += row[j] * line[j]
                gram[k, other] = total
        return
    for i in range(f):
        row = gram[i]
        for j in range(i + 1):
            row[j] = 0.0
    for k in range(d):
        line = scaled[k]
        for i in range(f):
            row, entry = gram[i], line[i]
            for j in range(i + 1):
                row[j] += entry * line[j]


@inner
def _cholesky(gram, damping, L):  # type: ignore[no-untyped-def]
    """L (size, size), lower, with `L L^T = gram + damping`; False where that is not positive definite."""
    size = len(gram)
    for i in range(size):
        row = L[i]
        for j in range(i + 1):
            other, total = L[j], gram[i, j]
            for s in range(j):
                total -= row[s] * other[s]
            if j < i:
                row[j] = total / other[j]
            elif total + damping > 0.0:
                row[i] = math.sqrt(total + damping)
            else:
                return False
    return True


@inner
def _forward(L, x, size):  # type: ignore[no-untyped-def]
    """x := L^-1 x, L (size, size) lower; its squared length."""
    square = 0.0
    for i in range(size):
        row, total = L[i], x[i]
        for s in range(i):
            total -= row[s] * x[s]
        x[i] = total / row[i]
        square += x[i] * x[i]
    return square


@inner
def _backward(L, x, size):  # type: ignore[no-untyped-def]
    """x := L^-T x, L (size, size) lower."""
    for i in range(size - 1, -1, -1):
        row = L[i]
        x[i] /= row[i]
        for s in range(i):
            x[s] -= row[s] * x[i]


@inner
def _damped(scaled, error, L, along, step):  # type: ignore[no-untyped-def]
    """The step (f,) that minimises `|scaled step - error|^2 + damping |step|^2`, scaled (d, f), L as in _cholesky.

    Returns its squared length. along (wide,) becomes what `_falls` needs.
    """
    d, f = scaled.shape
    square = 0.0
    if d <= f:
        for k in range(d):
            along[k] = error[k]
        _forward(L, along, d)
        _backward(L, along, d)
        for j in range(f):
            step[j] = 0.0
        for k in range(d):
            row, entry = scaled[k], along[k]
            for j in range(f):
                step[j] += row[j] * entry
        for j in range(f):
            square += step[j] * step[j]
        return square
    for j in range(f):
        step[j] = 0.0
    for k in range(d):
        row, entry = scaled[k], error[k]
        for j in range(f):
            step[j] += row[j] * entry
    _forward(L, step, f)
    _backward(L, step, f)
    for j in range(f):
        along[j] = step[j]
        square += step[j] * step[j]
    return square


@inner
def _falls(scaled, L, along, damping):  # type: ignore[no-untyped-def]
    """Minus half the derivative, in the damping, of the squared length of the step of `_damped`; along is lost."""
    d, f = scaled.shape
    if d > f:
        return _forward(L, along, f)
    length = 0.0
    for k in range(d):
        length += along[k] * along[k]
    return length - damping * _forward(L, along, d)


@inner
def _within(reach, damping, room):  # type: ignore[no-untyped-def]
    """room.step := the damped step of length `reach`, to _NEAR of it; (its length, the damping).

    damping: one to begin with. The step of no damping is known to be longer, or not to exist. Newton's method on
    the length as a function of the damping, between bounds (Hebden 1973; More 1978).
    """
    slope, error, scaled, gram, L = room.slope, room.error, room.scaled, room.gram, room.system
    along, step = room.along, room.step
    d, f = slope.shape
    top = 0.0
    for j in range(f):
        total = 0.0
        for k in range(d):
            total += scaled[k, j] * error[k]
        top += total * total
    top = math.sqrt(top)
    low, high, trace = 0.0, top / reach, 0.0
    for i in range(len(gram)):
        trace += gram[i, i]
    if high == 0.0 or not high < np.inf:
        return 0.0, 0.0
    damping = min(max(damping, 1e-3 * high), high)
    length = 0.0
    for _ in range(_ROUNDS):
        if not _cholesky(gram, damping, L):
            low = damping
            damping = max(10.0 * damping, 1e-15 * trace)
            continue
        length = math.sqrt(_damped(scaled, error, L, along, step))
        miss = length - reach
        if abs(miss) <= _NEAR * reach:
            break
        fall = _falls(scaled, L, along, damping)
        if fall <= 0.0:
            break
        if miss > 0.0:
            low = max(low, damping)
        else:
            high = min(high, damping)
        ahead = damping + miss / reach * length**2 / fall
        damping = ahead if low < ahead < high else max(math.sqrt(low * high), 1e-3 * high)
    return length, damping


@inner
def _evaluate(F, V, p, target, a, o, error):  # type: ignore[no-untyped-def]
    """The weights a and the output o of p, and error := target - o; its size."""
    _weights(F, p, a)
    _mean(V, a, o)
    size = 0.0
    for k in range(len(o)):
        error[k] = target[k] - o[k]
        size += error[k] * error[k]
    return math.sqrt(size)


@inner
def _step(room, reach, damping):  # type: ignore[no-untyped-def]
    """room.step := Newton's step where the trust region holds it, else the damped one.

    Returns (its length, the damping), lengths in units of the scales; reach: how far the region goes.
    """
    slope, step, scale = room.slope, room.step, room.scale
    length = np.inf
    if _newton_step(slope, room.error, room.system, room.right, step):
        length = 0.0
        for j in range(len(step)):
            step[j] *= scale[j]
            length += step[j] * step[j]
        length = math.sqrt(length)
    if length <= (1.0 + _NEAR) * reach:
        return length, 0.0
    return _within(reach, damping, room)


@inner
def _promised(room):  # type: ignore[no-untyped-def]
    """The squared length of `J step`: by how much a step of no damping would shorten the error, squared."""
    scaled, step = room.scaled, room.step
    d, f = scaled.shape
    square = 0.0
    for k in range(d):
        row, total = scaled[k], 0.0
        for j in range(f):
            total += row[j] * step[j]
        square += total * total
    return square


@inner
def _descend(F, V, target, p, a, o, room):  # type: ignore[no-untyped-def]
    """Levenberg and Marquardt's method from p, in place, in a `room`; the size of the error it ends with."""
    # Long: the rules of one trust region, as MINPACK has them (More 1978), each a paragraph over the same state.
    f, d = F.shape[1], V.shape[1]
    slope, scaled, scale, gram, mean = room.slope, room.scaled, room.scale, room.gram, room.mean
    ahead, error, b, step = room.ahead, room.error, room.weights, room.step
    size = _evaluate(F, V, p, target, a, o, error)
    for j in range(f):
        scale[j] = 0.0
    fresh, damping, reach, before = True, 0.0, -1.0, size
    for evaluation in range(1, _EVALUATIONS + 1):
        if size == 0.0:
            break
        if evaluation % _LOOK == 0:
            if size > _SHRUNK * before:
                break
            before = size
        if fresh:
            _covariance(F, V, a, o, mean, room.moved, slope)
            _scales(slope, scale, scaled, gram)
            far = 0.0
            for j in range(f):
                far += (scale[j] * p[j]) ** 2
            far = math.sqrt(far)
        first = reach < 0.0
        if first:
            reach = _FACTOR * far if far > 0.0 else _FACTOR
        length, damping = _step(room, reach, damping)
        if not 0.0 < length < np.inf:
            break
        if first:
            reach = min(reach, length)
        tangent, held = _promised(room) / size**2, damping * (length / size) ** 2
        for j in range(f):
            ahead[j] = p[j] + (step[j] / scale[j] if scale[j] > 0.0 else 0.0)
        _weights(F, ahead, b)
        _mean(V, b, o)
        next_size = 0.0
        for k in range(d):
            next_size += (target[k] - o[k]) ** 2
        next_size = math.sqrt(next_size)
        gain = 1.0 - (next_size / size) ** 2 if 0.1 * next_size < size else -1.0
        promise, fall = tangent + 2.0 * held, -(tangent + held)
        ratio = gain / promise if promise > 0.0 else 0.0
        if ratio <= 0.25:
            shorter = 0.5 if gain >= 0.0 else 0.5 * fall / (fall + 0.5 * gain)
            if 0.1 * next_size >= size or shorter < 0.1:
                shorter = 0.1
            reach = shorter * min(reach, 10.0 * length)
            damping /= shorter
        elif damping == 0.0 or ratio >= 0.75:
            reach = 2.0 * length
            damping *= 0.5
        fresh = ratio >= _GAINED
        if fresh:
            for i in range(len(a)):
                a[i] = b[i]
            for j in range(f):
                p[j] = ahead[j]
            for k in range(d):
                error[k] = target[k] - o[k]
            size = next_size
        if (
            (abs(gain) <= _FLAT and promise <= _FLAT)
            or reach <= _STILL * far
            or (size < _FLOOR and not fresh)
        ):
            break
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
                for j in range(f):
                    F[row, j] = features[trial, i, j]
                for j in range(d):
                    V[row, j] = values[trial, i, j]
                row += 1
        wide, least = max(f, d), min(f, d)
        room = Room(
            np.empty((d, f)), np.empty((d, f)), np.empty(f), np.empty((least, least)), np.empty((wide, wide)),
            np.empty(wide), np.empty(wide), np.empty(f), np.empty(f), np.empty(f), np.empty(d), np.empty(n),
            np.empty((n, f)),
        )  # fmt: skip
        b, o, target, p = np.empty(n), np.empty(d), outputs[trial, :d].copy(), np.empty(f)
        seen, held = np.empty((most + 1, n)), 0
        if f == 0 or not np.isnan(known[trial, 0]):
            for j in range(f):
                p[j] = known[trial, j]
            _weights(F, p, seen[0])
            held = 1
        for start in range(starts.shape[0]):
            if count[trial] == most:
                break
            tried[trial] = start + 1
            for j in range(f):
                p[j] = starts[start, j]
            if _descend(F, V, target, p, b, o, room) > tolerance:
                continue
            new = True
            for other in range(held):
                if _distance(seen[other], b) <= same:
                    new = False
                    break
            if new:
                for i in range(n):
                    seen[held, i] = b[i]
                held += 1
                for j in range(parameters.shape[2]):
                    parameters[trial, count[trial], j] = p[j] if j < f else 0.0
                reached[trial, count[trial]] = start
                count[trial] += 1
