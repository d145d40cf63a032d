"""Q2, by how much: the interval of every weight over all weights with the same output; does the top stay?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import Array, Mask, Precision, require, whole_numbers
from attnlab.identifiability.alike import pieces
from attnlab.identifiability.single import ready
from attnlab.problems import Problems
from attnlab.solvers import columns, tableau
from attnlab.solvers.face import CERTIFIED, UNDECIDED, UNIQUE, UNSOLVED
from attnlab.solvers.nnls import face_tests, more_than_a_face

Positions = NDArray[np.int64]

ONE_ROW = 128
"""Visible positions from which a few programmes on one row are faster on few columns than on all."""
ALL_OF_A_ROW = 512
"""Visible positions from which the programmes of all its positions are."""
WIDE = 2
"""It takes this many times as many positions as equations, too."""


def fibre_intervals(
    weights: ArrayLike,
    values: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    positions: ArrayLike | Literal["top"] | None = None,
    precision: Precision | None = None,
) -> Array:
    """[min, max] of every weight over the fibre `{b >= 0, sum b = 1, V^T b = V^T a}`: (..., n, 2).

    Exact up to rounding (2n linear programmes, one warm simplex); the true weights always lie inside. Width 0
    everywhere iff the weights are unique. With n > d + 1 weights of which none is 0 have width somewhere: it is
    the width that says how much the sum lost. (Sharp softmax weights may hold zeros, by underflow: it is the
    weights as stored that are asked about.) Where values nearly coincide the intervals of the weights they share
    are exact to 1e-12 over their distance; nearer than 1e-11 of their spread they may pass for one value, whose
    weight is shared in any way. Rows of a smaller float type that are equal up to its rounding are equal, as in
    is_unique.

    weights (..., n) on the simplex, values (..., n, d), mask (..., n) True where visible (masked positions:
    [0, 0]). positions (..., k): the intervals of these alone, (..., k, 2), at the price of these alone; "top":
    of the largest weight (the first of them), (..., 1, 2). Rows that share their values also share what depends
    on those alone: values (heads, 1, n, d) for weights (heads, rows, n).

    >>> import attnlab
    >>> square = [[0, 0], [1, 0], [0, 1], [1, 1]]
    >>> attnlab.fibre_intervals([0.25, 0.25, 0.25, 0.25], square).round(3).tolist()
    [[0.0, 0.5], [0.0, 0.5], [0.0, 0.5], [0.0, 0.5]]
    >>> attnlab.fibre_intervals([0.25, 0.25, 0.25, 0.25], square, positions=[3]).round(3).tolist()
    [[0.0, 0.5]]

    Raises ValueError as is_unique does and for positions that are none, FloatingPointError if a programme does
    not finish.
    """
    one = ready(weights, values, mask, precision) if positions is None else None
    if one is not None and _is_small_and_open(*one):
        return np.asarray(tableau.fibre_bounds(*one)[0])
    problems = Problems.of(values, mask, weights=weights, precision=precision)
    n = problems.mask.shape[-1]
    at = _asked(positions, problems)
    intervals = np.empty((problems.trials, n if at is None else at.shape[1], 2))
    for where, a, v, visible in pieces(problems, sharing=n >= ONE_ROW):
        chosen = (
            a.argmax(axis=1)[:, None] if isinstance(positions, str) else None if at is None else at[where]
        )
        asked = np.ones(a.shape, dtype=np.bool_) if chosen is None else _marked(chosen, n)
        found = np.stack([a, a], axis=-1)
        for rows, few in _split(a, v, visible, ALL_OF_A_ROW if chosen is None else ONE_ROW):
            found[rows] = (_few_columns if few else _all_columns)(a, v, visible, asked, rows)
        intervals[where] = found if chosen is None else np.take_along_axis(found, chosen[..., None], axis=1)
    return intervals.reshape(*problems.lead, *intervals.shape[1:])


@dataclass(frozen=True)
class TopVerdict:
    """The verdict on the top of every trial; arrays over the leading axes.

    certified: the same positions are the largest, ties included, in every weight vector with the same output;
    undecided: too close to call (the least lead over some rival is within 1e-9 of the top weight, or within
    rounding, of 0).
    """

    certified: Mask
    undecided: Mask

    @property
    def refuted(self) -> Mask:
        """In some weights with the same output another position leads one that is largest in those given."""
        return np.asarray(~(self.certified | self.undecided))


def top_certified(
    weights: ArrayLike,
    values: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    precision: Precision | None = None,
) -> TopVerdict:
    """Is the largest weight the largest in every weight vector with the same output?

    Certified: the least lead `b_top - b_j` over the fibre is positive for every j. Refuted: weights in the fibre
    were found in which it is negative. Either way it exceeds 1e-9 of the top weight and what rounding could make
    of it; what lies between is undecided. Ties: weights within 1e-9 of the largest (`metrics.TIE`) are largest
    together, and the question is about this set: it is certified where it is the same in every weight vector
    with the output, so always where there is only one; refuted where one of the tied can lead another.
    Arguments and errors as in fibre_intervals, and so is what it says of values that nearly coincide.

    >>> import attnlab
    >>> sharp, flat = [0.9, 0.04, 0.03, 0.03], [0.4, 0.2, 0.2, 0.2]
    >>> attnlab.top_certified([sharp, flat], [[0, 0], [1, 0], [0, 1], [1, 1]]).certified.tolist()
    [True, False]
    """
    one = ready(weights, values, mask, precision)
    if one is not None and _is_small_and_open(*one):
        found_one = tableau.top_forced(*one)[0]
        return TopVerdict(found_one == CERTIFIED, found_one == UNDECIDED)
    problems = Problems.of(values, mask, weights=weights, precision=precision)
    verdicts = np.empty(problems.trials, dtype=np.int8)
    for where, a, v, visible in pieces(problems, sharing=problems.mask.shape[-1] >= ONE_ROW):
        found = np.full(
            len(a), CERTIFIED, dtype=np.int8
        )  # of weights that are the only ones with their output
        for rows, few in _split(a, v, visible, ONE_ROW):
            found[rows] = UNSOLVED
            if few:
                seen = visible[rows].any(axis=0)
                found[rows] = columns.top_forced(a[rows][:, seen], v[0, seen], visible[rows][:, seen])
            left = rows[(found[rows] == UNSOLVED) | (found[rows] == UNDECIDED)]
            if len(left):  # else there is nothing to solve, and nothing to compile
                found[left] = tableau.top_forced(a[left], v if len(v) == 1 else v[left], visible[left])
        verdicts[where] = found
    shaped = verdicts.reshape(problems.lead)
    return TopVerdict(shaped == CERTIFIED, shaped == UNDECIDED)


def _is_small_and_open(weights: Array, values: Array) -> bool:
    """Whether all columns do for one instance, and too many weights are not 0 for it to be unique."""
    return weights.shape[1] < ONE_ROW and int(np.count_nonzero(weights)) > values.shape[2] + 1


def _asked(positions: ArrayLike | Literal["top"] | None, problems: Problems) -> Positions | None:
    """The positions (B, k) of every trial; zeros (B, 1) in place of the top, which the weights will tell."""
    if positions is None:
        return None
    if isinstance(positions, str):
        require(positions == "top", 'positions as an array of whole numbers, or "top"', repr(positions))
        return np.zeros((problems.trials, 1), dtype=np.int64)
    at = whole_numbers(positions, "positions", 0, problems.mask.shape[-1] - 1)
    require(at.ndim > 0, "positions (..., k) of whole numbers", f"the number {at}: [{at}] is one position")
    try:
        return np.broadcast_to(at, (*problems.lead, at.shape[-1])).reshape(problems.trials, at.shape[-1])
    except ValueError:
        raise ValueError(
            f"expected positions (..., k) whose leading axes broadcast to {problems.lead}, got {at.shape}"
        ) from None


def _marked(positions: Positions, n: int) -> Mask:
    """(B, n), True at the positions (B, k)."""
    marked = np.zeros((len(positions), n), dtype=np.bool_)
    np.put_along_axis(marked, positions, True, axis=1)
    return marked


def _split(a: Array, v: Array, visible: Mask, wide: int) -> Iterator[tuple[Positions, bool]]:
    """The rows not certified unique (such a sparse pattern is a degenerate vertex), and whether few columns do."""
    support = (a > 0) & visible
    open_ = more_than_a_face(support, visible, v.shape[2])
    rest = np.flatnonzero(~open_)
    if len(rest):
        verdict, _ = face_tests(support[rest], v if len(v) == 1 else v[rest], visible[rest])
        open_[rest] = verdict != UNIQUE
    few = (visible.sum(axis=1) >= max(wide, WIDE * (v.shape[2] + 1))) & (len(v) == 1)
    for rows, is_few in ((np.flatnonzero(open_ & few), True), (np.flatnonzero(open_ & ~few), False)):
        if len(rows):
            yield rows, is_few


def _all_columns(a: Array, v: Array, visible: Mask, asked: Mask, rows: Positions) -> Array:
    shared = v if len(v) == 1 else v[rows]
    return tableau.fibre_bounds(a[rows], shared, visible[rows], asked[rows])


def _few_columns(a: Array, v: Array, visible: Mask, asked: Mask, rows: Positions) -> Array:
    seen = visible[rows].any(axis=0)
    found = np.zeros((len(rows), a.shape[1], 2))
    found[:, seen], solved = columns.fibre_bounds(
        a[rows][:, seen], v[0, seen], visible[rows][:, seen], asked[rows][:, seen]
    )
    left = np.flatnonzero(~solved)
    if len(left):
        found[left] = _all_columns(a, v, visible, asked, rows[left])
    return found
