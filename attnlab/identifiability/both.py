"""Q1 and Q2 of the same weights, in one mind."""

from __future__ import annotations

from numpy.typing import ArrayLike

from attnlab.arrays import Mask, Precision
from attnlab.identifiability.linear import nullity
from attnlab.identifiability.uniqueness import is_unique


def only_ones(
    weights: ArrayLike,
    values: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    precision: Precision | None = None,
) -> tuple[Mask, Mask]:
    """Are the weights the only ones with their output, among all that sum to 1 (Q1), and on the simplex (Q2)?

    `nullity` counts what exceeds the rounding of the values, `is_unique` takes what is within 1e-12 of dependent
    for dependent or too close to call: between the two, values could be independent for the one and not for the
    other. But others on the simplex are others that sum to 1: where these are certain Q1 is no. And where no
    others sum to 1 there are none on the simplex: elsewhere a yes to Q1 is a yes to Q2.
    Arguments and errors as theirs; two arrays over the leading axes.

    >>> from attnlab.identifiability.both import only_ones
    >>> [answer.tolist() for answer in only_ones([0.2, 0.3, 0.5], [[0.0], [1.0], [1.0 + 1e-14]])]
    [False, False]
    """
    found = is_unique(weights, values, mask, precision=precision)
    linear = (nullity(values, mask, precision=precision).affine_null == 0) & ~found.not_unique
    return linear, found.unique | linear
