"""The same output from at most d + 1 positions (Caratheodory 1907)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from attnlab.collisions.base import Construction, apart, decline_unless, only_where
from attnlab.collisions.border import reach, step
from attnlab.shapes import DIFFERENT, Array, Collision, Mask, Sample
from attnlab.solvers.null_space import affine_basis, null_dimension, null_projection, rank
from attnlab.solvers.radon import dependence


@dataclass(frozen=True)
class Caratheodory(Construction):
    """From given weights to weights on affinely independent values, at most d + 1 of them, by elimination.

    The theorem's proof, run: while more positions have weight than the values have affine rank, an affine
    dependence of as many as surely have one (those of least weight) is added until one of the weights is zero.
    Where the supporting values of the result are dependent all the same (repeated values), elimination goes
    on. Values count by their coordinates in an orthonormal basis, so their scales play no part; directions
    that are but the rounding of the values are none. A trial whose given weights already rest on independent
    values is not found: nothing can be left out; nor is one where all that can be is rounding (sharp weights).
    """

    version: ClassVar[int] = 2
    says: ClassVar[str] = "weights on few positions"
    rival: ClassVar[str] = "Q2"

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n) -> pairs (a, b) on the simplex, b on at most d + 1 positions."""
        draws = rng.random(weights.shape)
        reduced = weights.copy()
        basis = affine_basis(sample.values, sample.mask)
        ranks = rank(basis)
        for r in np.unique(ranks):
            rows = np.flatnonzero(ranks == r)
            reduced[rows] = _down_to(int(r), weights[rows], basis[rows, :, 1:r], draws[rows])
        _finish(reduced, sample, draws)
        reduced /= reduced.sum(axis=1, keepdims=True)
        patterns = np.stack([weights, reduced], axis=1)
        left_out = np.asarray(((weights > 0) & (reduced == 0)).any(axis=1))
        decline_unless(left_out, "the weights rest on affinely independent values: none can be left out")
        found = left_out & apart(patterns)
        decline_unless(
            found, f"what can be left out moves the weights by less than {DIFFERENT:g}: no other pattern"
        )
        return Collision(only_where(found, patterns), sample.values, "simplex", found)


def _down_to(r: int, weights: Array, points: Array, draws: Array) -> Array:
    """Weights (B, n) with the same output on at most r positions, points (B, n, r - 1) of affine rank r."""
    reduced = weights.copy()
    for _ in range(weights.shape[1]):  # each round takes the weight of one position at least
        wide = np.flatnonzero((reduced > 0).sum(axis=1) > r)
        if not wide.size:
            break
        chosen = _least(reduced[wide], draws[wide], r + 1)
        z = dependence(
            np.take_along_axis(points[wide], chosen[..., None], axis=1),
            np.take_along_axis(draws[wide], chosen, axis=1),
        )
        before = np.take_along_axis(reduced[wide], chosen, axis=1)
        part = reduced[wide]
        np.put_along_axis(part, chosen, step(before, z, reach(before, z)), axis=1)
        reduced[wide] = part
    return reduced


def _least(weights: Array, draws: Array, count: int) -> NDArray[np.int64]:
    """(B, count): the positions of least positive weight, ties in the order of the draws."""
    held = np.where(weights > 0, weights, np.inf)
    return np.asarray(np.lexsort((draws, held), axis=1)[:, :count])


def _finish(reduced: Array, sample: Sample, draws: Array) -> None:
    """Eliminate further, in place, where the values that still have weight are dependent."""
    left = np.arange(sample.trials)
    for _ in range(sample.d + 1):  # at most d + 1 positions are left, and each round takes one
        support: Mask = reduced[left] > 0
        basis = affine_basis(sample.values[left], support)
        dependent = null_dimension(basis, support) > 0
        left, support, basis = left[dependent], support[dependent], basis[dependent]
        if not left.size:
            return
        z = null_projection(draws[left], basis, support)
        reduced[left] = step(reduced[left], z, reach(reduced[left], z))
