"""The compiled kernel of steady_search; its sums are taken in the order written, on every machine."""

from __future__ import annotations

import numpy as np

from attnlab.solvers.compiling import exact


@exact
def outputs_of(features, values, mask, known, outputs):  # type: ignore[no-untyped-def]
    """outputs (B, d) := `V^T softmax(F p)` of the known queries p (B, f); untouched where one is NaN.

    features (B, n, f), values (B, n, d), mask (B, n).
    """
    trials, n, f = features.shape
    d = values.shape[2]
    weights = np.empty(n)
    for trial in range(trials):
        if f > 0 and np.isnan(known[trial, 0]):
            continue
        top = -np.inf
        for i in range(n):
            if mask[trial, i]:
                total = 0.0
                for j in range(f):
                    total += features[trial, i, j] * known[trial, j]
                weights[i] = total
                top = max(top, total)
        total = 0.0
        for i in range(n):
            weights[i] = np.exp(weights[i] - top) if mask[trial, i] else 0.0
            total += weights[i]
        for j in range(d):
            reached = 0.0
            for i in range(n):
                reached += weights[i] * values[trial, i, j]
            outputs[trial, j] = reached / total
