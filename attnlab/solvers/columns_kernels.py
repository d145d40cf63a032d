"""The compiled kernels of columns (what they may assume, and why they share a file: solvers/arithmetic.py).

Shapes, throughout: n positions, N of them visible, m the rank, P = m the places of the pool, W = m + P.
A (N, m): row k is column k of the programme; x (N,): the weights; at (n,) int: where they stood;
right (m,): the right side `A^T x`; cost (N + 1,). T, gamma, basis, slot, place, beta: as in `Dictionary`; z, y,
reduced, fresh, touched: as in `Room`; dictionary, room: one of each. Column N is no column of A but `mean` (m,),
that of the positions which the first basis left out (left_out (N,) bool), weighted as they were, `mass` in all: a
point of their hull, so it changes no programme and the start is feasible. least: a lead that is none; rounding:
the relative error of a multiplier's product with the output.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attnlab.shapes import Array
from attnlab.solvers.compiling import inlined, inner, kernel, whole
from attnlab.solvers.face import CERTIFIED, REFUTED, UNDECIDED, UNSOLVED

_PRICE = 1e-11
"""Reduced costs above minus this are optimal; on a simplex the optimum is then missed by at most 1e-11."""
_PIVOT = 1e-11
"""Entries below this are not pivots."""
_SLACK = 1e-12
"""A basic variable may fall this far below 0, so that among near ties the largest pivot is taken."""
_DRIFT = 1e-12
"""Invert the basis afresh when the vertex misses the right side by more than this."""
_SPAN, _SINGULAR = 1e-9, 1e-14
"""A pivot below the first does not span: the row is left to tableau, which sees all columns. One below the second
is rounding, where the basis is given."""
_STILL = 1e-13
"""A step this short has not moved: Bland's rule takes over after W of them."""
_BELOW = 1e-9
"""A vertex with a weight below minus this is none. What a step lets by,
_SLACK, and what drift is left, _DRIFT, are a thousandth of it."""
_FRESH = 24
"""Columns that come into the pool at once."""
_BASIC, _OUT = -1, -2
_OPTIMAL, _REACHED, _FLOORED, _FAILED = 0, 1, 2, 3
_WALK, _ROUNDS, _MORE = 50, 20, 1000
"""Steps of one walk allowed for each column of the dictionary, rounds of pricing for each position; and more.

Measured on Gaussian values and on a grid, n from 64 to 1,024 and d from 8 to 64: a walk took at most 0.6 W steps,
a programme at most 0.11 N rounds, 16 in all. Bland's rule ends every walk in theory; a limit reached is rounding
that cycles, and the row is left to tableau.
"""


class Dictionary(NamedTuple):
    """A basis B, written out for the pool: the columns that may enter.

    T (m, W) holds `B^-1` in its first m columns and `B^-1 A_k` in the others; gamma (W,): `1 + |T_c|^2`, the
    squared edge norms where c is in the pool; basis (m,): which columns are basic, beta (m,): their weights;
    slot (P,): the column in each place of the pool, -1 where there is none; place (n + 1,): where each column
    stands, a place of the pool, _BASIC or _OUT.
    """

    T: Array
    gamma: Array
    basis: NDArray[np.int64]
    slot: NDArray[np.int64]
    place: NDArray[np.int64]
    beta: Array


class Room(NamedTuple):
    """What the programmes of one row work in.

    z (P,): reduced costs of the pool; y (m,): multipliers; reduced (n,): reduced costs of all columns; fresh (P,):
    columns on their way in; touched (n + 1,): was the weight 0 at some vertex that was passed?
    """

    z: Array
    y: Array
    reduced: Array
    fresh: NDArray[np.int64]
    touched: NDArray[np.bool_]


@inner
def _pivot(T, m, W, gamma, r, c):  # type: ignore[no-untyped-def]
    """Swap basic r with the nonbasic in column c of T: T and the edge norms in one pass."""
    top, pivot = T[r], T[r, c]
    for j in range(W):
        top[j] /= pivot
    top[c] = 1.0 / pivot
    for j in range(W):
        gamma[j] = 1.0 + top[j] * top[j]
    for i in range(m):
        if i != r:
            row, f = T[i], T[i, c]
            row[c] = 0.0
            for j in range(m):
                row[j] -= f * top[j]
            for j in range(m, W):
                row[j] -= f * top[j]
                gamma[j] += row[j] * row[j]


@inner
def _ratio(T, m, c, sign, beta, basis, bland):  # type: ignore[no-untyped-def]
    """The row that leaves when column c moves by `sign` (+1 up, -1 down), and how far it can go.

    Two passes (Harris 1973): first how far with every basic variable allowed `_SLACK` below 0, then the
    largest pivot among the rows reached by then. bland: the least variable among exact ties instead.
    """
    slack = 0.0 if bland else _SLACK
    reach = np.inf
    for i in range(m):
        rate = sign * T[i, c]
        if rate > _PIVOT:
            reach = min(reach, (max(beta[i], 0.0) + slack) / rate)
    leaving, best, step = whole(-1), 0.0, np.inf
    for i in range(m):
        rate = sign * T[i, c]
        if rate > _PIVOT:
            t = max(beta[i], 0.0) / rate
            if t <= reach and (leaving < 0 or (basis[i] < basis[leaving] if bland else rate > best)):
                leaving, best, step = i, rate, t
    return leaving, step


@inner
def _swap(T, m, W, gamma, basis, slot, place, r, s):  # type: ignore[no-untyped-def]
    """Pivot on row r and pool place s."""
    _pivot(T, m, W, gamma, r, m + s)
    basis[r], slot[s] = slot[s], basis[r]
    place[basis[r]] = _BASIC
    if slot[s] >= 0:
        place[slot[s]] = s


@inner
def _fill_place(A, N, mean, T, m, gamma, slot, place, s, k):  # type: ignore[no-untyped-def]
    """Column k takes pool place s."""
    if slot[s] >= 0:
        place[slot[s]] = _OUT
    slot[s], place[k] = k, s
    column = mean if k == N else A[k]
    total = 1.0
    for i in range(m):
        row, entry = T[i], 0.0
        for t in range(m):
            entry += row[t] * column[t]
        row[m + s] = entry
        total += entry * entry
    gamma[m + s] = total


@inner
def _eliminate(T, m, P, basis, slot, bonus):  # type: ignore[no-untyped-def]
    """Gauss-Jordan with complete pivoting on the pool: m of its columns become the basis. False if they cannot.

    bonus (P,) multiplies what counts as a large pivot.
    """
    W = m + P
    for i in range(m):
        basis[i] = -1
    for _ in range(m):
        best, r, s = 0.0, -1, -1
        for i in range(m):
            if basis[i] < 0:
                row = T[i]
                for j in range(P):
                    score = abs(row[m + j]) * bonus[j]
                    if score > best:
                        best, r, s = score, i, j
        if r < 0 or abs(T[r, m + s]) < _SPAN:
            return False
        basis[r], slot[s], bonus[s] = slot[s], -1, 0.0
        top, pivot = T[r], T[r, m + s]
        for j in range(W):
            top[j] /= pivot
        for i in range(m):
            f = T[i, m + s]
            if i != r and f != 0.0:
                row = T[i]
                for j in range(W):
                    row[j] -= f * top[j]
        for i in range(m):
            T[i, m + s] = 0.0
    return True


@inner
def _start(A, N, x, order, dictionary, mean, right, left_out, heaviest, bonus):  # type: ignore[no-untyped-def]
    """From the weights to a basis, the mean of what it leaves out, and a vertex; order (N,): heaviest first.

    heaviest (2m,) int and bonus (2m,) are scratch. Returns (the weight of what was left out, False if the 2m
    heaviest columns do not span).
    """
    # Long: the first basis, its vertex and the mean, each a paragraph over the same scratch.
    T, gamma, basis, slot, place, beta = dictionary
    m, P = len(basis), len(bonus)
    W = m + P
    for j in range(N):
        left_out[j], place[j] = True, _OUT
    place[N] = _OUT
    for i in range(m):
        right[i] = 0.0
    for j in range(N):
        column = A[j]
        for i in range(m):
            right[i] += x[j] * column[i]
    for i in range(m):
        row = T[i]
        for j in range(W):
            row[j] = 0.0
        row[i] = 1.0
    for s in range(P):
        heaviest[s] = order[s] if s < N else -1
        bonus[s] = 0.0
        if s < N:
            bonus[s] = x[order[s]] + 1e-3 * x[order[0]]
            for i in range(m):
                T[i, m + s] = A[order[s], i]
    bonus[0] *= 1e6  # the top belongs to the basis
    if not _eliminate(T, m, P, basis, heaviest, bonus):
        return 0.0, False
    P = len(slot)
    W = m + P
    count = 0
    for s in range(len(heaviest)):
        if heaviest[s] >= 0 and count < P:
            slot[count], place[heaviest[s]] = heaviest[s], count
            for i in range(m):
                T[i, m + count] = T[i, m + s]
            count += 1
    for s in range(count, P):
        slot[s] = -1
        for i in range(m):
            T[i, m + s] = 0.0
    for i in range(m):
        place[basis[i]] = _BASIC
        left_out[basis[i]] = False
        beta[i] = x[basis[i]]
        mean[i] = 0.0
    mass = 0.0
    for j in range(N):
        if left_out[j]:
            mass += x[j]
            for i in range(m):
                mean[i] += x[j] * A[j, i]
    for j in range(W):
        gamma[j] = 1.0
    for i in range(m):
        row = T[i]
        for j in range(W):
            gamma[j] += row[j] * row[j]
    if mass > 0.0:
        for i in range(m):
            mean[i] /= mass
        at = P - 1
        _fill_place(A, N, mean, T, m, gamma, slot, place, at, N)
        r, step = _ratio(T, m, m + at, -1.0, beta, basis, np.bool_(False))
        blocked = r >= 0 and step < mass
        step = step if blocked else mass
        for i in range(m):
            beta[i] += step * T[i, m + at]
        if blocked:
            beta[r] = mass - step
            _swap(T, m, W, gamma, basis, slot, place, r, at)
    return mass, True


@inner
def _missed(A, N, mean, m, basis, beta, right, y):  # type: ignore[no-untyped-def]
    """How far the vertex misses the right side; y is scratch."""
    for i in range(m):
        y[i] = -right[i]
    for r in range(m):
        column, f = mean if basis[r] == N else A[basis[r]], beta[r]
        for i in range(m):
            y[i] += f * column[i]
    most = 0.0
    for i in range(m):
        most = max(most, abs(y[i]))
    return most


@inner
def _invert(A, N, mean, T, m, P, gamma, basis, slot, place, beta, right):  # type: ignore[no-untyped-def]
    """Rebuild T and beta on the same basis, by Gauss-Jordan with row pivoting; False if it is singular."""
    W = m + P
    for i in range(m):
        row = T[i]
        for j in range(m):
            row[j] = 0.0
        row[i] = 1.0
        for r in range(m):
            row[m + r] = mean[i] if basis[r] == N else A[basis[r], i]
    for c in range(m):
        at = c
        for i in range(c + 1, m):
            if abs(T[i, m + c]) > abs(T[at, m + c]):
                at = i
        if abs(T[at, m + c]) < _SINGULAR:
            return False
        top, low = T[c], T[at]
        if at != c:
            for j in range(2 * m):
                top[j], low[j] = low[j], top[j]
        pivot = T[c, m + c]
        for j in range(2 * m):
            top[j] /= pivot
        for i in range(m):
            f = T[i, m + c]
            if i != c and f != 0.0:
                row = T[i]
                for j in range(2 * m):
                    row[j] -= f * top[j]
    for i in range(m):
        row, total = T[i], 0.0
        for j in range(m):
            total += row[j] * right[j]
        beta[i] = total
        for j in range(m, W):
            row[j] = 0.0
    for s in range(P):
        k = slot[s]
        gamma[m + s] = 1.0
        if k >= 0:
            slot[s] = -1
            _fill_place(A, N, mean, T, m, gamma, slot, place, s, k)
    return True


@inner
def _value(m, basis, beta, cost):  # type: ignore[no-untyped-def]
    """The cost of the vertex."""
    value = 0.0
    for i in range(m):
        value += cost[basis[i]] * beta[i]
    return value


@inner
def _outdone(T, m, basis, beta, N, top, least, rounding):  # type: ignore[no-untyped-def]
    """Does some basic weight exceed that of the top by more than `least` and by more than rounding?"""
    at, held = whole(-1), 0.0
    for i in range(m):
        if basis[i] == top:
            at, held = i, beta[i]
    for i in range(m):
        if i != at and basis[i] != N and beta[i] - held > least:
            total = 0.0
            for j in range(m):
                total += (T[i, j] - (T[at, j] if at >= 0 else 0.0)) ** 2
            if beta[i] - held > rounding * math.sqrt(total):
                return True
    return False


@inner
def _descend(T, m, P, gamma, basis, slot, place, beta, z, cost, N, touched, stop, top, least, rounding):  # type: ignore[no-untyped-def]
    """Walk to a vertex that minimises cost.x over the basis and the pool: steepest edge, Bland's rule on ties.

    Ends early once cost.x <= stop or, with top < N, another weight exceeds the top's. touched[j]: j was 0 at some
    vertex passed on the way.
    """
    W, still = m + P, 0
    for _ in range(_WALK * W + _MORE):
        if top < N and _outdone(T, m, basis, beta, N, top, least, rounding):
            return _REACHED
        if stop > -np.inf and _value(m, basis, beta, cost) <= stop:
            return _REACHED
        for s in range(P):
            z[s] = cost[slot[s]] if slot[s] >= 0 else 0.0
        for i in range(m):
            f = cost[basis[i]]
            if f != 0.0:
                row = T[i]
                for s in range(P):
                    z[s] -= f * row[m + s]
        bland = still > W
        best, enter = 0.0, whole(-1)
        for s in range(P):
            if z[s] < -_PRICE and slot[s] >= 0:
                if bland:
                    if enter < 0 or slot[s] < slot[enter]:
                        enter = s
                elif z[s] * z[s] > best * gamma[m + s]:
                    best, enter = z[s] * z[s] / gamma[m + s], s
        if enter < 0:
            return _OPTIMAL
        r, step = _ratio(T, m, m + enter, 1.0, beta, basis, bland)
        if r < 0:
            return _FAILED
        still = still + 1 if step <= _STILL else 0
        for i in range(m):
            beta[i] -= step * T[i, m + enter]
        beta[r] = step
        touched[basis[r]] = True
        _swap(T, m, W, gamma, basis, slot, place, r, enter)
    return _FAILED


@inner
def _multipliers(T, m, basis, cost, y):  # type: ignore[no-untyped-def]
    """y = c_B B^-1; its length."""
    for j in range(m):
        y[j] = 0.0
    for i in range(m):
        f = cost[basis[i]]
        if f != 0.0:
            row = T[i]
            for j in range(m):
                y[j] += f * row[j]
    total = 0.0
    for j in range(m):
        total += y[j] * y[j]
    return math.sqrt(total)


@inner
def _price_all(A, N, m, y, cost, reduced):  # type: ignore[no-untyped-def]
    """Reduced costs of all N columns, from the definition; the least."""
    least = np.inf
    for k in range(N):
        column, total = A[k], 0.0
        for j in range(m):
            total += column[j] * y[j]
        reduced[k] = cost[k] - total
        least = min(least, reduced[k])
    return least


@inner
def _refill(A, N, mean, T, m, P, gamma, slot, place, z, reduced, fresh):  # type: ignore[no-untyped-def]
    """The columns outside with the lowest reduced costs come into the pool, for those with the highest there."""
    count, worst = 0, 0
    room = min(_FRESH, P)
    for k in range(N):
        if place[k] == _OUT and reduced[k] < -_PRICE:
            if count < room:
                fresh[count] = k
                count += 1
            elif reduced[k] < reduced[fresh[worst]]:
                fresh[worst] = k
            else:
                continue
            if count == room:
                worst = 0
                for t in range(1, count):
                    if reduced[fresh[t]] > reduced[fresh[worst]]:
                        worst = t
    for t in range(count):
        at, most = whole(-1), -np.inf
        for s in range(P):
            height = z[s] if slot[s] >= 0 else np.inf
            if height > most or at < 0:
                at, most = s, height
        z[at] = -np.inf
        _fill_place(A, N, mean, T, m, gamma, slot, place, at, fresh[t])
    return count


@inner
def _minimise(A, N, mean, right, cost, dictionary, room, stop, floor, top, least, rounding):  # type: ignore[no-untyped-def]
    """Minimise cost.x over all columns; (status, the value, a lower bound by weak duality, |y|).

    The bound holds whatever T has lost: `cost.x >= y.o + min_k (c_k - A_k.y)` for weights x that sum to 1; its own
    rounding is at most rounding |y|. Ends early with _REACHED as _descend does, or with _FLOORED once the bound
    exceeds `floor` by more than that. For `stop` and `top` see there; room: a `Room`.
    """
    T, gamma, basis, slot, place, beta = dictionary
    z, y, reduced, fresh, touched = room
    m, P = len(basis), len(slot)
    low, length = -np.inf, 0.0
    for _ in range(_ROUNDS * N + _MORE):
        status = _descend(
            T, m, P, gamma, basis, slot, place, beta, z, cost, N, touched, stop, top, least, rounding
        )
        if _missed(A, N, mean, m, basis, beta, right, y) > _DRIFT:
            if not _invert(A, N, mean, T, m, P, gamma, basis, slot, place, beta, right):
                return _FAILED, 0.0, -np.inf, 0.0
            if _missed(A, N, mean, m, basis, beta, right, y) > 10.0 * _DRIFT:
                return _FAILED, 0.0, -np.inf, 0.0
            if status == _REACHED:
                continue
        for i in range(m):
            if beta[i] < -_BELOW:
                return _FAILED, 0.0, -np.inf, 0.0
        length = _multipliers(T, m, basis, cost, y)
        if status in (_REACHED, _FAILED):
            return status, _value(m, basis, beta, cost), low, length
        low = min(_price_all(A, N, m, y, cost, reduced), 0.0)
        for i in range(m):
            low += y[i] * right[i]
        if low > floor + rounding * length:
            return _FLOORED, low, low, length
        if _refill(A, N, mean, T, m, P, gamma, slot, place, z, reduced, fresh) == 0:
            return _OPTIMAL, _value(m, basis, beta, cost), low, length
    return _FAILED, 0.0, -np.inf, 0.0


@inner
def _ceiling(column, low, m, right):  # type: ignore[no-untyped-def]
    """What column j can weigh at most: `A_j.o >= b_j |A_j|^2 + (1 - b_j) low`, low = min_i A_j.A_i."""
    size, along = 0.0, 0.0
    for i in range(m):
        size += column[i] * column[i]
        along += column[i] * right[i]
    return (along - low) / (size - low) if size > low else 1.0


@inner
def _visible_columns(A, weights, visible, gathered, x, at):  # type: ignore[no-untyped-def]
    """The weights of the visible positions, which they are and their columns, copied unless they come first.

    A, weights and visible of the whole row, n long; gathered (n, m): room for the columns. Returns (columns, N).
    """
    N, first = 0, True
    for j in range(len(weights)):
        if visible[j]:
            x[N], at[N] = weights[j], j
            first = first and j == N
            N += 1
    if first:
        return A[:N], N
    for k in range(N):
        row, column = gathered[k], A[at[k]]
        for i in range(A.shape[1]):
            row[i] = column[i]
    return gathered[:N], N


@inner
def _order(ranked, at, N, spot):  # type: ignore[no-untyped-def]
    """The columns, heaviest first, (N,); ranked (n,): the positions so; spot (2, n) int is scratch."""
    where, order = spot[0], spot[1]
    for k in range(N):
        where[at[k]] = k
    for k in range(N):
        order[k] = where[ranked[k]]
    return order[:N]


@inner
def _scratch(n, m):  # type: ignore[no-untyped-def]
    """A `Dictionary` of m rows over n columns, wide enough for the 2m it starts from, and the `Room` beside it."""
    P = m
    dictionary = Dictionary(
        np.empty((m, 3 * m)), np.empty(3 * m), np.empty(m, np.int64), np.empty(P, np.int64),
        np.empty(n + 1, np.int64), np.empty(m),
    )  # fmt: skip
    room = Room(np.empty(P), np.empty(m), np.empty(n), np.empty(P, np.int64), np.empty(n + 1, np.bool_))
    return dictionary, room


@inner
def _copy(source, target):  # type: ignore[no-untyped-def]
    """Make the target dictionary the same as the source."""
    # Loops, which numba compiles in a tenth of the time of slices.
    m, W = source.T.shape
    for i in range(m):
        row, other = target.T[i], source.T[i]
        for j in range(W):
            row[j] = other[j]
        target.basis[i], target.beta[i] = source.basis[i], source.beta[i]
    for j in range(W):
        target.gamma[j] = source.gamma[j]
    for s in range(len(source.slot)):
        target.slot[s] = source.slot[s]
    for k in range(len(source.place)):
        target.place[k] = source.place[k]


@inner
def _enter_pool(A, N, mean, dictionary, z, j):  # type: ignore[no-untyped-def]
    """Column j comes into the pool, for an empty place or the one with the highest reduced cost."""
    slot, place = dictionary.slot, dictionary.place
    if place[j] != _OUT:
        return
    at = whole(0)
    for s in range(len(slot)):
        if slot[s] < 0:
            at = s
            break
        if z[s] > z[at]:
            at = s
    z[at] = -np.inf
    _fill_place(A, N, mean, dictionary.T, len(mean), dictionary.gamma, slot, place, at, j)


@inlined
def _rivals(A, N, mean, right, cost, dictionary, room, top, group, share, least, rounding):  # type: ignore[no-untyped-def]
    """Is the top above the sum of a group of rivals? CERTIFIED, so above each; REFUTED: some position reaches it.

    UNDECIDED, of a group of several: its sum reaches the top; of one: too close to call. share: what a unit of the
    mean holds of the group; room: a `Room`.
    """
    for t in range(min(len(group), _FRESH)):
        _enter_pool(A, N, mean, dictionary, room.z, group[t])
    cost[top], cost[N] = 1.0, -share
    for t in range(len(group)):
        cost[group[t]] = -1.0
    several = len(group) > 1
    stop = 0.0 if several else -100.0 * least
    status, value, _, length = _minimise(
        A, N, mean, right, cost, dictionary, room, stop, least, top, 100.0 * least, rounding
    )
    outdone = status == _REACHED and value > stop
    if status == _REACHED and not outdone and not several and value > -rounding * length:
        status, value, _, length = _minimise(
            A, N, mean, right, cost, dictionary, room, -np.inf, least, N, 0.0, rounding
        )
    cost[top] = cost[N] = 0.0
    for t in range(len(group)):
        cost[group[t]] = 0.0
    if status == _FAILED:
        return UNSOLVED
    if status == _FLOORED:
        return CERTIFIED
    if outdone or (not several and value < -least - rounding * length):
        return REFUTED
    return UNDECIDED


@inlined
def _settle(A, N, mean, right, cost, first, dictionary, room, top, left, x, left_out, mass, least, rounding):  # type: ignore[no-untyped-def]
    """The verdict on the rivals left, heaviest first; groups double when they pass and halve when they fail.

    first: the dictionary at the least weight of the top; room: a `Room`.
    """
    verdict, size, t, fresh = CERTIFIED, 1, 0, True
    count = len(left)
    while t < count:  # ends: a pass moves t on, a failure halves the group, a group of one moves on too
        group = left[t : t + size]
        share = 0.0
        for j in group:
            if left_out[j]:
                share += x[j] / mass
        if not fresh:
            _copy(first, dictionary)
        fresh = False
        found = _rivals(A, N, mean, right, cost, dictionary, room, top, group, share, least, rounding)
        if found in (REFUTED, UNSOLVED):
            return found
        if found == UNDECIDED and len(group) > 1:
            size = (len(group) + 1) // 2
            continue
        if found == UNDECIDED:
            verdict = UNDECIDED
        t += len(group)
        size *= 2
    return verdict


@kernel
def top_forced(A, lows, weights, visible, ranked, margin, rounding, verdict):  # type: ignore[no-untyped-def]
    """Fill verdict (B,) for weights, visible (B, n) over one frame A (n, m), lows (n,); see columns.top_forced.

    ranked (B, n) int: the positions from the largest weight down, the visible ones first; margin: the lead,
    relative to the top, that is none.
    """
    trials, n = weights.shape
    m = A.shape[1]
    gathered, x, at = np.empty((n, m)), np.empty(n), np.empty(n, np.int64)
    spot = np.empty((2, n), np.int64)
    mean, right, cost = np.empty(m), np.empty(m), np.zeros(n + 1)
    heaviest, bonus = np.empty(2 * m, np.int64), np.empty(2 * m)
    left_out, prices, left = np.empty(n, np.bool_), np.empty(n), np.empty(n, np.int64)
    dictionary, room = _scratch(n, m)
    first, _ = _scratch(n, m)
    for b in range(trials):
        columns, N = _visible_columns(A, weights[b], visible[b], gathered, x, at)
        verdict[b] = UNSOLVED
        if m > N:
            continue
        order = _order(ranked[b], at, N, spot)
        top = order[0]
        if N > 1 and x[order[1]] >= x[top] - margin * x[top]:
            continue  # a tie is asked about from both sides: the tableau does
        mass, ok = _start(columns, N, x, order, dictionary, mean, right, left_out, heaviest, bonus)
        if not ok:
            continue
        least = margin * x[top]
        cost[top] = 1.0
        status, _, lowest, length = _minimise(
            columns, N, mean, right, cost, dictionary, room, -np.inf, np.inf, top, 100.0 * least, rounding
        )
        cost[top] = 0.0
        if status != _OPTIMAL:
            verdict[b] = REFUTED if status == _REACHED else UNSOLVED
            continue
        lowest -= rounding * length + least
        for k in range(N):
            prices[k] = room.reduced[k]
        _copy(dictionary, first)
        count = 0
        for t in range(1, N):
            j = order[t]
            slope = max(1.0 - prices[j], 0.0)
            most = min(1.0, (1.0 - lowest) / (1.0 + max(prices[j], 0.0)))
            most = min(most, _ceiling(columns[j], lows[at[j]], m, right) + rounding)
            if slope * most >= lowest:
                left[count] = j
                count += 1
        verdict[b] = _settle(
            columns, N, mean, right, cost, first, dictionary, room, top, left[:count], x, left_out, mass, least,
            rounding,
        )  # fmt: skip


@kernel
def fibre_bounds(A, weights, visible, ranked, asked, rounding, bounds, solved):  # type: ignore[no-untyped-def]
    """Fill bounds (B, n, 2) where asked (B, n), solved (B,) for weights, visible, ranked (B, n); see columns."""
    # Long: one row's scratch serves its programmes in turn; each step is a paragraph.
    trials, n = weights.shape
    m = A.shape[1]
    gathered, x, at = np.empty((n, m)), np.empty(n), np.empty(n, np.int64)
    spot = np.empty((2, n), np.int64)
    mean, right, cost = np.empty(m), np.empty(m), np.zeros(n + 1)
    heaviest, bonus = np.empty(2 * m, np.int64), np.empty(2 * m)
    left_out = np.empty(n, np.bool_)
    dictionary, room = _scratch(n, m)
    basis, slot, place, beta = dictionary.basis, dictionary.slot, dictionary.place, dictionary.beta
    touched = room.touched
    for b in range(trials):
        columns, N = _visible_columns(A, weights[b], visible[b], gathered, x, at)
        solved[b] = False
        if m > N:
            continue
        order = _order(ranked[b], at, N, spot)
        mass, ok = _start(columns, N, x, order, dictionary, mean, right, left_out, heaviest, bonus)
        if not ok:
            continue
        if mass > 0.0:  # first to a vertex of the polytope itself
            cost[N] = 1.0
            status, _, _, _ = _minimise(
                columns, N, mean, right, cost, dictionary, room, 0.0, np.inf, N, 0.0, rounding
            )
            cost[N] = 0.0
            if status == _FAILED:
                continue
            if place[N] >= 0:
                slot[place[N]] = -1
                place[N] = _OUT
        for j in range(N + 1):
            touched[j] = True
        for i in range(m):
            touched[basis[i]] = False
        solved[b] = True
        for side in range(2):  # greatest values first: on the way most of the least ones turn out to be 0
            sign = -1.0 if side == 0 else 1.0
            for j in range(N):
                if not asked[b, at[j]] or not solved[b]:
                    continue
                if side == 1 and touched[j]:
                    bounds[b, at[j], 0] = 0.0
                    continue
                cost[j] = sign
                cost[N] = sign * x[j] / mass if left_out[j] else 0.0
                _enter_pool(columns, N, mean, dictionary, room.z, j)
                status, value, _, _ = _minimise(
                    columns, N, mean, right, cost, dictionary, room, -np.inf, np.inf, N, 0.0, rounding
                )
                cost[j] = cost[N] = 0.0
                solved[b] = status == _OPTIMAL
                bounds[b, at[j], 1 - side] = sign * value
                for i in range(m):
                    if beta[i] <= _SLACK:
                        touched[basis[i]] = True
        for j in range(n):  # the weights lie in their own fibre: what is left outside is rounding
            if asked[b, j]:
                bounds[b, j, 0] = max(min(bounds[b, j, 0], weights[b, j]), 0.0)
                bounds[b, j, 1] = min(max(bounds[b, j, 1], weights[b, j]), 1.0)
