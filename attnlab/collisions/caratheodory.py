"""The same output from at most d + 1 positions (Caratheodory 1907)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.collisions.base import Construction, decline_unless, only_where
from attnlab.shapes import Array, Collision, Sample
from attnlab.solvers.null_space import affine_basis, null_dimension, null_projection
from attnlab.solvers.radon import dependence


@dataclass(frozen=True)
class Caratheodory(Construction):
    """From given weights to weights on affinely independent values, at most d + 1 of them, by elimination.

    The theorem's proof, run: while d + 2 positions have weight, an affine dependence of d + 2 of them (those
    of least weight) is added until one of the weights is zero. Where the supporting values of the result are
    dependent all the same (repeated values), elimination goes on. A trial whose given weights already rest on
    independent values is not found: nothing can be left out.
    """

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n) -> pairs (a, b) on the simplex, b on at most d + 1 positions."""
        reduced = weights.copy()
        size = sample.d + 2
        while (wide := np.flatnonzero((reduced > 0).sum(axis=1) >= size)).size:
            held = np.where(reduced[wide] > 0, reduced[wide], np.inf)
            chosen = np.argpartition(held, size - 1, axis=1)[:, :size] if size < sample.n else _all(held)
            points = np.take_along_axis(sample.values[wide], chosen[..., None], axis=1)
            before = np.take_along_axis(reduced[wide], chosen, axis=1)
            part = reduced[wide]
            np.put_along_axis(part, chosen, _until_one_is_zero(before, dependence(points)), axis=1)
            reduced[wide] = part
        self._finish(reduced, sample)
        reduced /= reduced.sum(axis=1, keepdims=True)
        found = np.asarray(((weights > 0) & (reduced == 0)).any(axis=1))
        decline_unless(found, "the weights rest on affinely independent values: none can be left out")
        patterns = only_where(found, np.stack([weights, reduced], axis=1))
        return Collision(patterns, sample.values, "simplex", found)

    def _finish(self, reduced: Array, sample: Sample) -> None:
        """Eliminate further where the values that still have weight are dependent."""
        while True:
            support = reduced > 0
            basis = affine_basis(sample.values, support)
            left = np.flatnonzero(null_dimension(basis, support) > 0)
            if not left.size:
                return
            # Any fixed vector with no symmetry will do: its projection is not zero.
            start = np.broadcast_to(np.sqrt(2.0 + np.arange(sample.n)), reduced.shape)
            z = null_projection(start, basis, support)[left]
            reduced[left] = _until_one_is_zero(reduced[left], z)


def _all(rows: Array) -> np.ndarray:
    return np.broadcast_to(np.arange(rows.shape[1]), rows.shape)


def _until_one_is_zero(weights: Array, z: Array) -> Array:
    """`a + t z` at the smallest t >= 0 at which a positive weight is zero; z (B, c) has entries of both signs."""
    falling = (z < 0) & (weights > 0)
    ratio = np.where(falling, weights, np.inf) / np.where(falling, -z, 1.0)
    hit = ratio.argmin(axis=1)[:, None]
    moved = np.maximum(weights + np.take_along_axis(ratio, hit, axis=1) * z, 0.0)
    np.put_along_axis(moved, hit, 0.0, axis=1)
    return np.asarray(np.where(weights > 0, moved, 0.0))
