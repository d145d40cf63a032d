"""Simplex-constrained least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnlab.decoders.base import Decoder, estimate
from attnlab.shapes import Array, Estimate, Sample


@dataclass(frozen=True)
class Simplex(Decoder):
    """`argmin |V^T b - o|` over `b >= 0, sum b = 1`, exactly, by an active set.

    `converged` where the optimality conditions were checked on the data as given.

    The true weights whenever they are the only ones on the simplex with this output. Where they are not, it
    returns one explanation of many: a vertex of them, with at most d + 1 positions, by no principle.
    """

    says: ClassVar[str] = "simplex least squares"

    version: ClassVar[int] = 2

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        # here, because it compiles: plans and other decoders should not wait for it
        from attnlab.solvers.nnls import simplex_least_squares

        weights, certified = simplex_least_squares(outputs, sample.values, sample.mask)
        return estimate(weights, outputs, sample, certified)
