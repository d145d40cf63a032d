"""The compiled kernels of tableau (what they may assume, and why they share a file: solvers/arithmetic.py).

Shapes, throughout: N columns, m rows, q = N - m; arrays are as large as the largest trial, and these say what of
them is used. A (m, N): orthonormal rows; x (N,): a point of the polytope; rhs (m,): `A x`; T: room for an
elimination; D (m, q): the dictionary; gamma (q,): its squared edge norms; basis (m,), nonbasic
(q,) int: which variable is which; beta (m,): the basic ones; cost (N,); z (q,): reduced costs; bonus (N,): what
multiplies a pivot; place (N,) int: the positions that are visible; touched (N,) bool. What a door hands over has
the shapes it states there.
"""

from __future__ import annotations

import math

import numpy as np

from attnlab.solvers.compiling import inner, kernel, whole
from attnlab.solvers.face import CERTIFIED, REFUTED, UNDECIDED, UNSOLVED

_PRICE = 1e-11
"""Reduced costs above minus this are optimal; on a simplex the optimum is then missed by at most 1e-11."""
_PIVOT = 1e-13
"""Entries below this are not pivots: values nearer than some ten times this, of their spread, may pass for one."""
_SLACK = 1e-14
"""A basic variable may fall this far below 0, so that among near ties the largest pivot is taken."""
_STILL = 1e-13
"""A step this short has not moved: Bland's rule takes over after m + q of them."""
_WALK, _MORE = 50, 1000
"""Steps of one walk allowed for each variable, and more. Walks took at most .4 of the N = m + q variables
(Gaussian values and values on a grid, n to 128, d to 32); Bland's rule ends each in theory, and one that is cut
off is said to have failed."""
_DRIFT = 1e-13
"""Rebuild the dictionary when the vertex misses the right side by more than this."""


@inner
def _orthonormal_rows(A, rows, N):  # type: ignore[no-untyped-def]
    """Replace A[:rows, :N] by an orthonormal basis of its row space, largest remainder first.

    Returns (its rank, the least remainder it holds relative to the largest).
    """
    largest, least = 0.0, np.inf
    for t in range(rows):
        best, at = -1.0, t
        for i in range(t, rows):
            row, total = A[i], 0.0
            for j in range(N):
                total += row[j] * row[j]
            if total > best:
                best, at = total, i
        norm = math.sqrt(best)
        largest = max(largest, norm)
        if norm <= 1e-13 * max(N, rows) * largest or norm == 0.0:
            return t, least / largest
        least = min(least, norm)
        top, low = A[t], A[at]
        if at != t:
            for j in range(N):
                top[j], low[j] = low[j], top[j]
        for j in range(N):
            top[j] /= norm
        for s in range(t):  # once more against the rows before it: orthogonal to rounding
            row, h = A[s], 0.0
            for j in range(N):
                h += row[j] * top[j]
            for j in range(N):
                top[j] -= h * row[j]
        norm = 0.0
        for j in range(N):
            norm += top[j] * top[j]
        norm = math.sqrt(norm)
        for j in range(N):
            top[j] /= norm
        for i in range(t + 1, rows):
            row, h = A[i], 0.0
            for j in range(N):
                h += row[j] * top[j]
            for j in range(N):
                row[j] -= h * top[j]
    return rows, least / largest


@inner
def _eliminate(T, m, N, bonus, chosen):  # type: ignore[no-untyped-def]
    """Gauss-Jordan with complete pivoting on T[:m, :N]; chosen[i] is the column that becomes e_i.

    bonus (N,) multiplies what counts as a large pivot: 0 forbids a column. It is used up.
    """
    for i in range(m):
        chosen[i] = -1
    for _ in range(m):
        best, r, c = 0.0, -1, -1
        for i in range(m):
            if chosen[i] < 0:
                row = T[i]
                for j in range(N):
                    score = abs(row[j]) * bonus[j]
                    if score > best:
                        best, r, c = score, i, j
        if r < 0:
            return False
        chosen[r] = c
        bonus[c] = 0.0
        pivot_row, pivot = T[r], T[r, c]
        for j in range(N):
            pivot_row[j] /= pivot
        for i in range(m):
            f = T[i, c]
            if i != r and f != 0.0:
                row = T[i]
                for j in range(N):
                    row[j] -= f * pivot_row[j]
    return True


@inner
def _edges(D, m, q, gamma):  # type: ignore[no-untyped-def]
    """Squared lengths of the edges: `1 + |D_c|^2`."""
    for c in range(q):
        gamma[c] = 1.0
    for i in range(m):
        row = D[i]
        for c in range(q):
            gamma[c] += row[c] * row[c]


@inner
def _pivot(D, m, q, gamma, basis, nonbasic, r, c):  # type: ignore[no-untyped-def]
    """Swap basic r with nonbasic c: D and the edge norms in one pass."""
    top, pivot = D[r], D[r, c]
    for j in range(q):
        top[j] /= pivot
    top[c] = 1.0 / pivot
    for j in range(q):
        gamma[j] = 1.0 + top[j] * top[j]
    for i in range(m):
        if i != r:
            row, f = D[i], D[i, c]
            row[c] = 0.0
            for j in range(q):
                row[j] -= f * top[j]
                gamma[j] += row[j] * row[j]
    basis[r], nonbasic[c] = nonbasic[c], basis[r]


@inner
def _ratio(D, m, c, sign, beta, basis, bland):  # type: ignore[no-untyped-def]
    """The row that leaves when nonbasic c moves by `sign` (+1 up, -1 down), and how far c can go.

    Two passes (Harris 1973): first how far with every basic variable allowed `_SLACK` below 0, then the
    largest pivot among the rows reached by then. bland: the least variable among exact ties instead.
    """
    slack = 0.0 if bland else _SLACK
    reach = np.inf
    for i in range(m):
        rate = sign * D[i, c]
        if rate > _PIVOT:
            reach = min(reach, (max(beta[i], 0.0) + slack) / rate)
    leaving, best, step = whole(-1), 0.0, np.inf
    for i in range(m):
        rate = sign * D[i, c]
        if rate > _PIVOT:
            t = max(beta[i], 0.0) / rate
            if t <= reach and (leaving < 0 or (basis[i] < basis[leaving] if bland else rate > best)):
                leaving, best, step = i, rate, t
    return leaving, step


@inner
def _push(D, m, q, gamma, basis, nonbasic, beta, x):  # type: ignore[no-untyped-def]
    """Move from the point x of the polytope to a vertex: every nonbasic variable to 0, one after another."""
    for i in range(m):
        beta[i] = x[basis[i]]
    for c in range(q):
        left = x[nonbasic[c]]
        if left <= 0.0:
            continue
        r, step = _ratio(D, m, c, -1.0, beta, basis, np.bool_(False))
        blocked = r >= 0 and step < left
        step = step if blocked else left
        for i in range(m):
            beta[i] += step * D[i, c]
        if blocked:
            beta[r] = left - step
            _pivot(D, m, q, gamma, basis, nonbasic, r, c)


@inner
def _build(A, m, N, T, bonus, D, gamma, basis, nonbasic):  # type: ignore[no-untyped-def]
    """The dictionary of A on columns chosen by `_eliminate`; False if they do not span."""
    for i in range(m):
        for j in range(N):
            T[i, j] = A[i, j]
    if not _eliminate(T, m, N, bonus, basis):
        return False
    for j in range(N):
        bonus[j] = 1.0
    for i in range(m):
        bonus[basis[i]] = 0.0
    q = whole(0)
    for j in range(N):
        if bonus[j] > 0.0:
            nonbasic[q] = j
            for i in range(m):
                D[i, q] = T[i, j]
            q += 1
    _edges(D, m, q, gamma)
    return True


@inner
def _right_side(A, m, N, x, rhs):  # type: ignore[no-untyped-def]
    """rhs := A x."""
    for i in range(m):
        row, total = A[i], 0.0
        for j in range(N):
            total += row[j] * x[j]
        rhs[i] = total


@inner
def _solve_basis(A, m, T, basis, rhs, beta):  # type: ignore[no-untyped-def]
    """beta with A_B beta = rhs, by elimination with partial pivoting on T[:m, :m + 1]."""
    for i in range(m):
        for s in range(m):
            T[i, s] = A[i, basis[s]]
        beta[i] = rhs[i]
    for s in range(m):
        at = s
        for i in range(s + 1, m):
            if abs(T[i, s]) > abs(T[at, s]):
                at = i
        if T[at, s] == 0.0:
            return False
        if at != s:
            beta[s], beta[at] = beta[at], beta[s]
            for t in range(s, m):
                T[s, t], T[at, t] = T[at, t], T[s, t]
        for i in range(s + 1, m):
            f = T[i, s] / T[s, s]
            if f != 0.0:
                for t in range(s, m):
                    T[i, t] -= f * T[s, t]
                beta[i] -= f * beta[s]
    for s in range(m - 1, -1, -1):
        for t in range(s + 1, m):
            beta[s] -= T[s, t] * beta[t]
        beta[s] /= T[s, s]
    return True


@inner
def _refresh(A, m, N, T, D, gamma, basis, nonbasic, beta, rhs, bonus):  # type: ignore[no-untyped-def]
    """If the vertex has drifted off the right side, rebuild D and beta on the same basis."""
    drift = 0.0
    for i in range(m):
        total = -rhs[i]
        for s in range(m):
            total += A[i, basis[s]] * beta[s]
        drift = max(drift, abs(total))
    if drift <= _DRIFT:
        return True
    for j in range(N):
        bonus[j] = 0.0
    for i in range(m):
        bonus[basis[i]] = 1.0
    return _build(A, m, N, T, bonus, D, gamma, basis, nonbasic) and _solve_basis(A, m, T, basis, rhs, beta)


@inner
def _price(D, m, q, z, cost, basis, nonbasic):  # type: ignore[no-untyped-def]
    """Reduced costs `c_N - c_B D`, from the definition at every vertex: nothing accumulates."""
    for c in range(q):
        z[c] = cost[nonbasic[c]]
    for i in range(m):
        f = cost[basis[i]]
        if f != 0.0:
            row = D[i]
            for c in range(q):
                z[c] -= f * row[c]


@inner
def _descend(D, m, q, gamma, basis, nonbasic, beta, z, cost, touched, stop):  # type: ignore[no-untyped-def]
    """Walk along edges to a vertex that minimises cost.x; touched[j]: j was 0 at some vertex on the way.

    Ends early once cost.x <= stop. Returns whether it ended: False after too many vertices or on a ray.
    """
    still = 0
    for _ in range(_WALK * (m + q) + _MORE):
        if stop > -np.inf:
            value = 0.0
            for i in range(m):
                value += cost[basis[i]] * beta[i]
            if value <= stop:
                return True
        _price(D, m, q, z, cost, basis, nonbasic)
        bland = still > m + q
        best, enter, least = 0.0, whole(-1), whole(0)
        for c in range(q):
            if z[c] < -_PRICE:
                if bland:
                    if enter < 0 or nonbasic[c] < least:
                        enter, least = c, nonbasic[c]
                elif z[c] * z[c] > best * gamma[c]:
                    best, enter = z[c] * z[c] / gamma[c], c
        if enter < 0:
            return True
        r, step = _ratio(D, m, enter, 1.0, beta, basis, bland)
        if r < 0:
            return False
        still = still + 1 if step <= _STILL else 0
        for i in range(m):
            beta[i] -= step * D[i, enter]
        beta[r] = step
        touched[basis[r]] = True
        _pivot(D, m, q, gamma, basis, nonbasic, r, enter)
    return False


@inner
def _gather(V, visible, a, A, x, place):  # type: ignore[no-untyped-def]
    """Rows of `[V - mean, 1]^T` over the visible positions, and their weights; how many there are."""
    n, d = V.shape
    N = whole(0)
    for j in range(n):
        if visible[j]:
            place[N] = j
            x[N] = a[j]
            A[d, N] = 1.0
            N += 1
    for i in range(d):
        mean, low, high = 0.0, np.inf, -np.inf
        for t in range(N):
            value = V[place[t], i]
            mean += value / N
            low, high = min(low, value), max(high, value)
        spread = high - low
        scale = 1.0 / spread if spread > 0.0 else 0.0
        for t in range(N):
            A[i, t] = (V[place[t], i] - mean) * scale
    return N


@inner
def _start(A, rows, N, T, x, D, gamma, basis, nonbasic, beta, rhs, bonus):  # type: ignore[no-untyped-def]
    """From a matrix and a point of its polytope to a vertex.

    Returns (the rank, or -1 if elimination failed; what _orthonormal_rows says of the rows).
    """
    m, least = _orthonormal_rows(A, rows, N)
    _right_side(A, m, N, x, rhs)
    largest = 0.0
    for j in range(N):
        largest = max(largest, x[j])
    for j in range(N):
        bonus[j] = x[j] + 1e-3 * largest
    if not _build(A, m, N, T, bonus, D, gamma, basis, nonbasic):
        return -1, least
    _push(D, m, N - m, gamma, basis, nonbasic, beta, x)
    return m, least


@kernel
def fibre_bounds(weights, values, visible, asked, bounds, solved):  # type: ignore[no-untyped-def]
    """Fill bounds (B, n, 2), solved (B,) for weights, visible, asked (B, n) and values (B or 1, n, d)."""
    trials, n = weights.shape
    d = values.shape[2]
    wide = max(n, d + 1)
    A, T, D = np.empty((d + 1, n)), np.empty((d + 2, wide)), np.empty((d + 1, n))
    x, gamma, z, cost, bonus = np.empty(n), np.empty(n), np.empty(n), np.zeros(n), np.empty(wide)
    beta, rhs = np.empty(d + 1), np.empty(d + 1)
    basis, nonbasic, place = np.empty(d + 1, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    touched = np.empty(n, np.bool_)
    for b in range(trials):
        for j in range(n):
            bounds[b, j, 0] = bounds[b, j, 1] = 0.0
        N = _gather(values[b % values.shape[0]], visible[b], weights[b], A, x, place)
        m, _ = _start(A, d + 1, N, T, x, D, gamma, basis, nonbasic, beta, rhs, bonus)
        q, ok = N - m, m >= 0
        for c in range(q):
            touched[nonbasic[c]] = True
        for i in range(m):
            touched[basis[i]] = False
        for j in range(N):
            if not ok:
                break
            if not asked[b, place[j]]:
                continue
            cost[j] = -1.0
            ok = _descend(D, m, q, gamma, basis, nonbasic, beta, z, cost, touched, -np.inf)
            cost[j] = 0.0
            ok = ok and _refresh(A, m, N, T, D, gamma, basis, nonbasic, beta, rhs, bonus)
            for i in range(m):
                if beta[i] <= _SLACK:
                    touched[basis[i]] = True
                if basis[i] == j:
                    bounds[b, place[j], 1] = beta[i]
        for j in range(N):
            if not ok:
                break
            if asked[b, place[j]] and not touched[j]:
                cost[j] = 1.0
                ok = _descend(D, m, q, gamma, basis, nonbasic, beta, z, cost, touched, -np.inf)
                cost[j] = 0.0
                ok = ok and _refresh(A, m, N, T, D, gamma, basis, nonbasic, beta, rhs, bonus)
                for i in range(m):
                    if basis[i] == j:
                        bounds[b, place[j], 0] = beta[i]
        for j in range(n):  # a lies in its own fibre: what is left outside is rounding
            bounds[b, j, 0] = max(min(bounds[b, j, 0], weights[b, j]), 0.0)
            bounds[b, j, 1] = min(max(bounds[b, j, 1], weights[b, j]), 1.0)
        solved[b] = ok


@kernel
def top_forced(weights, values, visible, heaviest, margin, rounding, verdict):  # type: ignore[no-untyped-def]
    """Fill verdict (B,) for weights, visible (B, n), values (B or 1, n, d); see tableau.top_forced.

    heaviest (B, n) int: the positions from the largest weight down, the visible ones first; margin: the lead,
    relative to the top, that is none; rounding: what a multiplier's product with the rows may be off by, relative
    to its length.
    """
    trials, n = weights.shape
    d = values.shape[2]
    wide = max(n, d + 1)
    A, T, D = np.empty((d + 1, n)), np.empty((d + 2, wide)), np.empty((d + 1, n))
    x, gamma, z, cost, bonus = np.empty(n), np.empty(n), np.empty(n), np.zeros(n), np.empty(wide)
    beta, rhs = np.empty(d + 1), np.empty(d + 1)
    basis, nonbasic, place = np.empty(d + 1, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    touched, rank, order = np.empty(n, np.bool_), np.empty(n, np.int64), np.empty(n, np.int64)
    for b in range(trials):
        N = _gather(values[b % values.shape[0]], visible[b], weights[b], A, x, place)
        for t in range(N):
            rank[place[t]] = t
        for t in range(N):
            order[t] = rank[heaviest[b, t]]
        top = order[0]
        least = margin * x[top]
        m, independent = _start(A, d + 1, N, T, x, D, gamma, basis, nonbasic, beta, rhs, bonus)
        verdict[b] = CERTIFIED if m >= 0 else UNSOLVED
        tied = 1
        while tied < N and x[order[tied]] >= x[top] - least:  # ends: one position more each time, of N
            tied += 1
        for t in range(1 - tied, N):  # those tied with the top from both sides: neither may ever lead
            if t == 0 or verdict[b] == UNSOLVED:
                continue
            j = order[abs(t)]
            side = 1.0 if t > 0 else -1.0
            cost[j], cost[top] = -side, side
            ok = _descend(D, m, N - m, gamma, basis, nonbasic, beta, z, cost, touched, -100.0 * least)
            ok = ok and _refresh(A, m, N, T, D, gamma, basis, nonbasic, beta, rhs, bonus)
            value, length = 0.0, 0.0  # |c_B B^-1|, that of c_B [1 D], as the rows are orthonormal
            _price(D, m, N - m, z, cost, basis, nonbasic)
            for i in range(m):
                value += cost[basis[i]] * beta[i]
                length += cost[basis[i]] ** 2
            for c in range(N - m):
                length += (cost[nonbasic[c]] - z[c]) ** 2
            cost[j] = cost[top] = 0.0
            doubt = least + rounding / independent * math.sqrt(length)
            if not ok:
                verdict[b] = UNSOLVED
            elif value < -doubt:
                verdict[b] = REFUTED
                break
            elif abs(t) < tied:
                if value < -least or doubt > 2.0 * least:
                    verdict[b] = UNDECIDED
            elif value <= doubt:
                verdict[b] = UNDECIDED


@kernel
def minimise(matrix, points, costs, solutions, solved):  # type: ignore[no-untyped-def]
    """Fill solutions (B, r, N), solved (B, r) for matrix (B or 1, m, N), points, costs (B, r, N); see tableau."""
    trials, programmes, N = points.shape
    rows = matrix.shape[1]
    wide = max(N, rows)
    A, T, D = np.empty((rows, N)), np.empty((rows + 1, wide)), np.empty((rows, N))
    gamma, z, bonus, current = np.empty(N), np.empty(N), np.empty(wide), np.empty(N)
    beta, rhs = np.empty(rows), np.empty(rows)
    basis, nonbasic = np.empty(rows, np.int64), np.empty(N, np.int64)
    touched = np.empty(N, np.bool_)
    for b in range(trials):
        for i in range(rows):
            for j in range(N):
                A[i, j] = matrix[b % matrix.shape[0], i, j]
        m = whole(-1)
        for t in range(programmes):
            for j in range(N):
                current[j] = points[b, t, j]
            if t == 0:
                m, _ = _start(A, rows, N, T, current, D, gamma, basis, nonbasic, beta, rhs, bonus)
            elif m >= 0:
                _right_side(A, m, N, current, rhs)
                _push(D, m, N - m, gamma, basis, nonbasic, beta, current)
            ok = m >= 0
            ok = ok and _descend(D, m, N - m, gamma, basis, nonbasic, beta, z, costs[b, t], touched, -np.inf)
            ok = ok and _refresh(A, m, N, T, D, gamma, basis, nonbasic, beta, rhs, bonus)
            for j in range(N):
                solutions[b, t, j] = 0.0
            for i in range(m):
                solutions[b, t, basis[i]] = max(beta[i], 0.0)
            solved[b, t] = ok
