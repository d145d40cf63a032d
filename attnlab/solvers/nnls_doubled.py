"""Simplex-constrained least squares in twice the working precision, for values that one precision cannot resolve.

Coordinates or values of sizes H and L in one problem: a residual is known to `eps H` and the gradient that says
which position to add to `eps H^2`, which drowns `L^2` from H / L = 1e8 on. Here every number is a pair of doubles,
`high + low` with |low| at most half a spacing of high (Dekker 1971): about 32 digits. The algorithm is that of
nnls_kernels, less its shortcuts: a column that leaves is followed by a new orthogonalisation of those after it.

No fastmath here: reordered sums would undo the pairs.
"""

from __future__ import annotations

import math

import numpy as np

from attnlab.solvers.compiling import exact, exact_inlined, exact_inner, whole

_ZERO = 1e-29
"""A residual this small, relative to the largest column, is rounding of zero."""
_FLAT = 1e-29
"""A gradient this small, relative to the residual, is rounding."""
_GAIN = 1e-8
"""What the objective may still fall by, relatively, where it is said to be least."""
_MET = 64 * 2.0**-52
"""A row this near to its target, relative to its entries, is met: the weights become doubles in the end."""
_DEPENDENT = 1e-24
"""Relative size below which what is left of a column is rounding of zero."""


@exact_inlined
def _sum(a, b):  # type: ignore[no-untyped-def]
    """a + b as a pair, exactly (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@exact_inlined
def _product(a, b):  # type: ignore[no-untyped-def]
    """a b as a pair, exactly (Dekker; Veltkamp's splitting)."""
    p = a * b
    c, e = 134217729.0 * a, 134217729.0 * b
    a1, b1 = c - (c - a), e - (e - b)
    a2, b2 = a - a1, b - b1
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


@exact_inlined
def _add(ah, al, bh, bl):  # type: ignore[no-untyped-def]
    s, t = _sum(ah, bh)
    return _sum(s, t + (al + bl))


@exact_inlined
def _times(ah, al, bh, bl):  # type: ignore[no-untyped-def]
    p, e = _product(ah, bh)
    return _sum(p, e + (ah * bl + al * bh))


@exact_inlined
def _over(ah, al, bh, bl):  # type: ignore[no-untyped-def]
    first = ah / bh
    ph, pl = _times(first, 0.0, bh, bl)
    rh, _ = _add(ah, al, -ph, -pl)
    return _sum(first, rh / bh)


@exact_inlined
def _dot(X, Y, m):  # type: ignore[no-untyped-def]
    """x.y of vectors of pairs (2, m)."""
    high, low = 0.0, 0.0
    for i in range(m):
        p, e = _product(X[0, i], Y[0, i])
        high, t = _sum(high, p)
        low += t + (e + (X[0, i] * Y[1, i] + X[1, i] * Y[0, i]))
    return _sum(high, low)


@exact_inlined
def _subtract(X, fh, fl, Y, m):  # type: ignore[no-untyped-def]
    """x -= f y, vectors of pairs (2, m)."""
    for i in range(m):
        ph, pl = _times(fh, fl, Y[0, i], Y[1, i])
        X[0, i], X[1, i] = _add(X[0, i], X[1, i], -ph, -pl)


@exact_inner
def _enter(column, at, m, Q, R, v):  # type: ignore[no-untyped-def]
    """Orthogonalise a column against Q[:at], twice, into Q[at] and R[:at + 1, at]; the relative size left."""
    for i in range(m):
        v[0, i], v[1, i] = column[0, i], column[1, i]
    before, _ = _dot(v, v, m)
    for p in range(at):
        R[p, at, 0] = R[p, at, 1] = 0.0
    for _ in range(2):
        for p in range(at):
            h, l = _dot(Q[p], v, m)  # noqa: E741
            _subtract(v, h, l, Q[p], m)
            R[p, at, 0], R[p, at, 1] = _add(R[p, at, 0], R[p, at, 1], h, l)
    high, low = _dot(v, v, m)
    if high <= 0.0:
        R[at, at, 0] = R[at, at, 1] = 0.0
        return 0.0
    size = math.sqrt(high)
    ph, pl = _product(size, size)
    rest, _ = _add(high, low, -ph, -pl)
    size, small = _sum(size, 0.5 * rest / size)
    for i in range(m):
        Q[at, 0, i], Q[at, 1, i] = _over(v[0, i], v[1, i], size, small)
    R[at, at, 0], R[at, at, 1] = size, small
    return size / math.sqrt(before)


@exact_inner
def _solve(count, m, Q, R, target, z):  # type: ignore[no-untyped-def]
    """z (m, 2) with `R z = Q target`: the least-squares solution of the passive columns."""
    for p in range(count - 1, -1, -1):
        h, l = _dot(Q[p], target, m)  # noqa: E741
        for t in range(p + 1, count):
            ph, pl = _times(R[p, t, 0], R[p, t, 1], z[t, 0], z[t, 1])
            h, l = _add(h, l, -ph, -pl)  # noqa: E741
        z[p, 0], z[p, 1] = _over(h, l, R[p, p, 0], R[p, p, 1])


@exact_inner
def _refit(C, count, m, Q, R, target, passive, inside, x, z, v):  # type: ignore[no-untyped-def]
    """Walk from x to the least-squares solution of the passive columns, dropping columns that reach 0."""
    while count > 0:  # ends: each round drops a column or is the last
        _solve(count, m, Q, R, target, z)
        step, leaving = 1.0, -1
        for p in range(count):
            if z[p, 0] <= 0.0:
                reach = x[p] / (x[p] - z[p, 0]) if x[p] > z[p, 0] else 0.0
                if leaving < 0 or reach < step:
                    step, leaving = reach, p
        for p in range(count):
            x[p] += step * (z[p, 0] - x[p])
        if leaving < 0:
            break
        x[leaving] = 0.0
        kept = 0
        first = count
        for p in range(count):
            if p == leaving or x[p] <= 0.0:
                inside[passive[p]] = False
                first = min(first, kept)
            else:
                passive[kept], x[kept] = passive[p], x[p]
                kept += 1
        count = kept
        for p in range(first, count):
            _enter(C[passive[p]], p, m, Q, R, v)
    return count


@exact_inner
def _sharpen(Q, count, m, r):  # type: ignore[no-untyped-def]
    """Take the part of r in the span of Q[:count] out of it; its size."""
    for p in range(count):
        h, l = _dot(Q[p], r, m)  # noqa: E741
        _subtract(r, h, l, Q[p], m)
    high, _ = _dot(r, r, m)
    return math.sqrt(max(high, 0.0))


@exact_inner
def _active_set(C, n, m, target, Q, R, inside, passive, x, z, v, r):  # type: ignore[no-untyped-def]
    """Minimise `|C^T x - target|` over x >= 0; C (n, 2, m) has rows of size about 1. (columns, finished)."""
    for j in range(n):
        inside[j] = False
    count, blocked = whole(0), -1
    for _ in range(3 * n + 10):
        for i in range(m):
            r[0, i], r[1, i] = target[0, i], target[1, i]
        _sharpen(Q, count, m, r)
        norm = _sharpen(Q, count, m, r)
        top, enter = 0.0, whole(-1)
        for j in range(n):
            if not inside[j] and j != blocked:
                g, _ = _dot(C[j], r, m)
                if g > top:
                    top, enter = g, j
        if norm <= _ZERO or count == m or top <= _FLAT * norm:
            return count, True
        if _enter(C[enter], count, m, Q, R, v) < _DEPENDENT:
            blocked = enter
            continue
        inside[enter] = True
        passive[count], x[count] = enter, 0.0
        count = _refit(C, count + 1, m, Q, R, target, passive, inside, x, z, v)
        blocked = -1 if inside[enter] else enter
    return count, False


@exact_inner
def _optimal(C, n, m, count, target, Q, inside, passive, z, r):  # type: ignore[no-untyped-def]
    """Whether z meets the optimality conditions on `target - C^T z`, formed afresh; see nnls_kernels."""
    for i in range(m):
        r[0, i], r[1, i] = target[0, i], target[1, i]
    total = 1.0
    for p in range(count):
        _subtract(r, z[p, 0], z[p, 1], C[passive[p]], m)
        total += z[p, 0]
    zero = True
    for i in range(m):
        largest = 0.0
        for j in range(n):
            largest = max(largest, abs(C[j, 0, i]))
        zero = zero and abs(r[0, i]) <= _MET * largest * total
    if zero:
        return True
    norm = _sharpen(Q, count, m, r)
    if _GAIN * norm < _FLAT:
        return False
    for j in range(n):
        g, _ = _dot(C[j], r, m)
        if g > _GAIN * norm * norm or (inside[j] and -g > _GAIN * norm * norm):
            return False
    return True


@exact
def simplex_least_squares(outputs, values, mask, rows, weights, certified):  # type: ignore[no-untyped-def]
    """Fill weights[rows] (., n) and certified[rows]; see nnls.simplex_least_squares."""
    n, d = mask.shape[1], values.shape[2]
    m = d + 1
    C, place = np.zeros((n, 2, m)), np.empty(n, np.int64)
    Q, R = np.empty((m + 1, 2, m)), np.zeros((m + 1, m + 1, 2))
    inside, passive, x = np.empty(n, np.bool_), np.empty(m + 1, np.int64), np.empty(m + 1)
    z, v, r, target = np.zeros((m + 1, 2)), np.empty((2, m)), np.empty((2, m)), np.zeros((2, m))
    target[0, d] = 1.0
    for b in rows:
        V = values[b % values.shape[0]]
        largest = 0.0
        for j in range(n):
            if mask[b, j]:
                for i in range(d):
                    largest = max(largest, abs(V[j, i]))
        for i in range(d):
            largest = max(largest, abs(outputs[b, i]))
        unit = 2.0 ** (-math.frexp(largest)[1]) if largest > 0.0 else 1.0
        seen = whole(0)
        for j in range(n):
            weights[b, j] = 0.0
            if mask[b, j]:
                for i in range(d):
                    C[seen, 0, i], C[seen, 1, i] = _sum(V[j, i] * unit, -outputs[b, i] * unit)
                C[seen, 0, d] = 1.0
                place[seen] = j
                seen += 1
        count, finished = _active_set(C, seen, m, target, Q, R, inside, passive, x, z, v, r)
        certified[b] = finished and _optimal(C, seen, m, count, target, Q, inside, passive, z, r)
        total = 0.0
        for p in range(count):
            total += z[p, 0]
        for p in range(count):
            weights[b, place[passive[p]]] = z[p, 0] / total
