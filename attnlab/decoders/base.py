"""The contract of every observer that knows the values."""

from __future__ import annotations

import abc
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from attnlab.arrays import lengths
from attnlab.attention import output
from attnlab.contracts import BrokenContract, instance, numbers
from attnlab.parts import Part
from attnlab.problems import Problems
from attnlab.shapes import Array, Estimate, Mask, Sample


def _estimate(part: Part, result: object, outputs: Array, sample: Sample) -> Estimate:
    """An Estimate with finite weights (B, n), none at masked positions, and a residual (B,)."""
    found = instance(part, result, Estimate)
    weights = numbers(part, found.weights, sample.mask.shape, "weights")
    numbers(part, found.residual, sample.mask.shape[:1], "residual")
    if weights[~sample.mask].any():
        raise BrokenContract(part, "no weights at masked positions", "some")
    return found


@dataclass(frozen=True)
class Decoder(Part, abc.ABC):
    """Estimates the weights from the output and what the observer knows: V, and K where `knows` says so.

    Nothing is learned. The query is never read; masked positions get no weight.
    Law: given n <= d + 1 affinely independent values it returns the true weights (softmax weights, for a
    decoder that `assumes` softmax; one-hot ones, for a decoder that assumes those). Raises Declined where the
    cell cannot be decoded at all.
    """

    promises: ClassVar = {"__call__": _estimate}
    knows: ClassVar[str] = "the output and V"
    assumes: ClassVar[str] = "nothing"
    facts: ClassVar[tuple[str, ...]] = ("says", "knows", "assumes")

    @abc.abstractmethod
    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        """outputs (B, d) -> Estimate with weights (B, n)."""


def decode(
    decoder: Decoder,
    output: ArrayLike,
    values: ArrayLike,
    keys: ArrayLike | None = None,
    mask: ArrayLike | None = None,
) -> Estimate:
    """What the decoder says the weights were, from any arrays: output (..., d), values (..., n, d) and the rest.

    keys (..., n, e), for a decoder that knows them; mask (..., n) True where visible. Leading axes broadcast to
    B trials in one flat batch, as those of `attnlab.arrays` do. Raises ValueError for arrays that do not fit.
    """
    flat = Problems.of(values, mask, outputs=output, keys=keys).whole()
    sample = replace(Sample.of(flat.values, flat.keys, flat.mask), spacing=flat.spacing)
    return decoder(flat.given_outputs, sample)


def estimate(weights: Array, outputs: Array, sample: Sample, converged: Mask | None = None) -> Estimate:
    """These weights (B, n) with their residual; converged (B,): everywhere, if not given.

    The residual of an output that is exactly zero is absolute.
    """
    size = lengths(outputs)
    missed = lengths(output(weights, sample.values) - outputs)
    done = np.ones(len(weights), dtype=bool) if converged is None else converged
    return Estimate(weights, missed / np.where(size > 0, size, 1.0), done)
