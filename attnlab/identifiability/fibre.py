"""Q2, by how much: the interval of every weight over all weights with the same output."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import Array, Mask, Precision
from attnlab.problems import Problems
from attnlab.solvers.copies import merged
from attnlab.solvers.face import UNIQUE
from attnlab.solvers.nnls import face_tests
from attnlab.solvers.tableau import fibre_bounds, top_forced


def fibre_intervals(
    weights: ArrayLike,
    values: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    precision: Precision | None = None,
) -> Array:
    """[min, max] of every weight over the fibre `{b >= 0, sum b = 1, V^T b = V^T a}`: (..., n, 2).

    Exact up to rounding (2n linear programmes, one warm simplex); the true weights always lie inside. Width 0
    everywhere iff the weights are unique. Softmax weights with n > d + 1 have width somewhere: it is the
    width that says how much the sum lost. Values nearer than 1e-11 of their spread are not told apart, and
    where values nearly coincide the weights they share are known no better than 1e-12 over their distance. Rows
    of a smaller float type that are equal up to its rounding are equal, as in is_unique.

    weights (..., n) on the simplex, values (..., n, d), mask (..., n) True where visible (masked positions:
    [0, 0]). Raises ValueError as is_unique does, FloatingPointError if a programme does not finish.

    >>> import attnlab
    >>> attnlab.fibre_intervals([0.25, 0.25, 0.25, 0.25], [[0, 0], [1, 0], [0, 1], [1, 1]]).round(3).tolist()
    [[0.0, 0.5], [0.0, 0.5], [0.0, 0.5], [0.0, 0.5]]
    """
    problems = Problems.of(values, mask, weights=weights, precision=precision)
    n = problems.mask.shape[-1]
    intervals = np.empty((problems.trials, n, 2))
    for where, piece in problems.pieces():
        a, v, visible = piece.given_weights, merged(piece.values, piece.spacing), piece.mask
        found = np.stack([a, a], axis=-1)
        open_ = _not_unique(a, v, visible)
        found[open_] = fibre_bounds(a[open_], v if len(v) == 1 else v[open_], visible[open_])
        intervals[where] = found
    return intervals.reshape(*problems.lead, n, 2)


def top_certified(
    weights: ArrayLike,
    values: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    precision: Precision | None = None,
) -> Mask:
    """Is the largest weight the largest in every weight vector with the same output? (...,) bool.

    True is a certificate (`max b_j - b_top` over the fibre is below -1e-9 for every j); ties are False.
    Arguments and errors as in fibre_intervals.

    >>> import attnlab
    >>> sharp, flat = [0.9, 0.04, 0.03, 0.03], [0.4, 0.2, 0.2, 0.2]
    >>> attnlab.top_certified([sharp, flat], [[0, 0], [1, 0], [0, 1], [1, 1]]).tolist()
    [True, False]
    """
    problems = Problems.of(values, mask, weights=weights, precision=precision)
    certified = np.empty(problems.trials, dtype=np.bool_)
    for where, piece in problems.pieces():
        a, v, visible = piece.given_weights, merged(piece.values, piece.spacing), piece.mask
        ordered = np.sort(a, axis=-1)
        found = np.ones(len(a), dtype=np.bool_) if a.shape[1] == 1 else ordered[:, -1] > ordered[:, -2] + 1e-9
        open_ = _not_unique(a, v, visible)
        found[open_] = top_forced(a[open_], v if len(v) == 1 else v[open_], visible[open_])
        certified[where] = found
    return certified.reshape(problems.lead)


def _not_unique(weights: Array, values: Array, visible: Mask) -> NDArray[np.int64]:
    """Rows not certified unique: a unique sparse pattern is a degenerate vertex, settled without a simplex."""
    verdict, _ = face_tests(weights > 0, values, visible)
    return np.flatnonzero(verdict != UNIQUE)
