"""Maximum entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnlab.decoders.base import Decoder, estimate
from attnlab.shapes import Array, Estimate, Sample
from attnlab.solvers.exponential_family import fit


@dataclass(frozen=True)
class MaxEntropy(Decoder):
    """`b = softmax(V w)` with `V^T b = o`: the explanation of the output that has the largest entropy.

    Convex, so there is one, found by Newton on the dual (Jaynes 1957). The true weights if they are the
    softmax of an affine function of the values, as with tied keys. Weights with zeros are reached only in the
    limit: there its last digits are worth less.
    """

    says: ClassVar[str] = "maximum entropy"

    assumes: ClassVar[str] = "softmax"

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        found = fit(sample.values, sample.values, outputs, sample.mask)
        return estimate(found.weights, outputs, sample, found.converged)
