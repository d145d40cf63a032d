"""The contract of every observer that knows the values."""

from __future__ import annotations

import abc
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from attnlab.arrays import lengths
from attnlab.attention import output
from attnlab.contracts import BrokenContract, instance, numbers, on_simplex, told
from attnlab.parts import Part
from attnlab.problems import Problems
from attnlab.shapes import Array, Estimate, Mask, Sample, require


def _estimate(part: Part, result: object, outputs: Array, sample: Sample) -> Estimate:
    """An Estimate with weights (B, n) on the simplex, or `signed` ones, and a residual (B,)."""
    found = instance(part, result, Estimate)
    trials = sample.mask.shape[:1]
    if not getattr(part, "signed", False):
        on_simplex(part, found.weights, sample.mask, "weights")
    elif numbers(part, found.weights, sample.mask.shape, "weights")[~sample.mask].any():
        raise BrokenContract(part, "no weights at masked positions", "some")
    numbers(part, found.residual, trials, "residual")
    numbers(part, found.converged, trials, "converged")
    return found


@dataclass(frozen=True)
class Decoder(Part, abc.ABC):
    """Estimates the weights from the output and what the observer knows: V, and K where `knows` says so.

    Nothing is learned. The query is never read; masked positions get no weight, and the others weights on the
    simplex, unless the decoder says that its are `signed`.
    Law: given n <= d + 1 affinely independent values it returns the true weights (softmax weights, for a
    decoder that `assumes` softmax; one-hot ones, for a decoder that assumes those). Raises Declined where the
    cell cannot be decoded at all.
    """

    promises: ClassVar = {"__call__": _estimate}
    knows: ClassVar[str] = "the output and V"
    assumes: ClassVar[str] = "nothing"
    signed: ClassVar[bool] = False
    """True if its weights may be negative, or sum to another number than 1 where no weights give the output."""
    facts: ClassVar[tuple[str, ...]] = ("says", "knows", "assumes", "signed")

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

    The residual of an output that is exactly zero is absolute. Raises ValueError for weights of another shape,
    or that are no numpy array of real numbers.
    """
    real = isinstance(weights, np.ndarray) and weights.dtype.kind in "biuf"
    require(real and weights.shape == sample.mask.shape, f"weights {sample.mask.shape}", told(weights))
    size = lengths(outputs)
    missed = lengths(output(weights, sample.values) - outputs)
    done = np.ones(len(weights), dtype=bool) if converged is None else converged
    return Estimate(weights, missed / np.where(size > 0, size, 1.0), done)
