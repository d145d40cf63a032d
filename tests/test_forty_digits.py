"""Outputs in 40 digits from whole numbers: the same as in a number type of 60 digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from attnlab.shapes import Array
from attnlab.solvers.forty_digits import difference, missed_by


def of_query(keys: Array, values: Array, query: Array) -> list[Any]:
    scores = [
        mpmath.fdot(zip(map(mpmath.mpf, key), map(mpmath.mpf, query), strict=True)) for key in keys.tolist()
    ]
    powers = [mpmath.exp(score - max(scores)) for score in scores]
    return of_weights(values, powers)


def of_weights(values: Array, weights: list[Any]) -> list[Any]:
    total = mpmath.fsum(weights)
    return [
        mpmath.fdot(zip(weights, map(mpmath.mpf, column), strict=True)) / total
        for column in values.T.tolist()
    ]


@pytest.mark.parametrize(
    ("n", "e", "d", "of_keys", "of_values"),
    [(12, 3, 2, 1.0, 1.0), (32, 8, 8, 30.0, 1e-8), (5, 1, 3, 1e-150, 1e150), (7, 2, 2, 300.0, 5e-324)],
)
def test_differences_have_all_their_digits(n: int, e: int, d: int, of_keys: float, of_values: float) -> None:
    rng = np.random.default_rng(n)
    keys, values = of_keys * rng.standard_normal((n, e)), of_values * rng.standard_normal((n, d)) + 0.0
    keys[0, 0] = values[0, 0] = 0.0
    query = rng.standard_normal(e) / of_keys
    near = query * (1 + 1e-14)
    weights = rng.dirichlet(np.ones(n))
    with mpmath.workdps(60):
        here = of_query(keys, values, query)
        for found, there in (
            (difference(keys, values, query, near), of_query(keys, values, near)),
            (
                -missed_by(keys, values, weights, query),
                of_weights(values, list(map(mpmath.mpf, weights.tolist()))),
            ),
        ):
            exact = [float(one - other) for one, other in zip(here, there, strict=True)]
            np.testing.assert_allclose(found, exact, rtol=1e-12, atol=0)
    assert not difference(keys, values, query, query).any()
