"""Softmax inversion: an observer who also knows the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnlab.decoders.base import Decoder, estimate
from attnlab.shapes import Array, Estimate, Sample
from attnlab.solvers.exponential_family import fit


@dataclass(frozen=True)
class SoftmaxInverse(Decoder):
    """`b = softmax(K q')` with `V^T b = o`, for the q' that Newton finds from the one start q' = 0.

    The start is blind. With tied keys (K an affine function of V) the solution is unique and this finds it;
    with independent keys and d <= e there are many, or Newton stops short of any (`converged` False): a miss
    of this decoder is no proof that the output does not determine the weights.
    """

    says: ClassVar[str] = "softmax inversion"

    knows: ClassVar[str] = "the output, V and K"
    assumes: ClassVar[str] = "softmax"

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        found = fit(sample.keys, sample.values, outputs, sample.mask)
        return estimate(found.weights, outputs, sample, found.converged)
