"""Inverses of many small matrices at once, each with the two sums that its certificate asks for, compiled."""

from __future__ import annotations

import numpy as np

from attnlab.solvers.compiling import exact


@exact
def inverted(matrices, X, left, rows, sign):  # type: ignore[no-untyped-def]
    """Of each of the matrices A (F, e, e): the inverse X (F, e, e) by LU with partial pivoting, left (F,), that
    is `|I - A X|` (largest row sum), rows (F, e), the row sums of |X|, and the sign (F,) of the determinant;
    sign 0 and X = I where a pivot is 0 or not a number.
    """
    e = matrices.shape[1]
    A = np.empty((e, e))
    for m in range(matrices.shape[0]):
        inverse = X[m]
        for i in range(e):
            for j in range(e):
                A[i, j] = matrices[m, i, j]
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
        if turn == 0:
            for i in range(e):
                for j in range(e):
                    inverse[i, j] = 1.0 if i == j else 0.0
            rows[m] = 1.0
            left[m] = np.inf
            continue
        for s in range(e - 1, -1, -1):
            for i in range(s + 1, e):
                for j in range(e):
                    inverse[s, j] -= A[s, i] * inverse[i, j]
            for j in range(e):
                inverse[s, j] /= A[s, s]
        _sums(matrices[m], inverse, left, rows, m)


@exact
def _sums(A, X, left, rows, m):  # type: ignore[no-untyped-def]
    """left[m] and rows[m] of matrix m, A (e, e), with the inverse X (e, e)."""
    e = A.shape[0]
    left[m] = 0.0
    line = np.empty(e)
    for i in range(e):
        line[:] = 0.0
        line[i] = 1.0
        rows[m, i] = 0.0
        for k in range(e):
            rows[m, i] += abs(X[i, k])
            for j in range(e):
                line[j] -= A[i, k] * X[k, j]
        total = 0.0
        for j in range(e):
            total += abs(line[j])
        left[m] = max(left[m], total)
