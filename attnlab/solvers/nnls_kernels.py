"""The compiled kernels of nnls (what they may assume, and why they share a file: solvers/arithmetic.py).

Sizes in the docstrings: n positions, d value dimensions, m <= d + 1 rows of a problem, `count` passive columns
(those with a coefficient above 0). Arrays are as large as the largest case; what of them is used comes beside
them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attnlab.shapes import Array
from attnlab.solvers.compiling import inlined, inner, kernel, whole
from attnlab.solvers.face import NOT_UNIQUE, UNDECIDED, UNIQUE

_EPS = float(np.finfo(np.float64).eps)

_AT_ZERO = 1e-12
"""A hull of unit directions this near to 0 contains it (a tie such as a repeated value lands near 1e-16)."""
_SEPARATED = 1e-7
"""A separation below this is not certified.

Any w shows that 0 is outside the hull if `w.u_j > 0` for all j, so an error of the p that was found costs
nothing; only the evaluation of `u_j.p = r_last - g_j` does: at most 2 (d + 2) eps |p|, for |r| <= sqrt 2 |p|
at a least-squares point (there |p|^2 = s (1 - s) and |r|^2 = 1 - s, with s >= 1/2 the sum of the
coefficients). That is far below 1e-7. The rest is for r itself: r_last is about |p|^2, which at 1e-7 is still
45 eps.
"""
_DIRECTIONS = 32.0
"""A separation certifies beyond _SEPARATED plus this many times `8 eps loss / smallest`, for the u_j as
computed are not those of the values. To first order their error is C eps loss / smallest: each of the k - 1
reflections rounds a step by a few eps of its whole length, of which only a part, 1 / loss, is left as the
direction; and the support's own directions, known to eps, turn its span by eps / smallest (smallest: the
least remainder of the pivoted elimination). C = 256 holds what sqrt(d k) independent roundings reach for d k
up to 65,536 (Higham & Mary 2019); the worst case is of the order d k. tests/test_kernels.py compares it with
directions formed in extended precision.
"""
_DEPENDENT = 1e-13
"""Relative size below which a direction is rounding of zero."""
_DOUBTFUL = 1e-9
"""Relative size below which a direction is too uncertain to carry a certificate."""
_FLAT = 1e-14
"""A gradient this small, relative to the residual, is rounding."""
_GAIN = 1e-8
"""What the objective may still fall by, relatively, where it is said to be least."""
_ROUNDINGS = 64.0
"""Roundings allowed where an optimality condition is checked."""
_RESOLVED = 1e4
"""Coordinates, and values, whose sizes differ by no more than this are resolved together: what is known of a
gradient, eps H^2, is then below 1e-7 of L^2."""


class Fit(NamedTuple):
    """What an active-set solve works on; after it, its answer.

    g (n,): gradient, r (m,): residual, v (m,): the column that enters. Q (m + 1, m): its first `count` rows
    are an orthonormal basis of the passive columns, R (m + 1, m + 1): upper triangle with C[:, passive] = Q^T
    R, c (m + 1,) = Q target, z (m + 1,): the coefficients x is on the way to. inside (n,): is a column
    passive; passive (m + 1,): which they are, x (m + 1,): their coefficients, in the same order.
    """

    g: Array
    r: Array
    c: Array
    z: Array
    v: Array
    Q: Array
    R: Array
    inside: NDArray[np.bool_]
    passive: NDArray[np.int64]
    x: Array


class Face(NamedTuple):
    """What a face test works on.

    scales (d,): powers of two for the coordinates; D (d, k): the support's directions; H (d + 1, d), sizes
    (d,): reflectors and their squared lengths; U (d + 1, n): steps, then unit directions with a row of ones;
    steps, lengths, factors, source (n,): of each column of U the squared length before and after the
    projection, what it is multiplied by, and where it stood; column (d,): one step; sums (n,): of `_reflect`;
    target (d + 1,) = (0, 1); place (n,), others (n,): which positions support and which do not.
    """

    scales: Array
    D: Array
    H: Array
    sizes: Array
    U: Array
    steps: Array
    lengths: Array
    factors: Array
    source: NDArray[np.int64]
    column: Array
    sums: Array
    target: Array
    place: NDArray[np.int64]
    others: NDArray[np.int64]


@inner
def _room(m, n):  # type: ignore[no-untyped-def]
    """A `Fit` for problems of up to m rows and n columns."""
    p = m + 1
    return Fit(
        np.empty(n),
        np.empty(m),
        np.empty(p),
        np.empty(p),
        np.empty(m),
        np.empty((p, m)),
        np.zeros((p, p)),
        np.empty(n, np.bool_),
        np.empty(p, np.int64),
        np.empty(p),
    )


@inner
def _delete(position, count, m, Q, R, c, passive, x):  # type: ignore[no-untyped-def]
    """Take one column out of the factorisation: shift left, then rotate R back to triangular.

    position: its place among the `count` passive ones; Q, R, c, passive, x as in `Fit`, changed in place.
    """
    for p in range(position, count - 1):
        passive[p] = passive[p + 1]
        x[p] = x[p + 1]
        for i in range(p + 2):
            R[i, p] = R[i, p + 1]
    for p in range(position, count - 1):
        size = math.sqrt(R[p, p] ** 2 + R[p + 1, p] ** 2)
        cos, sin = R[p, p] / size, R[p + 1, p] / size
        for t in range(p, count - 1):
            top, low = R[p, t], R[p + 1, t]
            R[p, t] = cos * top + sin * low
            R[p + 1, t] = cos * low - sin * top
        for i in range(m):
            top, low = Q[p, i], Q[p + 1, i]
            Q[p, i] = cos * top + sin * low
            Q[p + 1, i] = cos * low - sin * top
        top, low = c[p], c[p + 1]
        c[p] = cos * top + sin * low
        c[p + 1] = cos * low - sin * top


@inner
def _enter(C, enter, count, m, Q, R, v):  # type: ignore[no-untyped-def]
    """Orthogonalise column `enter` of C (m, n) against the passive ones; the relative size of what is left.

    Row `count` of Q and column `count` of R become the new ones; v (m,) is scratch.
    """
    before = 0.0
    for i in range(m):
        v[i] = C[i, enter]
        before += v[i] * v[i]
    for p in range(count):
        R[p, count] = 0.0
    after = before
    for _ in range(2):
        once = after
        for p in range(count):
            q = Q[p]
            h = 0.0
            for i in range(m):
                h += q[i] * v[i]
            for i in range(m):
                v[i] -= h * q[i]
            R[p, count] += h
        after = 0.0
        for i in range(m):
            after += v[i] * v[i]
        if after > 0.01 * once:  # less than one digit cancelled: orthogonal to rounding already
            break
    size = math.sqrt(after)
    if after > 0.0:
        for i in range(m):
            Q[count, i] = v[i] / size
    R[count, count] = size
    return size / math.sqrt(before)


@inner
def _refit(count, m, Q, R, c, passive, inside, x, z):  # type: ignore[no-untyped-def]
    """Walk from x to the least-squares solution of the passive columns, dropping columns that reach 0.

    Q, R, c, passive, inside, x, z: as in `Fit`. Returns (columns still passive, did none have to leave).
    """
    first = True
    while count > 0:  # ends: each round drops a column or is the last
        for p in range(count - 1, -1, -1):
            total = c[p]
            for t in range(p + 1, count):
                total -= R[p, t] * z[t]
            z[p] = total / R[p, p]
        step, leaving = 1.0, -1
        for p in range(count):
            if z[p] <= 0.0:
                reach = x[p] / (x[p] - z[p]) if x[p] > z[p] else 0.0
                if leaving < 0 or reach < step:
                    step, leaving = reach, p
        for p in range(count):
            x[p] += step * (z[p] - x[p])
        if leaving < 0:
            break
        first = False
        x[leaving] = 0.0
        for p in range(count - 1, -1, -1):
            if p == leaving or x[p] <= 0.0:
                inside[passive[p]] = False
                _delete(p, count, m, Q, R, c, passive, x)
                count -= 1
    return count, first


@inner
def _sharpen(Q, count, m, r):  # type: ignore[no-untyped-def]
    """Take what rounding left of the passive columns, rows Q[:count], out of r (m,); its size."""
    for p in range(count):
        q, h = Q[p], 0.0
        for i in range(m):
            h += q[i] * r[i]
        for i in range(m):
            r[i] -= h * q[i]
    norm = 0.0
    for i in range(m):
        norm += r[i] * r[i]
    return math.sqrt(norm)


@inner
def _active_set(C, m, n, target, stop_apart, flat, fit):  # type: ignore[no-untyped-def]
    """Minimise `|C[:m, :n] x - target[:m]|` over x >= 0; the columns have norms about 1.

    flat: a gradient this small, relative to the residual, counts as 0. fit: a `Fit`, which holds the answer.

    stop_apart: the columns are (u_j, 1) and the target (0, 1): stop as soon as the residual's direction
    separates 0 from all u_j. Then `min_j u_j.p / |p|`, p the current point of the hull, is the separation.
    Returns (columns in the passive set, |residual|, separation or 0, converged).

    It ends: a column that enters and stays lowers the objective, so no passive set comes back. One that
    depends on the passive ones, or has to leave as it enters, has a gradient of the size of rounding: it is
    blocked until another column has entered. Only the last one is remembered. Two such columns may therefore
    take turns, and change nothing meanwhile: the bound on the rounds, that of Lawson & Hanson (3 n; the 10
    are for sharpening and for small n), ends this, and `converged` is then False. So does whatever else goes
    on longer: an answer is lost, none is wrong.
    """
    # Long: one loop with its scratch in scope; a compiled call for each step would pass every array each time.
    g, r, c, z, v, Q, R, inside, passive, x = fit
    size = 0.0
    for i in range(m):
        r[i] = target[i]
        size += target[i] ** 2
    size = math.sqrt(size)
    for j in range(n):
        inside[j] = False
    count, norm = whole(0), size
    blocked, sharp = -1, False
    for _ in range(3 * n + 10):
        for j in range(n):
            g[j] = 0.0
        for i in range(m):
            row, ri = C[i], r[i]
            for j in range(n):
                g[j] += ri * row[j]
        top, enter = 0.0, whole(-1)  # the passive columns have g = 0
        for j in range(n):
            if g[j] > top and not inside[j] and j != blocked:
                top, enter = g[j], j
        if stop_apart and count > 0 and blocked < 0:
            # r = (-p, 1 - s): g_j = -p.u_j + r_last, so p.u_j = r_last - g_j
            length = 0.0
            for i in range(m - 1):
                length += r[i] * r[i]
            length = math.sqrt(length)
            # no separation exceeds |p|, and below this g is known no better than to eps / |p|
            if length > _SEPARATED and r[m - 1] - top > _SEPARATED * length:
                return count, norm, (r[m - 1] - top) / length, True
        if norm <= 8 * _EPS * size or count == m or top <= flat * norm:
            return count, norm, 0.0, True
        if top <= flat * norm + 4 * _EPS * size:
            if stop_apart or sharp:
                return count, norm, 0.0, True
            norm, sharp = _sharpen(Q, count, m, r), True  # r is known to eps, and so is g: now to eps |r|
            continue
        if _enter(C, enter, count, m, Q, R, v) < 1e-14:
            blocked = enter
            continue
        blocked = -1
        inside[enter] = True
        passive[count] = enter
        x[count] = 0.0
        q, h = Q[count], 0.0
        for i in range(m):
            h += q[i] * r[i]
        c[count] = h
        count, grew = _refit(count + 1, m, Q, R, c, passive, inside, x, z)
        if grew:
            for i in range(m):
                r[i] -= h * q[i]
        else:
            sharp = False
            for i in range(m):
                r[i] = target[i]
            for p in range(count):
                q, cp = Q[p], c[p]
                for i in range(m):
                    r[i] -= cp * q[i]
            if not inside[enter]:
                blocked = enter
        norm = 0.0
        for i in range(m):
            norm += r[i] * r[i]
        norm = math.sqrt(norm)
    return count, norm, 0.0, False


@inner
def _columns(V, output, visible, unit, C, place):  # type: ignore[no-untyped-def]
    """C (d + 1, how many) = `((v_j - o) unit, 1)` of the visible positions, `place` saying which they are.

    V (n, d), output (d,), visible (n,), unit: a number, place (n,).

    Returns (how many, the largest squared length of `(v_j - o) unit`, the largest and the least of `v_j unit`).
    """
    n, d = V.shape
    seen, longest, most, least = 0, 0.0, 0.0, np.inf
    for j in range(n):
        if visible[j]:
            value, total, size = V[j], 0.0, 0.0
            for i in range(d):
                entry = (value[i] - output[i]) * unit
                C[i, seen] = entry
                total += entry * entry
                size += (value[i] * unit) * (value[i] * unit)
            longest, most = max(longest, total), max(most, size)
            if size > 0.0:
                least = min(least, size)
            place[seen] = j
            seen += 1
    return seen, longest, most, least


@inner
def _power_of_two(V, output, visible):  # type: ignore[no-untyped-def]
    """What brings visible (n,) values V (n, d) and output (d,) near 1: no square overflows, nothing is rounded."""
    n, d = V.shape
    reach = 0.0
    for i in range(d):
        reach = max(reach, abs(output[i]))
        for j in range(n):
            if visible[j]:
                reach = max(reach, abs(V[j, i]))
    return 2.0 ** (-math.frexp(reach)[1]) if reach > 0.0 else 1.0


@inner
def _fill(V, output, visible, C, place, sizes):  # type: ignore[no-untyped-def]
    """Columns `((v_j - o) scale, 1)`, none of them longer than sqrt 2, of the visible positions.

    V (n, d), output (d,), visible (n,); C (d + 1, n), place (n,) and sizes (d + 1,), the lengths of C's rows,
    are filled. Returns (how many, are all coordinates, and all values, within _RESOLVED of the largest).
    """
    d = V.shape[1]
    seen, longest, most, least = _columns(V, output, visible, 1.0, C, place)
    if not (longest > 1e-200 and max(longest, most) < 1e200):
        unit = _power_of_two(V, output, visible)
        seen, longest, most, least = _columns(V, output, visible, unit, C, place)
    scale = 1.0 / math.sqrt(longest) if longest > 0.0 else 1.0
    narrow, wide = np.inf, 0.0
    for i in range(d):
        row, total = C[i], 0.0
        for j in range(seen):
            row[j] *= scale
            total += row[j] * row[j]
        sizes[i] = math.sqrt(total)
        wide = max(wide, total)
        if total > 0.0:
            narrow = min(narrow, total)
    ones = C[d]
    for j in range(seen):
        ones[j] = 1.0
    sizes[d] = 1.0
    return seen, max(wide / narrow, most / least) <= _RESOLVED**2


@inner
def _optimal(C, m, n, target, count, fit, resolved, sizes):  # type: ignore[no-untyped-def]
    """Whether the x of `fit` meets the optimality conditions, on `target - C x` formed afresh.

    C (m, n), target (m,), sizes (m,): the lengths of C's rows; resolved: does one precision resolve all rows?
    fit.r and fit.g are written over.

    Either that is 0 in every row, up to the rounding of the row's own entries. Or, where one precision resolves
    all rows: it is sharpened (the residual of x refined once), no column points its way, and the passive ones
    stand across it, all to within _GAIN of its square: the objective can fall by no more.
    """
    g, r, Q, inside, passive, x = fit.g, fit.r, fit.Q, fit.inside, fit.passive, fit.x
    zero, total = True, 1.0
    for p in range(count):
        total += x[p]
    for i in range(m):
        row = C[i]
        r[i] = target[i]
        for p in range(count):
            r[i] -= x[p] * row[passive[p]]
        zero = zero and abs(r[i]) <= _ROUNDINGS * _EPS * sizes[i] * total
    if zero or not resolved:
        return zero
    norm = _sharpen(Q, count, m, r)
    for j in range(n):
        g[j] = 0.0
    for i in range(m):
        row, ri = C[i], r[i]
        for j in range(n):
            g[j] += ri * row[j]
    allowed = min(_GAIN * norm, _ROUNDINGS * _EPS) * norm
    for j in range(n):  # noqa: SIM110  (numba has no all)
        if g[j] > allowed or (inside[j] and -g[j] > allowed):
            return False
    return True


@kernel
def simplex_least_squares(outputs, values, mask, weights, certified):  # type: ignore[no-untyped-def]
    """Fill weights (B, n), certified (B,) for outputs (B, d), values (B, n, d), mask (B, n); see nnls."""
    trials, n = mask.shape
    d = values.shape[2]
    m = d + 1
    C, fit = np.empty((m, n)), _room(m, n)
    passive, x = fit.passive, fit.x
    place, sizes = np.empty(n, np.int64), np.empty(m)
    target = np.zeros(m)
    target[d] = 1.0
    for b in range(trials):
        seen, resolved = _fill(values[b % values.shape[0]], outputs[b], mask[b], C, place, sizes)
        count, _, _, ok = _active_set(C, m, seen, target, False, _FLAT, fit)
        certified[b] = ok and _optimal(C, m, seen, target, count, fit, resolved, sizes)
        total = 0.0
        for p in range(count):
            total += x[p]
        for j in range(n):
            weights[b, j] = 0.0
        for p in range(count):
            weights[b, place[passive[p]]] = x[p] / total


@inner
def _face_room(n, d):  # type: ignore[no-untyped-def]
    """A `Face` for n positions of d dimensions."""
    return Face(
        np.empty(d),
        np.empty((d, d + 1)),
        np.empty((d + 1, d)),
        np.empty(d + 1),
        np.empty((d + 1, n)),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty(n, np.int64),
        np.empty(d),
        np.empty(n),
        np.empty(d + 1),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
    )


@inner
def _reflect(U, first, d, count, v, size, s):  # type: ignore[no-untyped-def]
    """Apply `I - 2 v v^T / size`, v on rows first..d-1, to the columns U[:d, :count]; s (count,) is scratch."""
    for j in range(count):
        s[j] = 0.0
    for i in range(first, d):
        row, vi = U[i], v[i]
        for j in range(count):
            s[j] += vi * row[j]
    for i in range(first, d):
        row, f = U[i], 2.0 * v[i] / size
        for j in range(count):
            row[j] -= f * s[j]


@inner
def _turn_support(D, k, H, sizes):  # type: ignore[no-untyped-def]
    """Householder reflectors H that turn the support's directions D (d, k-1) into the first k-1 coordinates.

    Directions come in with length 1 and are taken in order of what remains of them (pivoting). Returns the
    smallest remainder: 0 if the supporting values are affinely dependent. H (d + 1, d); sizes (d,): |H_t|^2.
    """
    d = D.shape[0]
    smallest = 1.0
    s = np.empty(max(k, 1))
    for t in range(k):
        best, at = -1.0, t
        for j in range(t, k):
            left = 0.0
            for i in range(t, d):
                left += D[i, j] ** 2
            if left > best:
                best, at = left, j
        norm = math.sqrt(best)
        smallest = min(smallest, norm)
        if norm <= _DEPENDENT:
            return 0.0
        for i in range(d):
            D[i, t], D[i, at] = D[i, at], D[i, t]
        for i in range(t):
            H[t, i] = 0.0
        for i in range(t, d):
            H[t, i] = D[i, t]
        H[t, t] += norm if D[t, t] >= 0.0 else -norm
        size = 0.0
        for i in range(t, d):
            size += H[t, i] ** 2
        sizes[t] = size
        _reflect(D, t, d, k, H[t], size, s)
    return smallest


@inner
def _exact_scales(V, visible, scales):  # type: ignore[no-untyped-def]
    """A power of two for each coordinate that brings its range near 1: multiplying by it rounds nothing.

    V (n, d), visible (n,) -> scales (d,), 0 where a coordinate does not vary.
    """
    n, d = V.shape
    for i in range(d):
        low, high = np.inf, -np.inf
        for j in range(n):
            if visible[j]:
                low, high = min(low, V[j, i]), max(high, V[j, i])
        spread = high - low
        scales[i] = 2.0 ** (-math.frexp(spread)[1]) if spread > 0.0 else 0.0


@inner
def _leave_support(V, j, base, scales, d, column):  # type: ignore[no-untyped-def]
    """column (d,) = `v_j - v_base` of V (n, d), times scales (d,), j and base being rows; its squared length."""
    total = 0.0
    for i in range(d):
        column[i] = (V[j, i] - V[base, i]) * scales[i]
        total += column[i] ** 2
    return total


@inner
def _nearest(V, j, count, face):  # type: ignore[no-untyped-def]
    """Which of the first `count` supporting values is nearest to that of position j; V (n, d), face: a `Face`."""
    near, least = face.place[0], np.inf
    for t in range(count):
        length = _leave_support(V, j, face.place[t], face.scales, V.shape[1], face.column)
        if length < least:
            near, least = face.place[t], length
    return near


@inner
def _from_nearest(V, j, k, face, at):  # type: ignore[no-untyped-def]
    """Rebuild direction `at` of position j from the nearest supporting value, to lose the fewest digits.

    V (n, d); k: how many support; face: a `Face` whose column `at` of U is written.

    A value close to a supporting one leaves the support by a short step: measured from another supporting
    value, the step drowns in the rounding of the long difference. Returns the squared length of the step.
    """
    d = V.shape[1]
    H, sizes, U, column = face.H, face.sizes, face.U, face.column
    least = _leave_support(V, j, _nearest(V, j, k, face), face.scales, d, column)
    for t in range(k - 1):
        s = 0.0
        for i in range(t, d):
            s += H[t, i] * column[i]
        f = 2.0 * s / sizes[t]
        for i in range(t, d):
            column[i] -= f * H[t, i]
    for i in range(d):
        U[i, at] = column[i]
    return least


@inner
def _unit_directions(V, k, count, face):  # type: ignore[no-untyped-def]
    """Bring face.U to unit directions in the d - k + 1 coordinates across the support, a row of ones below
    them.

    V (n, d), k supporting and `count` other positions.

    Returns (how many, was one left out as doubtful, the greatest length lost in the projection); how many is
    -1 if a value is a copy of a supporting one or lies in their affine hull. face.steps: squared lengths
    before.
    """
    d, first = V.shape[1], k - 1
    U, steps, lengths, factors, source = face.U, face.steps, face.lengths, face.factors, face.source
    for j in range(count):
        lengths[j] = 0.0
    for i in range(first, d):
        row = U[i]
        for j in range(count):
            lengths[j] += row[j] * row[j]
    doubt, loss, kept = False, 1.0, 0
    for j in range(count):
        if lengths[j] <= 1e-10 * steps[j]:
            steps[j] = _from_nearest(V, face.others[j], k, face, j)
            if steps[j] == 0.0:
                return -1, doubt, loss
            lengths[j] = 0.0
            for i in range(first, d):
                lengths[j] += U[i, j] ** 2
            ratio = math.sqrt(lengths[j] / steps[j])
            if ratio <= _DEPENDENT:
                return -1, doubt, loss
            if ratio <= _DOUBTFUL:
                doubt = True  # left out: the others may still show that the weights are not unique
                continue
        loss = max(loss, steps[j] / lengths[j])
        factors[kept] = 1.0 / math.sqrt(lengths[j])
        source[kept] = j
        kept += 1
    for i in range(first, d):
        row, out = U[i], U[i - first]
        if kept == count:
            for j in range(kept):
                out[j] = row[j] * factors[j]
        else:
            for j in range(kept):
                out[j] = row[source[j]] * factors[j]
    ones = U[d - first]
    for j in range(kept):
        ones[j] = 1.0
    return kept, doubt, math.sqrt(loss)


@inlined
def _face_test(V, support, visible, face, fit):  # type: ignore[no-untyped-def]
    """Verdict and separation for one instance, V (n, d), support (n,), visible (n,); see nnls.face_tests.

    face: a `Face`, fit: a `Fit`, to work in.
    """
    # Long: reduction, scaling and verdict share their scratch; each is a paragraph, none is used elsewhere.
    n, d = V.shape
    scales, D, H, sizes, U, steps = face.scales, face.D, face.H, face.sizes, face.U, face.steps
    column, target, place, others = face.column, face.target, face.place, face.others
    k, count = whole(0), whole(0)
    for j in range(n):
        if visible[j]:
            if support[j]:
                place[k] = j
                k += 1
            else:
                others[count] = j
                count += 1
    if k > d + 1 or (k == d + 1 and count > 0):
        return NOT_UNIQUE, 0.0  # d + 2 points of d dimensions are dependent
    _exact_scales(V, visible, scales)
    smallest = 1.0
    for nearest in range(2):  # where directions from one value are too alike, once more from the nearest ones
        for t in range(1, k):
            start = _nearest(V, place[t], t, face) if nearest else place[0]
            length = math.sqrt(_leave_support(V, place[t], start, scales, d, column))
            if length == 0.0:
                return NOT_UNIQUE, 0.0  # two supporting values are equal
            for i in range(d):
                D[i, t - 1] = column[i] / length
        smallest = _turn_support(D, k - 1, H, sizes)
        if smallest > _DOUBTFUL:
            break
    if smallest == 0.0:
        return NOT_UNIQUE, 0.0
    if smallest <= _DOUBTFUL:
        return UNDECIDED, 0.0
    if count == 0:
        return UNIQUE, 1.0
    base = place[0]
    for i in range(d):
        row, f, vb = U[i], scales[i], V[base, i]
        for j in range(count):
            row[j] = (V[others[j], i] - vb) * f
    for j in range(count):
        steps[j] = 0.0
    for i in range(d):
        row = U[i]
        for j in range(count):
            steps[j] += row[j] * row[j]
    for t in range(k - 1):
        _reflect(U, t, d, count, H[t], sizes[t], face.sums)
    m = d - k + 1
    kept, doubt, loss = _unit_directions(V, k, count, face)
    if kept < 0:
        return NOT_UNIQUE, 0.0
    for i in range(m):
        target[i] = 0.0
    target[m] = 1.0
    if kept == 0:
        return UNDECIDED, 0.0
    _, residual, apart, finished = _active_set(U, m + 1, kept, target, True, 1e-10, fit)
    rounding = 8.0 * _EPS * loss / smallest
    if apart > _SEPARATED + _DIRECTIONS * rounding:
        return (UNDECIDED if doubt else UNIQUE), apart
    if finished and residual <= _AT_ZERO and rounding <= _SEPARATED:
        return NOT_UNIQUE, 0.0
    return UNDECIDED, residual


@kernel
def face_tests(values, support, visible, verdict, margin):  # type: ignore[no-untyped-def]
    """Fill verdict, margin (B,) for values (B or 1, n, d), support and visible (B, n); see nnls.face_tests."""
    trials, n = support.shape
    d = values.shape[2]
    face, fit = _face_room(n, d), _room(d + 1, n)
    for b in range(trials):
        verdict[b], margin[b] = _face_test(values[b % values.shape[0]], support[b], visible[b], face, fit)
