"""Two queries with the same keys, the same values and the same output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.attention import softmax_weights
from attnlab.collisions.base import INDEPENDENT, Construction, apart, decline_unless, only_where
from attnlab.parts import Count
from attnlab.shapes import Array, Collision, Mask, Sample
from attnlab.solvers.kantorovich import confirmed
from attnlab.solvers.null_space import affine_basis, null_dimension
from attnlab.solvers.whitening import Whitening, whitening

SPREAD = 2.0
"""Starts are Gaussian, with this many times the size of the given query."""


@dataclass(frozen=True)
class Reachable(Construction):
    """From softmax weights a of a query q to the farthest softmax weights of a query q' with the same output.

    Newton from `starts` random queries, to the rounding floor. With rank(K) > rank(V) (of the centred rows) each
    start lands on the fibre through q, of dimension e - d; with equal ranks solutions are isolated; with
    rank(K) < rank(V) a random query has no twin almost surely, and none can be confirmed. For V = K M with an
    injective M there is none at all (exponential-family theorem). A pair counts only after its outputs agree
    in 40 digits and Kantorovich's theorem gives an exact solution next to the computed one. Where nothing is
    found that is `not found in N starts`, no proof.

    Declines weights that are no softmax of the keys.
    """

    says: ClassVar[str] = "a search for another query"
    rival: ClassVar[str] = "Q3"

    starts: Count = 32

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n), softmax -> pairs of softmax patterns with their queries, temperature included."""
        from attnlab.solvers.twin_query import farthest_twins  # compiled: imported when first used

        movable = null_dimension(affine_basis(sample.values, sample.mask), sample.mask) > 0
        decline_unless(movable, INDEPENDENT)
        of_keys, of_values = (whitening(rows, sample.mask) for rows in (sample.keys, sample.values))
        given, is_softmax = _parameters(weights, of_keys, sample.mask)
        decline_unless(is_softmax, "the weights are not the softmax of any query on these keys")
        size = np.sqrt((given**2).mean(axis=1)) if given.shape[1] else np.zeros(sample.trials)
        starts = (
            rng.standard_normal((sample.trials, self.starts, given.shape[1])) * SPREAD * size[:, None, None]
        )
        twins = farthest_twins(of_keys.span, of_values.span, sample.mask, given, starts)
        found = movable & is_softmax & np.isfinite(twins).all(axis=1)
        parameters = np.stack([given, np.where(found[:, None], twins, 0.0)], axis=1)
        queries = np.matmul(parameters, of_keys.whiten.transpose(0, 2, 1))
        scores = np.matmul(queries, sample.keys.transpose(0, 2, 1))
        patterns = softmax_weights(scores, np.broadcast_to(sample.mask[:, None], scores.shape))
        found &= _agree(patterns, sample.values) & apart(patterns)
        for b in np.flatnonzero(found):
            seen = sample.mask[b]
            found[b] = confirmed(sample.keys[b, seen], sample.values[b, seen], *queries[b])
        return Collision(
            only_where(found, patterns),
            sample.values,
            "softmax",
            found,
            queries=queries,
            verified="float64 residual; outputs in 40 digits and Kantorovich's theorem",
            tolerance=1e-12,
            keys=sample.keys,
        )


def _parameters(weights: Array, of_keys: Whitening, mask: Mask) -> tuple[Array, Mask]:
    """p (B, f) with `a = softmax(span p)`, and where that holds to 1e-9 (B,).

    Least squares on log a, over the positions whose weight did not underflow.
    """
    shown = mask & (weights > 0)
    logs = np.log(np.where(shown, weights, 1.0))
    count = shown.sum(axis=1, keepdims=True)
    logs = np.where(shown, logs - logs.sum(axis=1, keepdims=True) / count, 0.0)
    span = np.where(shown[..., None], of_keys.span, 0.0)
    span = np.where(shown[..., None], span - span.sum(axis=1, keepdims=True) / count[..., None], 0.0)
    p = np.matmul(np.linalg.pinv(span), logs[..., None])[..., 0]
    again = softmax_weights(np.matmul(of_keys.span, p[..., None])[..., 0], mask)
    return p, np.abs(again - weights).max(axis=1) <= 1e-9


def _agree(patterns: Array, values: Array) -> Mask:
    """(B,): whether the outputs of the two patterns agree to 1e-12 of the size of the values, in float64."""
    pairs = Collision(patterns, values, "simplex", np.zeros(len(patterns), dtype=bool))
    return np.asarray(pairs.gap <= 1e-12)
