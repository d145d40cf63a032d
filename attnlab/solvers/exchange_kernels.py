"""The compiled kernels of exchange (what they may assume, and why they share a file: solvers/arithmetic.py).

Shapes, throughout: n positions, d coordinates, m = d + 1 rows, of which `count` <= m are independent.
rows (m, n): `[V - mean, 1]^T`, each row of size 1, zero where masked; T (m, n): the dictionary `B^-1 rows`, of
which `count` rows are in use; basic (m,) int: the position whose unit vector each row is; h (m,): the basic part
of the change; sign (m,): its signs; z (n,): the levels; shift (n,): a small move of the right side; s, t: the
pair.
"""

from __future__ import annotations

import numpy as np

from attnlab.solvers.compiling import inner, kernel, whole

_EPS = float(np.finfo(np.float64).eps)

_OPTIMAL = 1e-10
"""A level above 1 by less than this counts as 1.

What is proved is scaled down by the largest level, so this costs the bound 1e-10 of itself, 2e-10 at most
(L <= 2), where length and bound are asked to agree to 1e-9.
"""
_RATE = 1e-11
"""A basic entry that moves more slowly than this does not block: no entry is beyond 2, the most that L can be, so
it would change sign after 1e11, where a step is of the size of the entries it moves."""
_ZERO = 1e-13
"""A basic entry below this is zero: the rounding of m products of numbers of size 1, m up to some hundreds."""
_MISSED = 1e-10
"""How far a change may miss a row of the right side, the rows being of size 1, to count as one."""
_DIRECTIONS = 4
"""Directions tried before the simplex method; they settle 9 in 10 pairs at n = 64, d = 16."""
_ATTEMPTS = 4
"""Eliminations of one pair: with the shift, without it, and two more where the rounding of the steps, or a sign
that the shift changed, leaves steps to do. Pairs of near-duplicates took three, others two. After the last the
certificate decides, as after any other."""
_ROW_STEPS, _COLUMN_STEPS = 60, 20
"""Simplex steps allowed: this many for each row and each position.

Pairs of Gaussian values, of values on a grid and of near-duplicates, n to 1,024 and d to 64, took at most half of
m + n. A shift drawn at random makes a cycle improbable, not impossible: at the limit the walk ends, and what it
ends in does not close its certificate.
"""


@inner
def _gather(V, visible, rows):  # type: ignore[no-untyped-def]
    """Fill rows from V (n, d), visible (n,) bool; the size below which an entry of them is rounding.

    Coordinates whose values differ by no more than rounding become zero. The rounding of `V - mean`, relative to
    the spread that becomes 1, is eps / spread for a coordinate whose largest value is 1; the mean of n values and
    the elimination of m rows make some n of it, and 8 is slack.
    """
    n, d = V.shape
    count, least = 0, 1.0
    for j in range(n):
        rows[d, j] = 1.0 if visible[j] else 0.0
        count += visible[j]
    for i in range(d):
        line, mean, largest, spread = rows[i], 0.0, 0.0, 0.0
        for j in range(n):
            largest = max(largest, abs(V[j, i]) if visible[j] else 0.0)
        scale = largest if largest > 0.0 else 1.0
        for j in range(n):
            line[j] = V[j, i] / scale if visible[j] else 0.0
            mean += line[j] / count
        for j in range(n):
            line[j] = line[j] - mean if visible[j] else 0.0
            spread = max(spread, abs(line[j]))
        apart = spread > n * _EPS
        least = min(least, spread if apart else 1.0)
        for j in range(n):
            line[j] = line[j] / spread if apart else 0.0
    return 8 * n * _EPS / least


@inner
def _cholesky_solve(G, x):  # type: ignore[no-untyped-def]
    """Solve `G w = x` in place of x (d,) for positive definite G (d, d), lost; False if G is not, up to rounding.

    Nothing hangs on the limit 1e-12: a direction is looked at for its levels, whatever it came from.
    """
    d = G.shape[0]
    for j in range(d):
        diagonal = G[j, j]
        line = G[j]
        rest = diagonal
        for k in range(j):
            rest -= line[k] * line[k]
        if rest <= 1e-12 * diagonal or diagonal <= 0.0:
            return False
        root = np.sqrt(rest)
        G[j, j] = root
        for i in range(j + 1, d):
            low = G[i]
            total = low[j]
            for k in range(j):
                total -= low[k] * line[k]
            low[j] = total / root
    for i in range(d):
        total = x[i]
        for k in range(i):
            total -= G[i, k] * x[k]
        x[i] = total / G[i, i]
    for i in range(d - 1, -1, -1):
        total = x[i]
        for k in range(i + 1, d):
            total -= G[k, i] * x[k]
        x[i] = total / G[i, i]
    return True


@inner
def _antipodal(rows, s, t, z):  # type: ignore[no-untyped-def]
    """Look for a direction in which v_s is largest and v_t least; its levels in z if found.

    The first minimises `sum (w.v_i)^2` for given `w.(v_s - v_t)`; each next one weighs positions by how far
    the last one let them out (the pair's own levels stay at 1 and -1). z is filled as the levels of any w may be:
    the certificate is the levels, whose rounding, some d eps, is less than the 1e-12 allowed here.
    """
    d, n = rows.shape[0] - 1, rows.shape[1]
    G, w = np.empty((d, d)), np.empty(d)
    weight, scaled = np.ones(n), np.empty(n)
    for _ in range(_DIRECTIONS):
        for i in range(d):
            line = rows[i]
            for j in range(n):
                scaled[j] = weight[j] * line[j]
            for k in range(i + 1):
                other, total = rows[k], 0.0
                for j in range(n):
                    total += scaled[j] * other[j]
                G[i, k] = total
            w[i] = line[s] - line[t]
        if not _cholesky_solve(G, w):
            return False
        for j in range(n):
            z[j] = 0.0
        for i in range(d):
            line, factor = rows[i], w[i]
            for j in range(n):
                z[j] += factor * line[j]
        middle, half = 0.5 * (z[s] + z[t]), 0.5 * (z[s] - z[t])
        if not half > 0.0:
            return False
        beyond = 0.0
        for j in range(n):
            z[j] = (z[j] - middle) / half
            if rows[d, j] == 0.0:
                z[j] = 0.0
            beyond = max(beyond, abs(z[j]))
            weight[j] *= max(abs(z[j]), 0.02) ** 2
        if beyond <= 1.0 + 1e-12:
            return True
    return False


@inner
def _pivot(T, z, count, row, column, target):  # type: ignore[no-untyped-def]
    """Make `column` the unit vector of `row` in the first `count` rows, and the level of its position `target`."""
    n = T.shape[1]
    chosen = T[row]
    scale = 1.0 / chosen[column]
    for j in range(n):
        chosen[j] *= scale
    chosen[column] = 1.0
    for i in range(count):
        if i != row and T[i, column] != 0.0:
            other, factor = T[i], T[i, column]
            for j in range(n):
                other[j] -= factor * chosen[j]
            other[column] = 0.0
    factor = target - z[column]
    for j in range(n):
        z[j] += factor * chosen[j]
    z[column] = target


@inner
def _eliminate(T, z, allowed, tolerance, basic):  # type: ignore[no-untyped-def]
    """Gauss-Jordan, each row pivoting on its largest allowed entry; returns the rank, zero rows put last.

    allowed (n,) bool: the positions that may become basic. An entry up to `tolerance` is zero.
    """
    count, n = T.shape
    rank = whole(0)
    while rank < count:  # ends: each round raises the rank or lowers the count
        best, column = tolerance, whole(-1)
        line = T[rank]
        for j in range(n):
            if allowed[j] and abs(line[j]) > best:
                best, column = abs(line[j]), j
        if column < 0:
            count -= 1
            for j in range(n):
                T[rank, j], T[count, j] = T[count, j], T[rank, j]
            continue
        basic[rank] = column
        _pivot(T, z, count, rank, column, 0.0)
        rank += 1
    return rank


@inner
def _descend(T, z, count, h, sign, basic, limit):  # type: ignore[no-untyped-def]
    """Simplex steps until every level is within [-1, 1]. The number of steps, or -1 where `limit` did not do.

    passed: the rows whose sign change this step has gone through. Each lowers the descent by twice its rate, and a
    row is passed once, so at most `count` of them.
    """
    n = T.shape[1]
    passed = np.empty(count, dtype=np.bool_)
    for steps in range(limit):
        steepest, column = 1.0 + _OPTIMAL, whole(-1)
        for j in range(n):
            if abs(z[j]) > steepest:
                steepest, column = abs(z[j]), j
        if column < 0:
            return steps
        sense = 1.0 if z[column] > 0.0 else -1.0
        slope = 1.0 - abs(z[column])
        passed[:] = False
        row, step = whole(-1), 0.0
        while slope < 0.0:  # ends: each round passes another row
            nearest, at = np.inf, whole(-1)
            for i in range(count):
                rate = sign[i] * sense * T[i, column]
                if rate > _RATE and not passed[i]:
                    ratio = max(sign[i] * h[i], 0.0) / rate
                    if ratio < nearest:
                        nearest, at = ratio, i
            if at < 0:
                break
            if row >= 0:
                sign[row] = -sign[row]
                for j in range(n):
                    z[j] += 2.0 * sign[row] * T[row, j]
            row, step = at, nearest
            passed[at] = True
            slope += 2.0 * abs(T[at, column])
        if row < 0:
            return -1
        for i in range(count):
            h[i] -= step * sense * T[i, column]
        h[row] = step * sense
        sign[row] = sense
        basic[row] = column
        _pivot(T, z, count, row, column, sense)
    return -1


@inner
def _set_out(T, count, s, t, shift, at, h, sign, basic, z):  # type: ignore[no-untyped-def]
    """Basic part, signs and levels of the basis, for the right side `e_s - e_t + shift`.

    at (n,): the sign that each position had last, which an entry that is zero keeps.
    """
    n = T.shape[1]
    z[:] = 0.0
    for i in range(count):
        line = T[i]
        h[i] = line[s] - line[t]
        for j in range(n):
            h[i] += line[j] * shift[j]
        sign[i] = at[basic[i]]
        if abs(h[i]) > _ZERO:
            sign[i] = 1.0 if h[i] > 0.0 else -1.0
        for j in range(n):
            z[j] += sign[i] * line[j]
    for i in range(count):
        z[basic[i]] = sign[i]


@inner
def _simplex(rows, tolerance, s, t, shift, h_out, z):  # type: ignore[no-untyped-def]
    """First with a shifted right side, whose basic entries are never zero, so no step stalls.

    The basis it ends in is then eliminated afresh, which sheds the rounding of the steps. It is optimal for
    the right side itself unless the shift changed a sign; if steps follow, so does another elimination.
    The change goes to h_out (n,), its levels to z; tolerance as in `_eliminate`.
    """
    m, n = rows.shape
    T = np.empty((m, n))
    allowed = np.ones(n, dtype=np.bool_)
    basic = np.empty(m, dtype=np.int64)
    h, sign, at = np.empty(m), np.ones(m), np.ones(n)
    for attempt in range(_ATTEMPTS):
        T[:] = rows
        count = _eliminate(T, z, allowed, tolerance, basic)
        if attempt == 1:
            shift = np.zeros(n)
        _set_out(T, count, s, t, shift, at, h, sign, basic, z)
        steps = _descend(T, z, count, h, sign, basic, _ROW_STEPS * m + _COLUMN_STEPS * n)
        if attempt > 0 and steps == 0:
            break
        allowed[:] = False
        for i in range(count):
            allowed[basic[i]] = True
            at[basic[i]] = sign[i]
    h_out[:] = 0.0
    for i in range(count):
        h_out[basic[i]] = h[i]


@inner
def _certify(rows, s, t, h, z):  # type: ignore[no-untyped-def]
    """|h|_1, infinite if h (n,) misses the right side; and what z proves, scaled so that no level exceeds 1.

    For every feasible h and levels `z = w.rows`: `|h|_1 max |z| >= z.h = z_s - z_t`. The levels come from one
    elimination and the steps after it, so they are combinations of the rows up to its rounding; both sums are over
    terms of size 1 at most, and the order of a sum changes them by n eps, where agreement is asked to 1e-9.
    """
    length, largest = 0.0, 1.0
    for j in range(h.shape[0]):
        length += abs(h[j])
        largest = max(largest, abs(z[j]))
    for i in range(rows.shape[0]):
        line = rows[i]
        missed = line[t] - line[s]
        for j in range(h.shape[0]):
            missed += line[j] * h[j]
        if not abs(missed) <= _MISSED:
            length = np.inf
    return length, (z[s] - z[t]) / largest


@kernel
def exchange(values, mask, first, second, shift, h, z, length, bound):  # type: ignore[no-untyped-def]
    """Fill h, z (B, n), length, bound (B,) for values (B, n, d), mask (B, n) and the pairs first, second (B,)."""
    rows = np.empty((values.shape[2] + 1, values.shape[1]))
    for b in range(values.shape[0]):
        s, t = first[b], second[b]
        tolerance = _gather(values[b], mask[b], rows)
        if _antipodal(rows, s, t, z[b]):
            h[b, s], h[b, t] = 1.0, -1.0
        else:
            _simplex(rows, tolerance, s, t, shift, h[b], z[b])
        length[b], bound[b] = _certify(rows, s, t, h[b], z[b])
