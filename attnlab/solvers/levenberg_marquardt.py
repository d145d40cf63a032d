"""`V^T softmax(F p) = o` by Levenberg and Marquardt's method from the one start p = 0, for what Newton leaves.

It goes on where the Jacobian `Cov_a(v, f)` is nearly singular and Newton's direction is useless. The method is
that of the search for several solutions (twin_query), in coordinates of unit variance (`whitening`).
"""

from __future__ import annotations

import numpy as np

from attnlab.attention import softmax_weights
from attnlab.shapes import Array, Mask
from attnlab.solvers.twin_query import twins
from attnlab.solvers.whitening import whitening


def solve(features: Array, values: Array, outputs: Array, mask: Mask, tolerance: float = 1e-9) -> Array:
    """Weights (B, n), softmaxes of the features, with the output to `tolerance` of the values' deviations.

    Uniform where none were reached. features (B, n, f), values (B, n, d), outputs (B, d), mask (B, n).
    """
    of_features, of_values = whitening(features, mask), whitening(values, mask)
    targets = np.matmul((outputs - of_values.centre)[:, None], of_values.whiten)[:, 0]
    found = twins(of_features.span, of_values.span, mask, targets, starts=1, enough=1, tolerance=tolerance)
    p = np.nan_to_num(found.parameters[:, 0])
    return softmax_weights(np.matmul(of_features.span, p[..., None])[..., 0], mask)
