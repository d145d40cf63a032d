"""Usable information: what a family of readers can extract, in bits on held-out examples (Xu et al. 2020)."""

from __future__ import annotations

import numpy as np

from attnlab.probes.scores import bits
from attnlab.shapes import Array


def usable_bits(probabilities: Array, blind: Array, goal: Array) -> Array:
    """`-log2 p_blind + log2 p` (B,): its mean over held-out examples is `H_V(Y) - H_V(Y | o)`.

    blind (B, n): the family's best reader that sees no output, fitted on the same training examples. Negative
    where the reader overfitted; in the mean never above the Shannon information.
    """
    return bits(blind, goal) - bits(probabilities, goal)


def linear_gaussian_bits(
    train_inputs: Array, train_targets: Array, held_inputs: Array, held_targets: Array
) -> Array:
    """Usable bits (B, p) per held-out target for the family `y ~ N(w.x + c, s^2)`, fitted by least squares.

    inputs (B, d), targets (B, p). For jointly Gaussian x and y the mean tends to `-1/2 log2(1 - R^2)`, the
    Shannon information itself. A target that never varies carries none.
    """

    def design(inputs: Array) -> Array:
        return np.column_stack([inputs, np.ones(len(inputs))])

    coefficients = np.linalg.lstsq(design(train_inputs), train_targets, rcond=None)[0]
    residual = ((train_targets - design(train_inputs) @ coefficients) ** 2).mean(axis=0)
    spread = train_targets.var(axis=0)
    residual = np.maximum(residual, np.finfo(np.float64).eps * spread)
    varies = spread > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        blind = (held_targets - train_targets.mean(axis=0)) ** 2 / spread + np.log(spread)
        sighted = (held_targets - design(held_inputs) @ coefficients) ** 2 / residual + np.log(residual)
    return np.asarray(np.where(varies, (blind - sighted) / (2 * np.log(2)), 0.0))
