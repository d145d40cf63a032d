"""Q2: are these the only weights on the simplex with their output? From the geometry of their support."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from attnlab.arrays import Array, Mask, Precision
from attnlab.identifiability.alike import pieces, share
from attnlab.identifiability.single import ready
from attnlab.problems import Problems
from attnlab.solvers.face import NOT_UNIQUE, UNDECIDED, UNIQUE
from attnlab.solvers.nnls import face_tests, more_than_a_face


@dataclass(frozen=True)
class Uniqueness:
    """The verdict on every trial; arrays over the leading axes.

    unique: certified to be the only weights with their output; undecided: too close to call in double
    precision (neither unique nor, for certain, not); margin: a certified distance, between unit vectors, by
    which a hyperplane separates the support from the values that leave it; 0 where not unique, and where
    undecided the distance reached, too small to certify anything.
    """

    unique: Mask
    undecided: Mask
    margin: Array

    @property
    def not_unique(self) -> Mask:
        """Certified to share the output with other weights, up to ties of rounding size (see is_unique)."""
        return np.asarray(~(self.unique | self.undecided))


def is_unique(
    weights: ArrayLike,
    values: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    precision: Precision | None = None,
) -> Uniqueness:
    """Are the weights the only ones, nonnegative and summing to 1, with their output?

    They are iff the values they attend to are affinely independent and their hull is a face of the hull of
    all visible values: it depends on the support alone, exact zeros being off it, never on the weights'
    sizes. Any k >= d + 1 of more than k positions fail; so weights of full support pass only for n <= d + 1: ask
    fibre_intervals there. Softmax weights are of full support until some underflow to exactly 0: those pass as
    the sparse weights that they have become, though the softmax itself would not. What is dependent or tied up to
    rounding (1e-12 between unit vectors) counts as dependent or tied: a verdict on the numbers as they are given.
    Only rows of a smaller float type, or of the `precision` named, that differ by no more than its rounding,
    beside the largest that is visible, are made one row first: the first of them.

    weights (..., n) on the simplex, values (..., n, d), mask (..., n) True where visible; leading axes
    broadcast, and large batches are worked in pieces. Weights of a smaller float type, or of the `precision`
    named, may miss the sum 1 by its rounding. Raises ValueError as attnlab.arrays does: shapes that do not
    fit, numbers that are not finite, weights off the simplex.

    >>> import attnlab
    >>> square = [[0, 0], [1, 0], [0, 1], [1, 1]]
    >>> attnlab.is_unique([[0.5, 0.5, 0, 0], [0.5, 0, 0, 0.5]], square).unique.tolist()  # a side, a diagonal
    [True, False]
    """
    one = ready(weights, values, mask, precision)
    if one is not None:
        found, separation = face_tests(one[0] > 0, one[1])
        return Uniqueness(found[0] == UNIQUE, found[0] == UNDECIDED, separation.reshape(()))
    problems = Problems.of(values, mask, weights=weights, precision=precision)
    verdict, margin = np.full(problems.trials, NOT_UNIQUE, dtype=np.int8), np.zeros(problems.trials)
    for where, a, v, visible in pieces(problems, sharing=share(problems)):
        support = a > 0
        if not more_than_a_face(support, visible, v.shape[2]).all():  # else nothing to compile
            verdict[where], margin[where] = face_tests(support, v, visible)
    shaped = verdict.reshape(problems.lead)
    return Uniqueness(shaped == UNIQUE, shaped == UNDECIDED, margin.reshape(problems.lead))
