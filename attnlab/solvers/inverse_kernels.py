"""Inverses of many small matrices at once, each with the two sums that its certificate asks for, compiled."""

from __future__ import annotations

import numpy as np

from attnlab.solvers.compiling import exact, exact_inner


@exact
def inverted(matrices, error, rounding, X, theta, rows, sign):  # type: ignore[no-untyped-def]
    """Fill X, theta, rows and sign (`Inverses`) for matrices A (F, e, e), columns off by error (F, e).

    X (F, e, e): the inverse by LU with partial pivoting; rows (F, e): the row sums of |X|; theta (F,): `|I - A X|`
    (largest row sum) and what the errors and `rounding`, relative to a column, may add, infinite where that or an
    entry of X is no finite number (X is then 1 throughout); sign (F,): of the determinant, 0 where a pivot is 0 or
    not a number. Columns are scaled to size 1 on the way.
    """
    e = matrices.shape[1]
    A, scaled, unit = np.empty((e, e)), np.empty((e, e)), np.empty(e)
    for m in range(matrices.shape[0]):
        inverse = X[m]
        for j in range(e):
            size = 0.0
            for i in range(e):
                size = max(size, abs(matrices[m, i, j]))
            unit[j] = size if size > 0.0 else 1.0
        for i in range(e):
            for j in range(e):
                A[i, j] = scaled[i, j] = matrices[m, i, j] / unit[j]
                inverse[i, j] = 1.0 if i == j else 0.0
        turn = 1
        for s in range(e):
            at = s
            for i in range(s + 1, e):
                if abs(A[i, s]) > abs(A[at, s]):
                    at = i
            if not 0.0 < abs(A[at, s]) < np.inf:
                turn = 0
                break
            if at != s:
                turn = -turn
                for j in range(e):
                    A[s, j], A[at, j] = A[at, j], A[s, j]
                    inverse[s, j], inverse[at, j] = inverse[at, j], inverse[s, j]
            if A[s, s] < 0:
                turn = -turn
            for i in range(s + 1, e):
                factor = A[i, s] / A[s, s]
                for j in range(s + 1, e):
                    A[i, j] -= factor * A[s, j]
                for j in range(e):
                    inverse[i, j] -= factor * inverse[s, j]
        sign[m] = turn
        theta[m] = np.inf
        if turn != 0:
            for s in range(e - 1, -1, -1):
                for i in range(s + 1, e):
                    for j in range(e):
                        inverse[s, j] -= A[s, i] * inverse[i, j]
                for j in range(e):
                    inverse[s, j] /= A[s, s]
            theta[m] = _theta(scaled, inverse, error[m], rounding, unit, rows[m])
        if not theta[m] < np.inf:
            theta[m] = np.inf
            inverse[:] = 1.0
            rows[m] = e


@exact_inner
def _theta(A, X, error, rounding, unit, rows):  # type: ignore[no-untyped-def]
    """theta of A (e, e), columns of size 1, with the inverse X (e, e), which becomes that of the columns as they
    were, of sizes `unit` (e,); rows (e,) := its row sums. error (e,): by how much the columns may be off;
    rounding: what a product of rows may be. NaN where an entry of that is not finite.
    """
    e = A.shape[0]
    left, line = 0.0, np.empty(e)
    for i in range(e):
        line[:] = 0.0
        line[i] = 1.0
        for k in range(e):
            for j in range(e):
                line[j] -= A[i, k] * X[k, j]
        total = 0.0
        for j in range(e):
            total += abs(line[j])
        left = max(left, total)
    for i in range(e):
        total = 0.0
        for j in range(e):
            total += abs(X[i, j])
        left += (error[i] / unit[i] + rounding) * total
        rows[i] = total / unit[i]
        for j in range(e):
            X[i, j] /= unit[i]
    for i in range(e):
        if not rows[i] < np.inf:
            return np.nan
    return left
