"""Softmax inversion: an observer who also knows the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.attention import output
from attnlab.decoders.base import Decoder, estimate
from attnlab.metrics import relative_gap
from attnlab.shapes import Array, Estimate, Sample
from attnlab.solvers.exponential_family import fit
from attnlab.solvers.levenberg_marquardt import solve

SOLVED = 1e-9
"""Relative to the size of the values."""


@dataclass(frozen=True)
class SoftmaxInverse(Decoder):
    """`b = softmax(K q')` with `V^T b = o`, for the q' found from the one start q' = 0.

    By Newton, and where that stops short by Levenberg-Marquardt, from the same start. The start is blind. With
    tied keys (K an affine function of V) the solution is unique and this finds it; with independent keys and
    d <= e there are many, or both stop short of any (`converged` False: the output as given is missed by more
    than 1e-9 of the size of the values): a miss of this decoder is no proof that the output does not determine
    the weights.
    """

    version: ClassVar[int] = 2
    says: ClassVar[str] = "softmax inversion"

    knows: ClassVar[str] = "the output, V and K"
    assumes: ClassVar[str] = "softmax"

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        found = fit(sample.keys, sample.values, outputs, sample.mask)
        weights, converged = found.weights.copy(), found.converged.copy()
        left = np.flatnonzero(~converged)
        if left.size:
            rest = sample[left]
            again = solve(rest.keys, rest.values, outputs[left], rest.mask)
            gap = relative_gap(output(again, rest.values), outputs[left], rest.values, rest.mask)
            better = gap < found.residual[left]
            weights[left[better]] = again[better]
            converged[left] = np.minimum(gap, found.residual[left]) <= SOLVED
        return estimate(weights, outputs, sample, converged)
