"""Other parameters of an exponential family with the same mean: `V^T softmax(F p') = V^T softmax(F p)`.

Newton from many starts, each to its own rounding floor, compiled. A start's step solves `Cov_a(v, f) step = error`
if V and F have the same rank; with more features than values the step of least norm does, so that every start
lands somewhere on the fibre; with fewer, the least-squares step. A step changes no logit difference by more than
8 and half the present range: longer ones land where the weights are one-hot and the covariance vanishes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from attnlab.shapes import Array, Mask

_FAST = {"contract", "reassoc", "nsz", "arcp"}
_STEPS = 60
_HALVINGS = 12


def farthest_twins(features: Array, values: Array, mask: Mask, parameters: Array, starts: Array) -> Array:
    """(B, f): of the solutions found the one whose weights differ most from those of p; NaN if none differs.

    features (B, n, f), values (B, n, d), both centred with columns of unit variance (`whitening`; zero
    columns take no part); mask (B, n) True where visible; parameters p (B, f); starts (B, s, f).
    """
    twins = np.full(parameters.shape, np.nan)
    _batch(
        np.ascontiguousarray(features),
        np.ascontiguousarray(values),
        np.ascontiguousarray(parameters),
        np.ascontiguousarray(starts),
        np.ascontiguousarray(mask),
        twins,
    )
    return twins


@njit(cache=True, fastmath=_FAST)
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


@njit(cache=True, fastmath=_FAST)
def _mean(V, a, o):  # type: ignore[no-untyped-def]
    """o = V^T a."""
    n, d = V.shape
    for j in range(d):
        o[j] = 0.0
    for i in range(n):
        line, weight = V[i], a[i]
        for j in range(d):
            o[j] += weight * line[j]


@njit(cache=True, fastmath=_FAST)
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


@njit(cache=True, fastmath=_FAST)
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


@njit(cache=True, fastmath=_FAST)
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


@njit(cache=True, fastmath=_FAST)
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


@njit(cache=True, fastmath=_FAST)
def _used(columns):  # type: ignore[no-untyped-def]
    """How many leading columns are not zero."""
    count = 0
    for j in range(columns.shape[1]):
        for i in range(columns.shape[0]):
            if columns[i, j] != 0.0:
                count += 1
                break
    return count


@njit(cache=True, fastmath=_FAST)
def _batch(features, values, parameters, starts, mask, twins):  # type: ignore[no-untyped-def]
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
        most = max(f, d)
        room = (
            np.empty((d, f)), np.empty((most, most)), np.empty(most), np.empty(f), np.empty(f), np.empty(f),
            np.empty(d), np.empty(n),
        )  # fmt: skip
        a, b, o, target, p = np.empty(n), np.empty(n), np.empty(d), np.empty(d), np.empty(f)
        _weights(F, parameters[trial, :f], a)
        _mean(V, a, target)
        best = 1e-6
        for start in range(starts.shape[1]):
            for j in range(f):
                p[j] = starts[trial, start, j]
            if _descend(F, V, target, p, b, o, room) > 1e-12:
                continue
            distance = 0.0
            for i in range(n):
                distance += 0.5 * abs(a[i] - b[i])
            if distance > best:
                best = distance
                twins[trial] = 0.0
                for j in range(f):
                    twins[trial, j] = p[j]
