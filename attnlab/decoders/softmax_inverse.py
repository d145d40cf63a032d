"""Softmax inversion: an observer who also knows the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.attention import output
from attnlab.decoders.base import Decoder, estimate
from attnlab.metrics import relative_gap, total_variation
from attnlab.shapes import Array, Estimate, Sample
from attnlab.solvers.exponential_family import fit
from attnlab.solvers.levenberg_marquardt import solve

SOLVED = 1e-9
"""Relative to the size of the values."""
SHARPENED = 1e-6
"""Further steps may move weights that solve the equation by so much, in total variation, and no more."""


@dataclass(frozen=True)
class SoftmaxInverse(Decoder):
    """`b = softmax(K q')` with `V^T b = o`, for the q' found from the one start q' = 0; else maximum entropy.

    By Newton, and where that stops short by Levenberg-Marquardt, from the same start. The start is blind. With
    tied keys (K an affine function of V) the solution is unique and this finds it; with independent keys and
    d <= e there are many, or none, or both methods stop short of any: a miss of this decoder is no proof that the
    output does not determine the weights. Where the output is missed by more than 1e-9 of the size of the values,
    `converged` is False and the weights are those of maximum entropy, which needs no keys: where a search ended
    that found nothing hangs on its last digits, and they are a better guess. Newton's first point that has the
    output is sharpened by further steps while these stay near it: towards a solution at infinity that the output
    does not determine they go wherever their rounding does.
    """

    version: ClassVar[int] = 5
    says: ClassVar[str] = "softmax inversion"

    knows: ClassVar[str] = "the output, V and K"
    assumes: ClassVar[str] = "softmax"

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        keys = sample.known_keys
        found = fit(keys, sample.values, outputs, sample.mask, enough=SOLVED)
        sharp = fit(keys, sample.values, outputs, sample.mask, start=found.parameters).weights
        near = total_variation(sharp, found.weights) <= SHARPENED
        weights, converged = np.where(near[:, None], sharp, found.weights), found.converged.copy()
        left = np.flatnonzero(~converged)
        if left.size:
            rest = sample[left]
            again = solve(rest.keys, rest.values, outputs[left], rest.mask)
            solved = relative_gap(output(again, rest.values), outputs[left], rest.values, rest.mask) <= SOLVED
            guess = fit(rest.values, rest.values, outputs[left], rest.mask).weights
            weights[left], converged[left] = np.where(solved[:, None], again, guess), solved
        return estimate(weights, outputs, sample, converged)
