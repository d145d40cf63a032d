"""Q3 without a search: how many queries must share an output, counted with signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import Array, Mask, require
from attnlab.identifiability.family import Family, in_coordinates
from attnlab.problems import Problems
from attnlab.solvers.certified import EPS, signs
from attnlab.solvers.hull_degree import sphere, winding

LARGEST = 10
"""Key dimensions up to here: the number of facets of conv K grows like a power of n that rises with e / 2."""


@dataclass(frozen=True)
class Degree:
    """degree (...,): the winding number, 0 where not decided; decided (...,): whether every step was certain."""

    degree: NDArray[np.int64]
    decided: Mask


def query_degree(
    output: ArrayLike, values: ArrayLike, keys: ArrayLike, mask: ArrayLike | None = None
) -> Degree:
    """The sum of `sgn det J(q)` over all queries with this output, `J = V^T (diag a - a a^T) K`, d = e <= 10.

    It is the winding number around o of the sphere of conv K's facets mapped by k_i -> v_i (standard degree
    theory on the map of `attnlab.solvers.hull_degree`). So with one query q in hand: if the degree is not
    `sgn det J(q)`, another query with the same output certainly exists. For V = K it is 1, for V = K M the
    sign of det M. It does not depend on the temperature or on keys inside the hull, and does not show that a
    query is alone: opposite signs cancel.

    output (..., d), values (..., n, d), keys (..., n, e), mask (..., n) -> Degree. Equal keys count as one, with
    the mean of their values. Not decided: keys or values that do not span e dimensions, keys on a facet that
    are none of its vertices (grids, keys on a sphere's circle), outputs on the image of a facet, up to
    rounding. Raises ValueError for shapes that do not fit, d other than e, e > 10, numbers that are not finite.

    >>> import attnlab
    >>> values, keys = [[0.0], [3.0], [1.0]], [[0.0], [1.0], [2.0]]
    >>> attnlab.query_degree([[1.2], [0.8]], values, keys).degree.tolist()
    [0, 1]
    """
    problems = Problems.of(values, mask, keys=keys, outputs=output)
    d, e = problems.values.shape[-1], problems.given_keys.shape[-1]
    require(d == e, "as many value as key dimensions (d = e)", f"d = {d}, e = {e}")
    require(e <= LARGEST, f"e <= {LARGEST}: the facets of more dimensions are too many to list", f"e = {e}")
    lead, flat = problems.lead, problems.whole()
    degree, decided = np.zeros(len(flat.values), dtype=np.int64), np.zeros(len(flat.values), dtype=bool)
    for trial, family in enumerate(in_coordinates(flat.values, flat.given_keys, flat.mask)):
        if family.key_rank == family.value_rank == e:
            around, error = family.around(flat.given_outputs[trial])
            found = _degree(family, around, error)
            if found is not None:
                degree[trial], decided[trial] = found * family.orientation, True
    return Degree(degree.reshape(lead), decided.reshape(lead))


def degree_of_weights(family: Family, weights: Array, error: float) -> int | None:
    """The degree over `V^T a` in the family's coordinates, weights (n,) within a relative error; None if open."""
    return _degree(family, *family.around_mean(weights, error))


def _degree(family: Family, around: Array, error: Array) -> int | None:
    """around (n, r): `v_i - o`, error (n,)."""
    keys, group, count = np.unique(family.keys, axis=0, return_inverse=True, return_counts=True)
    if len(keys) == len(family.keys):
        keys = family.keys
    else:  # equal keys have equal weights: together they are one, with the mean of the values
        sums, worst = np.zeros((len(keys), around.shape[1])), np.zeros(len(keys))
        np.add.at(sums, group.ravel(), around)
        np.maximum.at(worst, group.ravel(), error)
        around = sums / count[:, None]
        error = worst + len(family.keys) * EPS * float(np.abs(family.values).max())
    boundary = sphere(keys, family.key_error)
    return None if boundary is None else winding(boundary, around, error)


def jacobian_sign(family: Family, weights: Array, error: float) -> int:
    """`sgn det Cov_a(v, k)` in the family's coordinates, weights (n,) known within a relative `error`; 0 if open.

    `J = sum_i a_i (v_i - o)(k_i - mu)^T` is off by at most the same sum of absolute values times the relative
    errors, plus what the errors of `v_i - o` and `k_i - mu` add.
    """
    v, off_v = family.around_mean(weights, error)
    k, off_k = family.around_mean_key(weights, error)
    size_v, size_k = np.abs(v).max(axis=1), np.abs(k).max(axis=1)
    relative = error + (len(weights) + 4) * EPS
    off = weights @ (relative * size_v * size_k + off_v * size_k + off_k * size_v + off_v * off_k)
    return int(signs(((v * weights[:, None]).T @ k)[None], float(off))[0])
