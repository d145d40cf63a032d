"""Q1: what the output says about the weights when only their sum is known to be 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import Array, Precision, yes_or_no
from attnlab.problems import Problems
from attnlab.solvers.whitening import projected
from attnlab.solvers.whitening import ranks as ranks_of


@dataclass(frozen=True)
class Nullity:
    """Ranks and null dimensions of V and of `[V 1]`; arrays over the leading axes.

    rank, null: of V (n - rank directions leave V^T a unchanged); affine_rank, affine_null: of `[V 1]` (those
    that also leave the sum unchanged); gap, affine_gap: the least size of a direction kept over the largest
    dropped, or over the tolerance where that is larger; infinite if none is kept (V = 0, all values equal). A
    gap near 1 means the rank is a matter of opinion.
    """

    rank: NDArray[np.int64]
    null: NDArray[np.int64]
    gap: Array
    affine_rank: NDArray[np.int64]
    affine_null: NDArray[np.int64]
    affine_gap: Array


def nullity(
    values: ArrayLike, mask: ArrayLike | None = None, *, precision: Precision | None = None
) -> Nullity:
    """Rank and null dimension of the values, with and without the row of ones.

    Masked rows are dropped first: padding would add null directions that no attention can use. What counts as
    a direction is decided at the precision the values came in, or at the one named, coordinate by coordinate,
    and about the mean where the ones are counted: units and offsets play no part (see solvers.whitening).
    Generic values: affine_null = max(0, n - d - 1) (Brunner et al. 2020, with the row of ones counted).

    values (..., n, d), mask (..., n) True where visible. Raises ValueError as attnlab.arrays does: shapes that
    do not fit, numbers that are not finite.

    >>> import attnlab
    >>> found = attnlab.nullity([[0, 0], [1, 0], [0, 1], [1, 1]])
    >>> int(found.null), int(found.affine_null)
    (2, 1)
    """
    problems = Problems.of(values, mask, precision=precision)
    ranks = np.empty((2, problems.trials), dtype=np.int64)
    gaps, seen = np.empty((2, problems.trials)), np.empty(problems.trials, dtype=np.int64)
    for where, piece in problems.pieces():
        seen[where] = piece.mask.sum(axis=1)
        (ranks[0, where], gaps[0, where]), (about_mean, gaps[1, where]) = ranks_of(
            _each(piece), piece.mask, piece.spacing
        )
        ranks[1, where] = about_mean + 1
    null = (seen - ranks).reshape(2, *problems.lead)
    rank, gap = ranks.reshape(null.shape), gaps.reshape(null.shape)
    return Nullity(rank[0], null[0], gap[0], rank[1], null[1], gap[1])


def effective_attention(
    weights: ArrayLike,
    values: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    sum_constraint: bool = True,
    precision: Precision | None = None,
) -> Array:
    """The part of the weights that the output can see: their projection onto the columns of `[V 1]`.

    `Vt Vt^+ a` with `Vt = [V 1]`, or `V V^+ a` without the sum constraint (Brunner et al. 2020). It has the
    same output, is idempotent, equals a where n <= rank, and is signed; only with the ones does it sum to what
    a sums to. Directions are counted as in nullity.

    weights (..., n), any finite numbers, values (..., n, d), mask (..., n) -> (..., n), zero where masked.
    Errors as in nullity.

    >>> import attnlab
    >>> attnlab.effective_attention([0.4, 0.1, 0.1, 0.4], [[0, 0], [1, 0], [0, 1], [1, 1]]).round(3).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    sum_constraint = yes_or_no(sum_constraint, "sum_constraint")
    problems = Problems.of(values, mask, weights=weights, signed=True, precision=precision)
    n = problems.mask.shape[-1]
    problems, at = _seen(problems)
    found = np.empty((problems.trials, problems.mask.shape[-1]))
    for where, piece in problems.pieces():
        found[where] = projected(piece.given_weights, _each(piece), piece.mask, piece.spacing, sum_constraint)
    if at is not None:
        seen, found = found, np.zeros((1, n))
        found[:, at] = seen
    return found.reshape(*problems.lead, n)


def _seen(problems: Problems) -> tuple[Problems, NDArray[np.int64] | None]:
    """A lone problem without its masked positions, and where the others stand; else itself, and None."""
    n = problems.mask.shape[-1]
    at = problems.mask.ravel().nonzero()[0] if problems.mask.size == n and problems.trials == 1 else None
    if at is None or len(at) == n:
        return problems, None
    values, mask = problems.values.take(at, axis=-2), problems.mask.take(at, axis=-1)
    weights = problems.given_weights.take(at, axis=-1)
    return Problems(values, mask, problems.lead, problems.spacing, weights), at


def _each(piece: Problems) -> Array:
    """The values, one array a trial: (b, n, d)."""
    shape = (len(piece.mask), *piece.values.shape[1:])
    return piece.values if piece.values.shape == shape else np.broadcast_to(piece.values, shape)
