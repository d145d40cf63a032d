"""`V^T softmax(F p) = o` by MINPACK's Levenberg-Marquardt, one instance at a time, for what Newton leaves.

It goes on where the Jacobian `Cov_a(v, f)` is nearly singular and Newton's direction is useless (Levenberg 1944,
Marquardt 1963; More 1978). Both run in coordinates of unit variance (`whitening`).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import root

from attnlab.attention import softmax_weights
from attnlab.shapes import Array, Mask
from attnlab.solvers.whitening import whitening

EVALUATIONS = 1000
"""Of `V^T softmax(F p)`, at most, an instance; most take fewer than 100."""


def solve(features: Array, values: Array, outputs: Array, mask: Mask) -> Array:
    """Weights (B, n), each from the one start p = 0: softmaxes of the features, nearest to the output that it got.

    features (B, n, f), values (B, n, d), outputs (B, d), mask (B, n). MINPACK asks for as many equations as
    unknowns: instances whose values span fewer dimensions than their features come back uniform.
    """
    of_features, of_values = whitening(features, mask), whitening(values, mask)
    targets = np.matmul((outputs - of_values.centre)[:, None], of_values.whiten)[:, 0]
    weights = np.zeros(mask.shape)
    for b, seen in enumerate(mask):
        span, coordinates = of_features.span[b, seen], of_values.span[b, seen]
        used, known = span.any(axis=0), coordinates.any(axis=0)
        weights[b, seen] = _solved(span[:, used], coordinates[:, known], targets[b, known])
    return weights


def _solved(span: Array, coordinates: Array, target: Array) -> Array:
    every = np.ones(len(span), dtype=bool)

    def missed(p: Array) -> Array:
        return np.asarray(softmax_weights(span @ p, every) @ coordinates - target)

    def jacobian(p: Array) -> Array:
        a = softmax_weights(span @ p, every)
        return np.asarray(((coordinates - a @ coordinates) * a[:, None]).T @ span)

    p = np.zeros(span.shape[1])
    if 0 < len(p) <= len(target):
        with np.errstate(over="ignore", invalid="ignore"):  # of the covariance that MINPACK's wrapper adds
            p = root(
                missed,
                p,
                jac=jacobian,
                method="lm",
                options={"maxiter": EVALUATIONS, "xtol": 1e-15, "ftol": 1e-15},
            ).x
    return softmax_weights(span @ p, every)
