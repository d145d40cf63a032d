"""Usable information: what a family of readers can extract, in bits on held-out examples (Xu et al. 2020)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

from attnlab.probes.scores import bits
from attnlab.shapes import Array, Examples


def usable_bits(probabilities: Array, blind: Array, held: Examples) -> Array:
    """`-log2 p_blind + log2 p` (B,): its mean over held-out examples is `H_V(Y) - H_V(Y | o)`.

    blind (B, n): the family's best reader that sees no output, fitted on the same training examples. In the
    mean never above the Shannon information. A family may ignore what it is given, as `ignorable` does for it:
    where there is nothing to read the mean is about zero, however much the reader overfitted.
    """
    return ignorable(bits(blind, held.goal) - bits(probabilities, held.goal), held.group)


def ignorable(gain: Array, group: NDArray[np.int64]) -> Array:
    """The bits saved (B, ...) by a reader that may fall back on the blind one, from those it saves itself.

    The held-out examples are halved (whole groups, if there are two). In each half the two readers are mixed
    by their posterior odds on the other half, even before it: `log2(1 - w + w 2^gain)`. So no example helps to
    choose the reader that it is read by, and the choice costs at most one bit for the other half.
    """
    kind = np.unique(group, return_inverse=True)[1]
    half = (kind if kind.max(initial=0) > 0 else np.arange(group.size)) % 2 == 1
    saved = np.empty_like(gain)
    for here in (half, ~half):
        odds = np.log(2) * gain[~here].sum(axis=0)
        with_it, without = log_expit(odds) / np.log(2), log_expit(-odds) / np.log(2)
        saved[here] = np.logaddexp2(without, with_it + gain[here])
    return saved


def linear_gaussian_bits(
    train_inputs: Array,
    train_targets: Array,
    held_inputs: Array,
    held_targets: Array,
    held_group: NDArray[np.int64],
) -> Array:
    """Usable bits (B, p) per held-out target for the family `y ~ N(w.x + c, s^2)`, fitted by least squares.

    inputs (B, d), targets (B, p), group (B,). For jointly Gaussian x and y the mean tends to
    `-1/2 log2(1 - R^2)`, the Shannon information itself. A target that never varies carries none. As for
    `usable_bits`, the family may ignore x.
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
    return ignorable(np.where(varies, (blind - sighted) / (2 * np.log(2)), 0.0), held_group)
