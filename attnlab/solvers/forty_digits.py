"""Outputs of attention in 40 digits: whole numbers for what floats are exactly, and long exponentials.

A float is a whole number times a power of two, so products and sums of floats are exact in whole numbers of any
length. Only the exponentials are rounded, to `BITS` after the point where the largest is 1, and the one division
at the end. That takes a quarter of the time of sums in a number type of 40 digits, whose every product is rounded.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from attnlab.shapes import Array

DIGITS = 40
BITS = 144
"""Of an exponential of at most 1: 43 digits after the point."""
MANTISSA = 53


def difference(keys: Array, values: Array, first: Array, second: Array) -> Array:
    """(d,): by how much `V^T softmax(K q)` differs between two queries, rounded at the end.

    keys (n, e) and values (n, d) of the visible positions, taken as exact numbers like the queries: each (e,), or
    (parts, e), whose sum is the query.
    """
    return _apart(values, _exponentials(keys, first), _exponentials(keys, second))


def missed_by(keys: Array, values: Array, weights: Array, query: Array) -> Array:
    """(d,): `V^T a / sum a` less the output of a query (e,) or (parts, e), for weights (n,) taken as exact."""
    return _apart(values, _whole(weights)[0], _exponentials(keys, query))


def _whole(numbers: Array) -> tuple[Any, int]:
    """Finite numbers as whole ones (object, of the same shape) times 2^shift, and the shift."""
    fraction, power = np.frexp(numbers)
    least = int(power[fraction != 0].min(initial=2000))
    units = (fraction * 2.0**MANTISSA).astype(np.int64).astype(object)
    return units << np.where(fraction != 0, power - least, 0).astype(object), least - MANTISSA


def _exponentials(keys: Array, query: Array) -> Any:
    """(n,): whole numbers in the proportions of softmax(K q); the largest is 2^BITS."""
    import mpmath

    (k, of_keys), (q, of_query) = _whole(keys), _whole(np.atleast_2d(query))
    scores, shift = k @ q.sum(axis=0), of_keys + of_query
    top = max(scores)
    with mpmath.workdps(DIGITS + 5):
        powers = [mpmath.exp(mpmath.ldexp(mpmath.mpf(score - top), shift)) for score in scores]
        return np.array([int(mpmath.ldexp(power, BITS)) for power in powers], dtype=object)


def _apart(values: Array, one: Any, other: Any) -> Array:
    """(d,): the mean of the values under one row of proportions less that under another, whole numbers both."""
    import mpmath

    v, shift = _whole(values)
    total, other_total = one.sum(), other.sum()
    above = (one @ v) * other_total - (other @ v) * total
    with mpmath.workdps(DIGITS):
        unit = mpmath.ldexp(1 / mpmath.mpf(total * other_total), shift)
        return np.array([float(mpmath.mpf(part) * unit) for part in above])
