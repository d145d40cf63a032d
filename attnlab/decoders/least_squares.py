"""Effective attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnlab.decoders.base import Decoder, estimate
from attnlab.shapes import Array, Estimate, Sample
from attnlab.solvers.whitening import minimum_norm_weights


@dataclass(frozen=True)
class LeastSquares(Decoder):
    """The minimum-norm b with `V^T b = o` and `sum b = 1`: what the linear equations alone say about a.

    Effective attention with the sum constraint (Brunner et al. 2020). It ignores `b >= 0`: it may be signed.
    """

    says: ClassVar[str] = "the linear equations alone"
    signed: ClassVar[bool] = True

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        return estimate(
            minimum_norm_weights(outputs, sample.values, sample.mask, sample.spacing), outputs, sample
        )
