"""Two queries with the same keys, the same values and the same output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.attention import output, softmax_weights
from attnlab.collisions.base import INDEPENDENT, Construction, apart, decline_unless, only_where
from attnlab.metrics import total_variation
from attnlab.parts import Count
from attnlab.shapes import Array, Collision, Mask, Sample
from attnlab.solvers.exponential_family import parameters_of, softmax_of
from attnlab.solvers.kantorovich import confirmed
from attnlab.solvers.null_space import affine_basis, null_dimension
from attnlab.solvers.whitening import Whitening, whitening


@dataclass(frozen=True)
class Reachable(Construction):
    """From softmax weights of a query to the farthest softmax weights found that have the same output.

    The search of `attnlab.solvers.steady_search`, from `starts` queries. With rank(K) > rank(V) (of the centred
    rows) each start lands on the fibre through q, of dimension e - d; with equal ranks solutions are isolated;
    with rank(K) < rank(V) a random query has no twin almost surely, and none can be confirmed. For V = K M with
    an injective M there is none at all (exponential-family theorem). A pair counts only after its outputs agree
    in 40 digits and Kantorovich's theorem gives an exact solution next to the computed one. Where nothing is
    found that is `not found in N starts`, no proof.

    Declines weights that are no softmax of the keys.
    """

    says: ClassVar[str] = "a search for another query"
    rival: ClassVar[str] = "Q3"
    version: ClassVar[int] = 7

    starts: Count = 256

    @property
    def uses(self) -> tuple[str, ...]:
        return ("weights", "keys")

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n), softmax -> pairs of softmax patterns with their queries, temperature included."""
        from attnlab.solvers.steady_search import steady_twins  # compiled: imported when first used

        movable = null_dimension(affine_basis(sample.values, sample.mask), sample.mask) > 0
        decline_unless(movable, INDEPENDENT)
        of_keys, of_values = (whitening(rows, sample.mask) for rows in (sample.keys, sample.values))
        given, is_softmax = parameters_of(weights, of_keys, sample.mask)
        decline_unless(is_softmax, "the weights are not the softmax of any query on these keys")
        outputs = output(softmax_of(given, of_keys, sample.mask), of_values.span)
        others = steady_twins(
            of_keys.span, of_values.span, sample.mask, outputs, given, starts=self.starts
        ).parameters
        twin, found = _farthest(weights, given, others, of_keys, sample, movable & is_softmax)
        queries = np.matmul(np.stack([given, twin], axis=1), of_keys.whiten.transpose(0, 2, 1))
        scores = np.matmul(queries, sample.keys.transpose(0, 2, 1))
        patterns = softmax_weights(scores, np.broadcast_to(sample.mask[:, None], scores.shape))
        found &= _agree(patterns, sample.values) & apart(patterns)
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


def _farthest(
    weights: Array, given: Array, others: Array, of_keys: Whitening, sample: Sample, asked: Mask
) -> tuple[Array, Mask]:
    """Of the other parameters (B, s, f) the farthest confirmed ones (B, f), 0 where none is; and where one is."""
    twin, found = np.zeros_like(given), np.zeros(len(given), dtype=bool)
    by_turns = others.swapaxes(0, 1)
    distance = np.array(
        [total_variation(weights, softmax_of(other, of_keys, sample.mask)) for other in by_turns]
    )
    for b in np.flatnonzero(asked):
        seen = sample.mask[b]
        first = of_keys.whiten[b] @ given[b]
        for place in np.argsort(-np.nan_to_num(distance[:, b], nan=-1.0), kind="stable"):
            if np.isnan(distance[place, b]):
                break
            second = of_keys.whiten[b] @ others[b, place]
            if confirmed(sample.keys[b, seen], sample.values[b, seen], first, second):
                twin[b], found[b] = others[b, place], True
                break
    return twin, found


def _agree(patterns: Array, values: Array) -> Mask:
    """(B,): whether the outputs of the two patterns agree to 1e-12 of the size of the values, in float64."""
    pairs = Collision(patterns, values, "simplex", np.zeros(len(patterns), dtype=bool))
    return np.asarray(pairs.gap <= 1e-12)
