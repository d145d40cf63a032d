"""Two weight vectors with disjoint supports and one output (Radon 1921)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.collisions.base import INDEPENDENT, Construction, decline_unless, only_where
from attnlab.shapes import Array, Collision, Sample
from attnlab.solvers.null_space import affine_basis, null_dimension, null_projection
from attnlab.solvers.radon import dependence


@dataclass(frozen=True)
class Radon(Construction):
    """`a = z+ / sum z+`, `b = z- / sum z-` for an affine dependence z of d + 2 random visible values.

    Total variation 1, Jensen-Shannon divergence 1 bit. The given weights play no part. Where d + 2 positions
    are not visible the dependence, if there is one, is taken over all of them.
    """

    version: ClassVar[int] = 2
    says: ClassVar[str] = "two patterns without a common position"
    rival: ClassVar[str] = "Q2"

    @property
    def uses(self) -> tuple[str, ...]:
        return ()

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n), unused -> pairs (a, b) on the simplex, disjoint."""
        z = np.zeros(weights.shape)
        enough = sample.mask.sum(axis=1) >= sample.d + 2
        draws = rng.random(weights.shape)
        if enough.any():
            chosen = _random_positions(draws[enough], sample.mask[enough], sample.d + 2)
            points = np.take_along_axis(sample.values[enough], chosen[..., None], axis=1)
            some = np.zeros((int(enough.sum()), sample.n))
            np.put_along_axis(
                some, chosen, dependence(points, np.take_along_axis(draws[enough], chosen, axis=1)), axis=1
            )
            z[enough] = some
        if not enough.all():
            z[~enough] = _any_dependence(draws[~enough], sample.values[~enough], sample.mask[~enough])
        found = np.asarray(z.any(axis=1))
        decline_unless(found, INDEPENDENT)
        patterns = only_where(found, np.stack([_share(z), _share(-z)], axis=1))
        return Collision(patterns, sample.values, "simplex", found)


def _random_positions(draws: Array, mask: np.ndarray, count: int) -> np.ndarray:
    """(B, count): distinct random visible positions, in the order of their draws."""
    return np.argsort(np.where(mask, draws, np.inf), axis=1, kind="stable")[:, :count]


def _any_dependence(draws: Array, values: Array, mask: np.ndarray) -> Array:
    """(B, n): a null vector over all visible positions, zero where the values are affinely independent."""
    basis = affine_basis(values, mask)
    z = null_projection(draws, basis, mask)
    return np.asarray(np.where((null_dimension(basis, mask) > 0)[:, None], z, 0.0))


def _share(z: Array) -> Array:
    """The positive part of z (B, n), normalised to sum 1 (zero where z is zero)."""
    positive = np.maximum(z, 0.0)
    total = positive.sum(axis=1, keepdims=True)
    return np.asarray(positive / np.where(total > 0, total, 1.0))
