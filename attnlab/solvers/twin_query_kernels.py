"""The compiled kernels of twin_query (what they may assume, and why they share a file: solvers/arithmetic.py).

Shapes, throughout: n visible positions, f features and d values that are not constant, both centred.
F (f, n), V (d, n): the dear sums run over positions, so these lie side by side; p (f,): the query; a, b (n,):
weights; o, target, error (d,): output, the one wanted, what lacks; J (d, f): the output's derivative; slope,
scaled, scale, gram, along, step and room: as in `Room`; U: a Cholesky factor; x: scratch; reach: of the trust
region; damping: added to the Gram matrix.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attnlab.shapes import Array
from attnlab.solvers.compiling import inlined, inner, kernel

_EVALUATIONS = 200
"""Queries tried from one start, at most."""
_LOOK, _SHRUNK = 20, 0.9
"""Every so many evaluations the error must be below this share of what it was, or the start is given up: most
starts run away along the keys, where it falls ever more slowly. Of ten kinds of draws from (32, 2) to (256, 64),
sharp and diffuse, no trial loses its last second query by it, and at most a twentieth of the queries is not found
(.97: as many, in a sixth more time; .7 in rounds of ten: a tenth not found, and some trials have none)."""
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
_NARROW = 1e-5
"""A Gram matrix with a pivot this small, relative to its largest (of its root), gives steps that lack digits."""
_SINGULAR = 1e-200
"""A pivot below this is zero."""


class Room(NamedTuple):
    """What the steps of one trial work in, `least` being the lesser of d and f, `long` the larger."""

    moved: Array  # (f, n): features off their mean, times their weights
    lifted: Array  # (d, n): values off the output
    slope: Array  # (least, long): the derivative of the output, J = Cov_a(v, f); J^T where d > f
    scaled: Array  # (least, long): J over the scales, S; S^T where d > f
    scale: Array  # (f,): of the query's coordinates, the largest length of each column of J so far
    gram: Array  # (least, least): S S^T, or S^T S where d > f; its upper triangle
    system: Array  # (least, least)
    along: Array  # (least,)
    step: Array  # (f,): in units of the scales
    more: Array  # (f,)
    missed: Array  # (d,)
    mean: Array  # (f,): of the features
    ahead: Array  # (f,): the query a step leads to
    error: Array  # (d,)
    weights: Array  # (n,): those of the query ahead


@inner
def _dots(A, x, out):  # type: ignore[no-untyped-def]
    """out (p,) := A x, of A (p, m)."""
    for k in range(len(out)):
        row, total = A[k], 0.0
        for i in range(len(x)):
            total += row[i] * x[i]
        out[k] = total


@inner
def _sums(A, x, out):  # type: ignore[no-untyped-def]
    """out (m,) := A^T x, of A (p, m)."""
    for i in range(len(out)):
        out[i] = 0.0
    for k in range(len(x)):
        row, factor = A[k], x[k]
        for i in range(len(out)):
            out[i] += factor * row[i]


@inner
def _square(x):  # type: ignore[no-untyped-def]
    """The squared length of x."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
    return total


@inner
def _weights(F, p, a):  # type: ignore[no-untyped-def]
    """a := softmax(F^T p)."""
    _sums(F, p, a)
    top, total = -np.inf, 0.0
    for i in range(len(a)):
        top = max(top, a[i])
    for i in range(len(a)):
        a[i] = np.exp(a[i] - top)
        total += a[i]
    for i in range(len(a)):
        a[i] /= total


@inner
def _products(A, B, C, half):  # type: ignore[no-untyped-def]
    """C (p, q) := A B^T, of A (p, m) and B (q, m); half: its upper triangle, the rest is undefined.

    Two rows against four at a time: eight sums for six numbers fetched, and nothing put back before they end.
    """
    p, m = A.shape
    q = B.shape[0]
    twos, fours = p - p % 2, q - q % 4
    for k in range(0, twos, 2):
        a0, a1, c0, c1 = A[k], A[k + 1], C[k], C[k + 1]
        for j in range(k - k % 4 if half else 0, fours, 4):
            b0, b1, b2, b3 = B[j], B[j + 1], B[j + 2], B[j + 3]
            s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = 0.0
            for i in range(m):
                x, y = a0[i], a1[i]
                s0 += x * b0[i]
                s1 += x * b1[i]
                s2 += x * b2[i]
                s3 += x * b3[i]
                t0 += y * b0[i]
                t1 += y * b1[i]
                t2 += y * b2[i]
                t3 += y * b3[i]
            c0[j], c0[j + 1], c0[j + 2], c0[j + 3] = s0, s1, s2, s3
            c1[j], c1[j + 1], c1[j + 2], c1[j + 3] = t0, t1, t2, t3
    for k in range(p):
        a0, c0 = A[k], C[k]
        for j in range(fours if k < twos else 0, q):
            b0, s0 = B[j], 0.0
            for i in range(m):
                s0 += a0[i] * b0[i]
            c0[j] = s0


@inlined
def _covariance(F, V, a, o, mean, moved, lifted, slope):  # type: ignore[no-untyped-def]
    """slope := Cov_a(v, f), (d, f), or its transpose where d > f; o = V a; mean, moved and lifted as in `Room`."""
    f, n = F.shape
    d = len(o)
    _dots(F, a, mean)
    for j in range(f):
        line, row, mid = F[j], moved[j], mean[j]
        for i in range(n):
            row[i] = a[i] * (line[i] - mid)
    for k in range(d):
        line, row, mid = V[k], lifted[k], o[k]
        for i in range(n):
            row[i] = line[i] - mid
    few, many = (lifted, moved) if d <= f else (moved, lifted)
    _products(few, many, slope, np.bool_(False))  # no constant: it would be compiled once for each


@inlined
def _scales(slope, wide, scale, scaled, gram, x):  # type: ignore[no-untyped-def]
    """The scales (f,) never shrink; scaled := the slope over them, and its Gram matrix. wide: d <= f; x (f,)."""
    least, long = slope.shape
    if wide:
        for j in range(long):
            x[j] = 0.0
        for k in range(least):
            row = slope[k]
            for j in range(long):
                x[j] += row[j] * row[j]
    else:
        for j in range(least):
            x[j] = _square(slope[j])
    for j in range(len(x)):
        scale[j] = max(scale[j], math.sqrt(x[j]))
        x[j] = 1.0 / scale[j] if scale[j] > 0.0 else 0.0
    for k in range(least):
        row, line = slope[k], scaled[k]
        if wide:
            for j in range(long):
                line[j] = row[j] * x[j]
        else:
            factor = x[k]
            for j in range(long):
                line[j] = row[j] * factor
    _products(scaled, scaled, gram, np.bool_(True))


@inner
def _cholesky(gram, damping, U):  # type: ignore[no-untyped-def]
    """U (size, size), upper, with `U^T U = gram + damping`; False where that is not positive definite.

    Four rows at a time; what they take off the others, two rows at a time.
    """
    size = len(gram)
    for i in range(size):
        row, given = U[i], gram[i]
        for j in range(i, size):
            row[j] = given[j]
        row[i] += damping
    for first in range(0, size, 4):
        end = min(first + 4, size)
        for k in range(first, end):
            row = U[k]
            for s in range(first, k):
                high, factor = U[s], U[s, k]
                for j in range(k, size):
                    row[j] -= factor * high[j]
            if not row[k] > 0.0:
                return False
            factor = 1.0 / math.sqrt(row[k])
            for j in range(k, size):
                row[j] *= factor
        if end < size:
            _taken(U, first, end)
    return True


@inlined
def _taken(U, first, end):  # type: ignore[no-untyped-def]
    """Take off the rows from `end` on, from their diagonal on, what the four from `first` on explain of them."""
    size = len(U)
    u0, u1, u2, u3 = U[first], U[first + 1], U[first + 2], U[first + 3]
    for i in range(end, size - 1, 2):
        row, low = (
            U[i],
            U[i + 1],
        )  # of the lower one an entry left of its diagonal changes too: nobody reads it
        f0, f1, f2, f3 = u0[i], u1[i], u2[i], u3[i]
        g0, g1, g2, g3 = u0[i + 1], u1[i + 1], u2[i + 1], u3[i + 1]
        for j in range(i, size):
            x, y, z, w = u0[j], u1[j], u2[j], u3[j]
            row[j] -= f0 * x + f1 * y + f2 * z + f3 * w
            low[j] -= g0 * x + g1 * y + g2 * z + g3 * w
    if (size - end) % 2:
        i = size - 1
        U[i, i] -= u0[i] * u0[i] + u1[i] * u1[i] + u2[i] * u2[i] + u3[i] * u3[i]


@inner
def _forward(U, x):  # type: ignore[no-untyped-def]
    """x := U^-T x, U upper."""
    size = len(x)
    for i in range(size):
        row = U[i]
        x[i] /= row[i]
        entry = x[i]
        for j in range(i + 1, size):
            x[j] -= entry * row[j]


@inner
def _backward(U, x):  # type: ignore[no-untyped-def]
    """x := U^-1 x, U upper."""
    size = len(x)
    for i in range(size - 1, -1, -1):
        row, total = U[i], x[i]
        for j in range(i + 1, size):
            total -= row[j] * x[j]
        x[i] = total / row[i]


@inner
def _damped(scaled, error, U, along, step):  # type: ignore[no-untyped-def]
    """The step (f,) that minimises `|S step - error|^2 + damping |step|^2`, U the damped Gram matrix's factor.

    Returns its squared length. along becomes what `_falls` needs.
    """
    wide = len(scaled) == len(error)
    if wide:
        for k in range(len(along)):
            along[k] = error[k]
    else:
        _dots(scaled, error, along)
    _forward(U, along)
    _backward(U, along)
    if wide:
        _sums(scaled, along, step)
    else:
        for j in range(len(along)):
            step[j] = along[j]
    return _square(step)


@inlined
def _falls(wide, U, along, damping):  # type: ignore[no-untyped-def]
    """Minus half the derivative, in the damping, of the squared length of the step of `_damped`; along is lost.

    wide: d <= f.
    """
    length = _square(along)
    _forward(U, along)
    fall = _square(along)
    return length - damping * fall if wide else fall


@inlined
def _solve(A, x):  # type: ignore[no-untyped-def]
    """x := A^-1 x by elimination with partial pivoting, A lost; False if A is singular."""
    size = len(x)
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
            low, high = A[i], A[s]
            factor = low[s] / high[s]
            if factor != 0.0:
                for j in range(s, size):
                    low[j] -= factor * high[j]
                x[i] -= factor * x[s]
    _backward(A, x)
    return True


@inlined
def _newton(slope, scaled, scale, error, gram, U, along, step):  # type: ignore[no-untyped-def]
    """step := Newton's, of least length or least squares where the shape asks for that; its length, or infinity.

    By the Gram matrix, which squares the condition of J: where that is large, a square J is eliminated itself.
    """
    size, low, high = len(gram), np.inf, 0.0
    sure, square = _cholesky(gram, 0.0, U), len(error) == len(step)
    if sure:
        for i in range(size):
            low, high = min(low, U[i, i]), max(high, U[i, i])
    if sure and (low > _NARROW * high or not square):
        return math.sqrt(_damped(scaled, error, U, along, step))
    if not square:
        return np.inf
    for i in range(size):
        step[i], row, line = error[i], U[i], slope[i]
        for j in range(size):
            row[j] = line[j]
    if not _solve(U, step):
        return np.inf
    for j in range(size):
        step[j] *= scale[j]
    return math.sqrt(_square(step))


@inlined
def _within(reach, damping, scaled, error, gram, U, along, step):  # type: ignore[no-untyped-def]
    """step := the damped step of length `reach`, to _NEAR of it; (its length, the damping).

    damping: one to begin with. The step of no damping is known to be longer, or not to exist. Newton's method on
    the length as a function of the damping, between bounds (Hebden 1973; More 1978).
    """
    wide = len(scaled) == len(error)
    if wide:
        _sums(scaled, error, step)
    else:
        _dots(scaled, error, step)
    low, high, trace = 0.0, math.sqrt(_square(step)) / reach, 0.0
    for i in range(len(gram)):
        trace += gram[i, i]
    if high == 0.0 or not high < np.inf:
        return 0.0, 0.0
    damping = min(max(damping, 1e-3 * high), high)
    length = 0.0
    for _ in range(_ROUNDS):
        if not _cholesky(gram, damping, U):
            low = damping
            damping = max(10.0 * damping, 1e-15 * trace)
            continue
        length = math.sqrt(_damped(scaled, error, U, along, step))
        miss = length - reach
        if abs(miss) <= _NEAR * reach:
            break
        fall = _falls(wide, U, along, damping)
        if fall <= 0.0:
            break
        if miss > 0.0:
            low = max(low, damping)
        else:
            high = min(high, damping)
        ahead = damping + miss / reach * length**2 / fall
        damping = ahead if low < ahead < high else max(math.sqrt(low * high), 1e-3 * high)
    return length, damping


@inlined
def _promised(scaled, step, x):  # type: ignore[no-untyped-def]
    """The squared length of `S step`: what a step of no damping would take off the squared error; x (d,)."""
    if len(scaled) == len(x):
        _dots(scaled, step, x)
    else:
        _sums(scaled, step, x)
    return _square(x)


@inner
def _missed(F, V, p, target, a, o):  # type: ignore[no-untyped-def]
    """The weights a and the output o of p; how far that is from the target."""
    _weights(F, p, a)
    _dots(V, a, o)
    square = 0.0
    for k in range(len(o)):
        square += (target[k] - o[k]) ** 2
    return math.sqrt(square)


@inner
def _descend(F, V, target, p, a, o, room):  # type: ignore[no-untyped-def]
    """Levenberg and Marquardt's method from p, in place, in a `room`; the size of the error it ends with."""
    # Long: the rules of one trust region, as MINPACK has them (More 1978), each a paragraph over the same state.
    f, d = len(F), len(V)
    scale, ahead, error, b, step = room.scale, room.ahead, room.error, room.weights, room.step
    scaled, gram, U, along = room.scaled, room.gram, room.system, room.along
    size = _missed(F, V, p, target, a, o)
    for j in range(f):
        scale[j] = 0.0
    fresh, damping, reach, before, far, newton = True, 0.0, -1.0, size, 0.0, np.inf
    for evaluation in range(1, _EVALUATIONS + 1):
        if size == 0.0:
            break
        if evaluation % _LOOK == 0:
            if size > _SHRUNK * before:
                break
            before = size
        if fresh:
            far = 0.0
            for k in range(d):
                error[k] = target[k] - o[k]
            _covariance(F, V, a, o, room.mean, room.moved, room.lifted, room.slope)
            _scales(room.slope, d <= f, scale, scaled, gram, room.more)
            for j in range(f):
                far += (scale[j] * p[j]) ** 2
            far = math.sqrt(far)
            newton = _newton(room.slope, scaled, scale, error, gram, U, along, step)
        first = reach < 0.0
        if first:
            reach = _FACTOR * far if far > 0.0 else _FACTOR
        # After a step that was not taken the region is smaller: Newton's, once too long for it, stays so.
        length, held = newton, 0.0
        if newton > (1.0 + _NEAR) * reach:
            length, held = _within(reach, damping, scaled, error, gram, U, along, step)
        damping = held
        if not 0.0 < length < np.inf:
            break
        if first:
            reach = min(reach, length)
        tangent, held = _promised(scaled, step, room.missed) / size**2, damping * (length / size) ** 2
        for j in range(f):
            ahead[j] = p[j] + (step[j] / scale[j] if scale[j] > 0.0 else 0.0)
        next_size = _missed(F, V, ahead, target, b, o)
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


@inlined
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
        F, V = np.empty((f, n)), np.empty((d, n))
        row = 0
        for i in range(mask.shape[1]):
            if mask[trial, i]:
                for j in range(f):
                    F[j, row] = features[trial, i, j]
                for j in range(d):
                    V[j, row] = values[trial, i, j]
                row += 1
        least, long = min(f, d), max(f, d)
        room = Room(
            np.empty((f, n)), np.empty((d, n)), np.empty((least, long)), np.empty((least, long)), np.empty(f),
            np.empty((least, least)), np.empty((least, least)), np.empty(least), np.empty(f), np.empty(f),
            np.empty(d), np.empty(f), np.empty(f), np.empty(d), np.empty(n),
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
