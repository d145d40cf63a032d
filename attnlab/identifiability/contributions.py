"""Of several heads whose outputs were mixed: does what arrives determine what each of them contributed?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.arrays import Array, Mask, root_mean_square
from attnlab.identifiability.linear import nullity
from attnlab.identifiability.uniqueness import is_unique
from attnlab.joined import Joined
from attnlab.shapes import Sample

EXPLAINED, ELSEWHERE = 1e-9, 1e-6
"""Weights that miss what arrives by no more than the first explain it, and show another contribution where one
differs by more than the second, both relative to the size of the values."""


@dataclass(frozen=True)
class Contributions:
    """The verdict on every trial (B,), on the vectors `M_j o_j` of all heads.

    blind: determined by the mixture alone, for whoever knows it and no values; kept: certainly the only ones of
    weights on the simplex with what arrives, for whoever knows the values too; lost: certainly not; else open.
    """

    blind: Mask
    kept: Mask
    lost: Mask


def contributions(weights: Array, layer: Joined) -> Contributions:
    """Whether the weights (B, h, n) of the heads leave their contributions the only ones with their sum.

    blind: the ranges of the M_j are independent (their ranks add up to that of M). kept: so are the spaces that
    the differences of the values span, as each head contributes them; or the weights themselves are the only ones
    (`is_unique`). lost: those spaces are dependent even where the heads have weight, so that some can be moved
    both ways; or other weights with the same sum and another contribution are in hand.

    For generic heads: blind iff `h d <= r` dimensions arrive; with weight everywhere kept iff
    `h min(n - 1, d) <= r`, else lost. So that the sum cannot be taken apart again is true of a narrow W_O, for
    whoever knows no values; with them few positions or sparse weights are enough.
    """
    problem, b = layer.problem, layer.together(weights)
    kept = _independent(layer, problem, problem.mask)
    rest = ~kept
    kept |= is_unique(b, problem.values, problem.mask, precision=problem.precision).unique
    lost = rest & ~kept & ~_independent(layer, problem, (b > 0) & problem.mask)
    asked = np.flatnonzero(~kept & ~lost)
    if asked.size:
        lost[asked] = _elsewhere(weights, layer, problem, asked)
    return Contributions(_blind(layer), kept, lost)


def _blind(layer: Joined) -> Mask:
    d = layer.heads[0].d
    parts = [layer.mixture[:, :, j * d : (j + 1) * d] for j in range(len(layer.heads))]
    ranks = sum(np.linalg.matrix_rank(part) for part in parts)
    return np.asarray(ranks == np.linalg.matrix_rank(layer.mixture))


def _independent(layer: Joined, problem: Sample, mask: Mask) -> Mask:
    """Whether the heads' differences of contributed values, over these pairs, span independent spaces."""
    trials, h, n, _r = layer.values.shape
    each = nullity(layer.values, mask.reshape(trials, h, n), precision=problem.precision).affine_rank - 1
    whole = nullity(problem.values, mask, precision=problem.precision).affine_rank - h
    return np.asarray(each.sum(axis=1) == whole)


def _elsewhere(weights: Array, layer: Joined, problem: Sample, rows: np.ndarray) -> Mask:
    """Whether the nearest explanation on the simplex, in these trials, has another contribution of some head."""
    from attnlab.solvers.nnls import simplex_least_squares  # compiled: imported when first used

    sent = layer.contributions(weights)
    found, _ = simplex_least_squares(
        layer.arrived(sent.sum(axis=1))[rows], problem.values[rows], problem.mask[rows]
    )
    whole = layer.together(weights)
    whole[rows] = found
    other = layer.contributions(layer.apart(whole))
    size = root_mean_square(layer.values.reshape(len(weights), -1, layer.values.shape[-1]), problem.mask)
    unit = np.where(size > 0, size, 1.0)[:, None]
    missed = np.linalg.norm((other - sent).sum(axis=1) / unit, axis=1)
    moved = np.linalg.norm((other - sent) / unit[..., None], axis=2).max(axis=1)
    return np.asarray((missed <= EXPLAINED) & (moved > ELSEWHERE))[rows]
