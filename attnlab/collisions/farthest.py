"""From given weights to the farthest weights with the same output that a search finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab import metrics
from attnlab.collisions.base import INDEPENDENT, Construction, decline_unless, only_where
from attnlab.parts import Count
from attnlab.shapes import Array, Collision, Sample
from attnlab.solvers.null_space import affine_basis, null_dimension

SHARES = (0.95, 0.5)
"""How much of a is mixed into b when the divergence is linearised: much first, for a slope that sees far."""
ROUNDS = 20


@dataclass(frozen=True)
class Farthest(Construction):
    """The b with `V^T b = V^T a` of the largest Jensen-Shannon divergence from a, by successive linear programmes.

    The divergence is convex in b, so its maximum over the polytope of all such b is at a vertex, on at most
    d + 1 positions. At `b = 0` its slope is infinite and would hold every zero in place; it is therefore taken
    at `share * a + (1 - share) * b`, each programme increasing the divergence of that mixture. `starts` random
    vertices start the search and the best vertex met is kept: a lower bound of the maximum, which is hard to
    find; 8 starts come within a few per cent of 400.
    """

    starts: Count = 8

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n) -> pairs (a, b) on the simplex; `reached` is the divergence in bits."""
        basis = affine_basis(sample.values, sample.mask)
        decline_unless(null_dimension(basis, sample.mask) > 0, INDEPENDENT)
        far = self._climb(weights, sample, basis, rng)
        found = metrics.total_variation(weights, far) > 1e-9
        return Collision(
            only_where(found, np.stack([weights, far], axis=1)),
            sample.values,
            "simplex",
            found,
            reached=metrics.jsd_bits(weights, far),
        )

    def _climb(self, weights: Array, sample: Sample, basis: Array, rng: np.random.Generator) -> Array:
        from attnlab.solvers.tableau import minimise  # compiled: imported when first used

        matrix = basis.transpose(0, 2, 1)
        a = np.repeat(weights[:, None], self.starts, axis=1)
        hidden = np.broadcast_to(~sample.mask[:, None], a.shape)

        def move(b: Array, gain: Array) -> Array:
            """The vertex of greatest gain, scaled to size 1 (masked positions cost, so they keep weight 0)."""
            size = np.abs(gain).max(axis=-1, keepdims=True)
            vertex = minimise(matrix, b, np.where(hidden, 1.0, -gain / np.where(size > 0, size, 1.0)))
            return np.asarray(vertex / vertex.sum(axis=-1, keepdims=True))

        b = move(a, rng.standard_normal(a.shape) / np.sqrt(np.maximum(a, 1e-12)))
        best, reached = b, metrics.jsd_bits(a, b)
        for share in SHARES:
            before = np.full(reached.shape, -1.0)
            for _ in range(ROUNDS):
                mixed = share * a + (1 - share) * b
                now = metrics.jsd_bits(a, mixed)
                if not (now > before + 1e-9).any():
                    break
                before = np.maximum(now, before)
                ratio = 2 * mixed / np.where(mixed > 0, a + mixed, 1.0)
                b = move(b, np.log2(np.where(mixed > 0, ratio, 2.0)))
                distance = metrics.jsd_bits(a, b)
                best = np.where((distance > reached)[..., None], b, best)
                reached = np.maximum(distance, reached)
        winner = reached.argmax(axis=1)
        return np.asarray(np.take_along_axis(best, winner[:, None, None], axis=1)[:, 0])
