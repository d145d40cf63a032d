"""Q3 kept for all weights: keys and values in the same order, in the sense of all their simplices."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import Array, Mask, whole
from attnlab.identifiability.family import Family, in_coordinates
from attnlab.problems import Problems
from attnlab.solvers.certified import EPS

MOST = 1_000_000
"""Subsets of positions looked at, at most: beyond this many nothing is certified."""
FIRST, PIECE = 50, 20_000
"""Subsets worked on at once: few at first, where most keys and values disagree already."""


def same_order_type(
    values: ArrayLike, keys: ArrayLike, mask: ArrayLike | None = None, *, most: int = MOST
) -> Mask:
    """Whether the output determines the softmax weights, certified by the order types of K and V; leading axes.

    The weights, not the query: where the keys do not span all their dimensions (n <= e, say), queries that differ
    by what no key difference feels give the same weights.

    With `D_S(X) = det[1 x_i]` for S of r + 1 positions, `det J = sum_S prod a_i D_S(V) D_S(K)` (Cauchy-Binet). If
    no two products have opposite signs and some are not 0, det J has one sign at all weights, and then
    `V^T softmax(K q)` determines the weights for all q, temperatures and biases (Mueller, Feliu, Regensburger,
    Conradi, Shiu & Dickenstein 2016; "compatible" control points in Craciun, Garcia-Puente & Sottile 2010).
    Where the values span more dimensions than the keys, a linear map of the values that predicts the keys best
    stands for them: what determines the weights from the mapped output does so from the output.

    values (..., n, d), keys (..., n, e), mask (..., n). False is no verdict: order types that differ, signs that
    rounding leaves open, more than `most` subsets, or keys of more dimensions than the values. Errors as in
    `query_degree`.

    >>> import attnlab
    >>> keys = [[0.0], [1.0], [2.0]]
    >>> [bool(attnlab.same_order_type(values, keys)) for values in ([[0.0], [1.0], [5.0]], [[0.0], [5.0], [1.0]])]
    [True, False]
    """
    most = whole(most, "most", 0)
    problems = Problems.of(values, mask, keys=keys)
    flat = problems.whole()
    families = in_coordinates(flat.values, flat.given_keys, flat.mask)
    return np.array([agrees(family, most) for family in families], dtype=bool).reshape(problems.lead)


def agrees(family: Family, most: int = MOST) -> bool:
    """`same_order_type` for one trial."""
    r = family.key_rank
    if not 0 < r <= family.value_rank or comb(len(family.keys), r + 1) > most:
        return False
    values, error = family.values, family.value_error
    if family.value_rank > r:
        towards = np.linalg.lstsq(values, family.keys, rcond=None)[0]
        error = (np.abs(values).max() * EPS * (len(towards) + 1) + error) * float(
            np.abs(towards).sum(axis=0).max()
        )
        values = values @ towards
    seen = 0
    for subset in _subsets(len(values), r + 1):
        products = _signs(values, subset, error) * _signs(family.keys, subset, family.key_error)
        if (
            not np.isfinite(products).all()
            or (products * (seen or products[np.abs(products).argmax()]) < 0).any()
        ):
            return False
        seen = seen or int(products[np.abs(products).argmax()])
    return seen != 0


def _subsets(n: int, size: int) -> Iterator[NDArray[np.int64]]:
    chosen = combinations(range(n), size)
    piece = list(islice(chosen, FIRST))
    while piece:  # ends: each round takes a piece of finitely many subsets
        yield np.array(piece, dtype=np.int64)
        piece = list(islice(chosen, PIECE))


def _signs(rows: Array, subset: NDArray[np.int64], error: float) -> Array:
    """The signs (S,) of `D_S`, NaN where rounding leaves them open; 0 only for two equal rows.

    `D_S` is the determinant of the r edges from one of the positions. Changing the entries of an r x r matrix
    by at most E changes its determinant by at most `r^1.5 E` times Hadamard's product without the shortest
    edge, to first order; LU adds its backward error (Higham 2002, theorem 9.5).
    """
    r = rows.shape[1]
    edges = rows[subset[:, 1:]] - rows[subset[:, :1]]
    lengths = np.sort(np.linalg.norm(edges, axis=2), axis=1)
    off = 2 * error + EPS * (r**2 * 2.0 ** (r - 1) + 2) * np.abs(edges).max(axis=(1, 2))
    bound = 2 * r**1.5 * off * lengths[:, 1:].prod(axis=1)
    copy = np.unique(rows, axis=0, return_inverse=True)[1].ravel()[subset]
    twice = (np.diff(np.sort(copy, axis=1), axis=1) == 0).any(axis=1)
    det = np.linalg.det(edges)
    clear = (np.abs(det) > bound) & (off * r < lengths[:, 0])
    return np.where(twice, 0.0, np.where(clear, np.sign(det), np.nan))
