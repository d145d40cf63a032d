"""The compiled kernels of far_vertices (what they may assume, and why they share a file: solvers/arithmetic.py).

Shapes, throughout: N visible positions, m rows. A (m, N): the equations, with orthonormal rows; T (m, N): the
dictionary `A_B^-1 A` of a basis B; basis (m,) int: its positions; beta (m,): their weights, the others being 0;
right (m,): the right side; a (N,): the given weights; slope, length (N,): of the edge along which each comes in;
terms (m,): the parts of the basic weights in the divergence. Arrays are as large as the largest trial: m and N say
what of them is used.
"""

from __future__ import annotations

import math

import numpy as np

from attnlab.solvers.compiling import inlined, inner, kernel, whole

_SHIFT, _LEAST = 1e-7, 1e-13
"""Changes of the given weights, relative and absolute, that keep basic weights off zero on the way."""
_PIVOT = 1e-9
"""A weight that falls more slowly than this does not block: an edge is no longer than 1, for weights add up to 1,
so it misses 0 by no more than this."""
_GAIN = 1e-9
"""Share of the divergence by which an edge must add to it to be taken: above the rounding of a sum of N terms, so
that every step gains and no vertex is met twice."""
_TURNS = 20
"""Steps allowed for each row and position. Climbs took at most half of m + N (Gaussian values, n to 256, d to 16);
at the limit the climb ends at a vertex like any other."""
_CLOSE = 1e-11
"""How far a vertex may miss the right side, or 0 from below, to count.

Rows are orthonormal and weights add up to 1, so a computed product is off by m eps or so: 1e-11 is that for any m
below 10,000, in whatever order the sum is taken.
"""
_SHORTLIST = 8
"""Edges of the best rank that are evaluated first."""
_SINGULAR = 1e-13
"""A pivot below this is none."""
_OUTSIDE = math.log2(2 / 3)
"""The slope of a weight that is 0 in b and positive in a, half way to a."""


@inlined
def _term(a, b):  # type: ignore[no-untyped-def]
    """The part of one position, with weights a and b, in the divergence, in bits."""
    if b <= 0.0:
        return 0.5 * a
    if a <= 0.0:
        return 0.5 * b
    middle = 0.5 * (a + b)
    return 0.5 * (a * math.log2(a / middle) + b * math.log2(b / middle))


@inner
def _eliminate(T, m, N, bonus, basis):  # type: ignore[no-untyped-def]
    """Gauss-Jordan with complete pivoting on entries times bonus (N,), which is used up; 0 forbids a column.

    basis becomes the columns that are unit vectors; False where fewer than m are found.
    """
    basis[:m] = -1
    for _ in range(m):
        best, r, c = _SINGULAR, whole(-1), whole(-1)
        for i in range(m):
            if basis[i] < 0:
                row = T[i]
                for j in range(N):
                    score = abs(row[j]) * bonus[j]
                    if score > best:
                        best, r, c = score, i, j
        if r < 0:
            return False
        basis[r], bonus[c] = c, 0.0
        _reduce(T, m, N, r, c)
    return True


@inner
def _reduce(T, m, N, r, c):  # type: ignore[no-untyped-def]
    """Make column c of T[:m, :N] the unit vector of row r."""
    top, scale = T[r], 1.0 / T[r, c]
    for j in range(N):
        top[j] *= scale
    top[c] = 1.0
    for i in range(m):
        factor = T[i, c]
        if i != r and factor != 0.0:
            row = T[i]
            for j in range(N):
                row[j] -= factor * top[j]
            row[c] = 0.0


@inner
def _enter(T, m, N, basis, beta, c):  # type: ignore[no-untyped-def]
    """Raise weight c from 0 until a basic weight falls to 0 and leaves; False if none does."""
    leaving, length = whole(-1), np.inf
    for i in range(m):
        if T[i, c] > _PIVOT:
            t = max(beta[i], 0.0) / T[i, c]
            if t < length:
                leaving, length = i, t
    if leaving < 0:
        return False
    for i in range(m):
        beta[i] -= length * T[i, c]
    beta[leaving], basis[leaving] = length, c
    _reduce(T, m, N, leaving, c)
    return True


@inner
def _push(T, m, N, basis, beta, x):  # type: ignore[no-untyped-def]
    """From the point x (N,), used up, to a vertex: each weight that is not basic is lowered to 0 in turn."""
    basic = np.zeros(N, dtype=np.bool_)
    for i in range(m):
        basic[basis[i]] = True
        beta[i] = x[basis[i]]
    for c in range(N):
        if basic[c] or x[c] <= 0.0:
            continue
        leaving, length = whole(-1), x[c]
        for i in range(m):
            if T[i, c] < -_PIVOT:
                t = max(beta[i], 0.0) / -T[i, c]
                if t < length:
                    leaving, length = i, t
        for i in range(m):
            beta[i] += length * T[i, c]
        if leaving >= 0:
            basic[basis[leaving]], basic[c] = False, True
            x[basis[leaving]] = 0.0
            beta[leaving], basis[leaving] = x[c] - length, c
            _reduce(T, m, N, leaving, c)


@inner
def _edges(T, m, N, a, basis, beta, slope, length):  # type: ignore[no-untyped-def]
    """Of the edge along which each weight comes in: its slope, taken half way to a, and its length."""
    for j in range(N):
        slope[j] = _OUTSIDE if a[j] > 0.0 else 1.0
        length[j] = 1.0
    for i in range(m):
        row, b, at = T[i], max(beta[i], 0.0), a[basis[i]]
        mixed = 0.5 * (at + b)
        gradient = math.log2(2.0 * mixed / (at + mixed)) if mixed > 0.0 else 1.0
        for j in range(N):
            slope[j] -= gradient * row[j]
            if row[j] > _PIVOT:
                length[j] = min(length[j], b / row[j])
    for i in range(m):
        length[basis[i]] = 0.0


@inner
def _gain(T, m, a, basis, beta, terms, c, length):  # type: ignore[no-untyped-def]
    """By how many bits the divergence grows from one end of the edge of c to the other, `length` away."""
    total = _term(a[c], length) - _term(a[c], 0.0)
    for i in range(m):
        rate = T[i, c]
        if rate != 0.0:
            total += _term(a[basis[i]], beta[i] - length * rate) - terms[i]
    return total


@inner
def _reached(m, a, basis, terms):  # type: ignore[no-untyped-def]
    """The divergence of the vertex, up to rounding: half of what a has elsewhere, and the terms."""
    total = 0.5
    for i in range(m):
        total += terms[i] - 0.5 * a[basis[i]]
    return max(total, 1e-7)


@inner
def _climb(T, m, N, a, basis, beta, slope, length, terms):  # type: ignore[no-untyped-def]
    """To a vertex none of whose neighbours is farther."""
    for _ in range(_TURNS * (m + N)):
        _edges(T, m, N, a, basis, beta, slope, length)
        for i in range(m):
            terms[i] = _term(a[basis[i]], beta[i])
        best, at = _GAIN * _reached(m, a, basis, terms), whole(-1)
        for _ in range(_SHORTLIST):
            most, c = -np.inf, whole(-1)
            for j in range(N):
                if length[j] > 0.0 and slope[j] * length[j] > most:
                    most, c = slope[j] * length[j], j
            if c < 0:
                break
            gain = _gain(T, m, a, basis, beta, terms, c, length[c])
            slope[c] = -np.inf
            if gain > best:
                best, at = gain, c
        if at < 0:
            for c in range(N):
                if length[c] > 0.0 and slope[c] > -np.inf:
                    gain = _gain(T, m, a, basis, beta, terms, c, length[c])
                    if gain > best:
                        best, at = gain, c
        if at < 0 or not _enter(T, m, N, basis, beta, at):
            return


@inner
def _solve(A, m, T, basis, right, beta):  # type: ignore[no-untyped-def]
    """beta with A_B beta = right, by elimination with partial pivoting in T (m, m), lost; False if singular."""
    for i in range(m):
        for s in range(m):
            T[i, s] = A[i, basis[s]]
        beta[i] = right[i]
    for s in range(m):
        at = s
        for i in range(s + 1, m):
            if abs(T[i, s]) > abs(T[at, s]):
                at = i
        if abs(T[at, s]) == 0.0:
            return False
        if at != s:
            beta[s], beta[at] = beta[at], beta[s]
            for t in range(s, m):
                T[s, t], T[at, t] = T[at, t], T[s, t]
        for i in range(s + 1, m):
            factor = T[i, s] / T[s, s]
            if factor != 0.0:
                for t in range(s, m):
                    T[i, t] -= factor * T[s, t]
                beta[i] -= factor * beta[s]
    for s in range(m - 1, -1, -1):
        for t in range(s + 1, m):
            beta[s] -= T[s, t] * beta[t]
        beta[s] /= T[s, s]
    return True


@inner
def _missed(A, m, basis, beta, right):  # type: ignore[no-untyped-def]
    """How far `A_B beta` is from the right side, at most."""
    worst = 0.0
    for i in range(m):
        total = -right[i]
        for s in range(m):
            total += A[i, basis[s]] * beta[s]
        worst = max(worst, abs(total))
    return worst


@inner
def _divergence(A, m, N, S, a, basis, right, beta, b):  # type: ignore[no-untyped-def]
    """b (N,): the vertex for the right side itself; its divergence from a, or -1 if it does not count.

    S (m, m): scratch.
    """
    if not _solve(A, m, S, basis, right, beta):
        return -1.0
    for i in range(m):
        if beta[i] < -_CLOSE:
            return -1.0
        beta[i] = beta[i] if beta[i] > _CLOSE else 0.0
    if not _missed(A, m, basis, beta, right) <= m * _CLOSE:
        return -1.0
    b[:N] = 0.0
    for i in range(m):
        b[basis[i]] = beta[i]
    total = 0.0
    for j in range(N):
        total += _term(a[j], b[j])
    return total


@inner
def _gather(a, basis, visible, A, x, place):  # type: ignore[no-untyped-def]
    """Visible positions to place (N,), their weights to x (N,), the nonzero columns of the basis to A; (m, N).

    a (n,), basis (n, w), visible (n,): of the whole trial.
    """
    N = 0
    for j in range(a.shape[0]):
        if visible[j]:
            place[N], x[N] = j, a[j]
            N += 1
    m = 0
    for i in range(basis.shape[1]):
        size = 0.0
        for t in range(N):
            A[m, t] = basis[place[t], i]
            size = max(size, abs(A[m, t]))
        m += size > 0.0
    return m, N


@inner
def _right_side(A, m, N, x, right):  # type: ignore[no-untyped-def]
    """right := A x, x (N,)."""
    for i in range(m):
        row, total = A[i], 0.0
        for j in range(N):
            total += row[j] * x[j]
        right[i] = total


@inner
def _rebuild(A, m, N, T, S, basis, beta, right, bonus):  # type: ignore[no-untyped-def]
    """The dictionary of the basis afresh, which sheds the rounding of the steps. S (m, m), bonus (N,): scratch."""
    bonus[:N] = 0.0
    for i in range(m):
        bonus[basis[i]] = 1.0
        for j in range(N):
            T[i, j] = A[i, j]
    return _eliminate(T, m, N, bonus, basis) and _solve(A, m, S, basis, right, beta)


@kernel
def far_vertices(weights, bases, mask, order, shift, far):  # type: ignore[no-untyped-def]
    """Fill far (B, n), which holds the weights, with the farthest vertex found where there is one.

    weights (B, n), bases (B, n, w), mask (B, n); order (B, r, n): the positions as each round would bring them in;
    shift (n,): from 1 to 2.
    """
    # Long: a third of it makes the scratch that all trials share, which compiled code cannot return as one object.
    trials, n = weights.shape
    wide = bases.shape[2]
    A, T, S = np.empty((wide + 1, n)), np.empty((wide + 1, n)), np.empty((wide, wide))
    a, x, b = np.empty(n), np.empty(n), np.empty(n)
    slope, length, bonus = np.empty(n), np.empty(n), np.empty(n)
    beta, exact, right, shifted = np.empty(wide), np.empty(wide), np.empty(wide), np.empty(wide)
    terms, basis, place = np.empty(wide), np.empty(wide, np.int64), np.empty(n, np.int64)
    where = np.empty(n, np.int64)
    for trial in range(trials):
        m, N = _gather(weights[trial], bases[trial], mask[trial], A, a, place)
        where[:] = -1
        largest = 0.0
        for t in range(N):
            where[place[t]] = t
            x[t] = a[t] + shift[place[t]] * (_SHIFT * a[t] + _LEAST)
            largest = max(largest, a[t])
        _right_side(A, m, N, a, right)
        _right_side(A, m, N, x, shifted)
        for j in range(N):
            bonus[j] = x[j] + 1e-3 * largest
        for i in range(m):
            for j in range(N):
                T[i, j] = A[i, j]
        if m == N or not _eliminate(T, m, N, bonus, basis):
            continue
        _push(T, m, N, basis, beta, x)
        best = 0.0
        for round in range(order.shape[1]):
            left = m if round > 0 else 0
            for j in order[trial, round]:
                c = where[j]
                if left == 0:
                    break
                inside = c < 0
                for i in range(m):
                    inside = inside or basis[i] == c
                if not inside:
                    _enter(T, m, N, basis, beta, c)
                    left -= 1
            _climb(T, m, N, a, basis, beta, slope, length, terms)
            reached = _divergence(A, m, N, S, a, basis, right, exact, b)
            if reached > best:
                best = reached
                for t in range(N):
                    far[trial, place[t]] = b[t]
            if _missed(A, m, basis, beta, shifted) > _CLOSE and not _rebuild(
                A, m, N, T, S, basis, beta, shifted, bonus
            ):
                break
