"""Proof that near two computed queries there are two exact ones with one output, and that they differ.

The outputs of the computed queries are compared in extended precision, so that the residual is not rounding.
Then Kantorovich's theorem (Ortega & Rheinboldt, Iterative Solution of Nonlinear Equations, 1970, 12.6) asks
for `beta^2 gamma |residual| <= 1/2`: with beta = 1 / (least singular value of the Jacobian) and gamma a bound
of its Lipschitz constant, an exact solution lies within `2 beta |residual|`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from attnlab.attention import softmax_weights
from attnlab.shapes import Array
from attnlab.solvers.whitening import whitening

DIGITS = 40


def softmax_output(keys: Array, values: Array, query: Array) -> list[Any]:
    """`V^T softmax(K q)` in 40 digits: keys (n, e), values (n, d), query (e,), taken as exact numbers."""
    import mpmath

    with mpmath.workdps(DIGITS):
        exact = [mpmath.mpf(float(x)) for x in query]
        scores = [mpmath.fdot(zip(map(float, key), exact, strict=True)) for key in keys]
        top = max(scores)
        powers = [mpmath.exp(score - top) for score in scores]
        total = mpmath.fsum(powers)
        return [mpmath.fdot(zip(powers, map(float, column), strict=True)) / total for column in values.T]


def residual(keys: Array, values: Array, first: Array, second: Array) -> Array:
    """(d,): the difference of the outputs of two queries, computed in 40 digits, rounded at the end."""
    import mpmath

    with mpmath.workdps(DIGITS):
        pairs = zip(softmax_output(keys, values, first), softmax_output(keys, values, second), strict=True)
        return np.array([float(one - other) for one, other in pairs])


def confirmed(keys: Array, values: Array, first: Array, second: Array) -> bool:
    """Whether an exact query near the second, and other than the first, has exactly the first one's output.

    keys (n, e), values (n, d) of the visible positions, queries (e,). In coordinates of unit variance `|D^2 o|`
    is at most the largest distance of two values times the squared largest distance of two keys: it is a third
    central moment. "Exactly" is up to the rounding of the values where these span fewer than d dimensions.
    """
    if (values == values[0]).all():
        return True  # all weights give this one value
    every = np.ones((1, len(keys)), dtype=bool)
    of_keys, of_values = whitening(keys[None], every), whitening(values[None], every)
    span, coordinates = (_used(basis.span[0]) for basis in (of_keys, of_values))
    if not 0 < coordinates.shape[1] <= span.shape[1]:
        return False  # more equations than unknowns, or values equal but for rounding: no theorem applies
    missed = residual(keys, values, first, second) @ of_values.whiten[0]
    b = softmax_weights((keys - of_keys.centre[0]) @ second, every[0])
    jacobian = (coordinates - b @ coordinates).T @ (b[:, None] * (span - b @ span))
    least = float(np.linalg.svd(jacobian, compute_uv=False)[-1])
    size = float(np.linalg.norm(missed))
    bend = 2 * _radius(coordinates) * (2 * _radius(span)) ** 2
    if not bend * size <= 0.5 * least**2:
        return False
    apart = np.linalg.norm(of_keys.unwhiten[0] @ (first - second))
    return bool(apart > 4 * size / least)


def _used(columns: Array) -> Array:
    return columns[:, columns.any(axis=0)]


def _radius(points: Array) -> float:
    return float(np.linalg.norm(points, axis=1).max(initial=0.0))
