"""Q3 as a bracket: certainly the only softmax weights with their output, certainly not, or open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from attnlab.arrays import Array, Mask, require, yes_or_no
from attnlab.attention import softmax_weights
from attnlab.identifiability.degree import LARGEST, degree_of_weights, jacobian_sign
from attnlab.identifiability.family import Family, in_coordinates
from attnlab.identifiability.order_type import agrees
from attnlab.identifiability.uniqueness import is_unique
from attnlab.metrics import argmax_flip
from attnlab.problems import Problems
from attnlab.solvers.certified import EPS
from attnlab.solvers.exponential_family import parameters_of
from attnlab.solvers.kantorovich import certain_radius, confirmed, confirmed_output
from attnlab.solvers.whitening import whitening
from attnlab.tidy import OF_KEYS, Q3_LOST

ENOUGH = 4
"""A trial's search ends with this many rivals."""
SUBSETS = 250_000
"""Simplices of a trial whose orientations are compared, at most: half a second."""
SIZES = 512
"""The degree is asked where n r is at most this: beyond, the facets of the keys take more than a second."""
TIED = 1e-12
"""Keys whose part outside the affine span of the values is below this, relative, are determined by them."""


OVER_KEYS = ("q3_kept", Q3_LOST, "q3_lost_by_search", "q3_lost_by_degree", "q3_flip", OF_KEYS)
"""The names that every study gives to what is known of a Rivals."""


@dataclass(frozen=True)
class Rivals:
    """What is certain about other softmax weights with the same output; arrays over the leading axes.

    kept: certainly no others; lost: certainly others; neither: open. Of the lost, by_search: a query that was
    found has exactly the output, confirmed; by_degree: none was, and others exist all the same (by a degree that
    is not the sign of the given query, where keys and values span as many dimensions; by a regular Jacobian, where
    the keys span more). flip: a confirmed rival has another top position. of_keys: some query gives these weights,
    to 1e-9. first_start: the starts the search took to the first confirmed rival, inf where it found none or did
    not run. query (..., e): one with these weights, of least norm; NaN if none.
    """

    kept: Mask
    by_search: Mask
    by_degree: Mask
    flip: Mask
    of_keys: Mask
    first_start: Array
    query: Array

    @property
    def lost(self) -> Mask:
        """Certainly not the only softmax weights with their output."""
        return np.asarray(self.by_search | self.by_degree)

    @property
    def metrics(self) -> dict[str, Mask]:
        """The bracket under the names that every study gives it."""
        known = (self.kept, self.lost, self.by_search, self.by_degree, self.flip, self.of_keys)
        return dict(zip(OVER_KEYS, known, strict=True))


def unasked(trials: int) -> dict[str, Array]:
    """The same names without a value, (trials,) each: for inputs of weights and values alone."""
    return dict.fromkeys(OVER_KEYS, np.full(trials, np.nan))


@dataclass(frozen=True)
class _Asked:
    """The trials of a question, flat, with the query each has.

    weights (B, n), values (B, n, d), keys (B, n, e), mask (B, n); given (B, f): the query in coordinates where the
    keys have unit variance, queries (B, e): in those of the keys; softmax (B,): whether it gives the weights.
    """

    weights: Array
    values: Array
    keys: Array
    mask: Mask
    given: Array
    queries: Array
    softmax: Mask

    @classmethod
    def of(
        cls, weights: ArrayLike, values: ArrayLike, keys: ArrayLike, mask: ArrayLike | None
    ) -> tuple[tuple[int, ...], _Asked]:
        """The leading axes and the trials, for arrays that fit."""
        trials = Problems.of(values, mask, weights=weights, keys=keys)
        flat = trials.whole()
        of_keys = whitening(flat.given_keys, flat.mask)
        given, softmax = parameters_of(flat.given_weights, of_keys, flat.mask)
        queries = np.matmul(of_keys.whiten, given[..., None])[..., 0]
        own = cls(flat.given_weights, flat.values, flat.given_keys, flat.mask, given, queries, softmax)
        return trials.lead, own


def softmax_rivals(
    weights: ArrayLike,
    values: ArrayLike,
    keys: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    density: bool = False,
    degree: ArrayLike | None = None,
) -> Rivals:
    """Have other softmax weights over these keys the output of these weights? Certain answers only.

    Of softmax weights the exact softmax of `query` is judged, in all that follows: its support is full, even where
    the weights as stored underflowed to zeros.
    Kept: no other weights on the simplex at all have it (`is_unique`); or, for softmax weights, keys that are an
    affine function of the values to 1e-12 (exponential-family theorem: what other weights have the output then
    differ by rounding), keys and values of one order type (`same_order_type`, up to 250,000 simplices), or values
    that span more dimensions than the keys and are declared to have a `density` given the keys: then almost
    surely no query of other weights shares a random query's output. That is no fact about given arrays, hence a
    declaration.
    Lost: a second query, found in 256 starts and confirmed (Newton-Kantorovich); a degree that is not the sign of
    the given query (`query_degree`; asked where keys and values span as many dimensions and n times that is at
    most 512); or keys that span more dimensions than the values, with a regular Jacobian at the query: then those
    with its output are a surface through it. A search that finds nothing decides nothing. Weights that are no
    softmax of the keys to 1e-9 have all softmax weights with their output as rivals.

    weights (..., n), values (..., n, d), keys (..., n, e), mask (..., n); degree (...,): what `lost_by_degree`
    says of these arrays, where that is known: it is then not asked again. Nothing is drawn. Raises ValueError for
    shapes that do not fit, numbers that are not finite, and weights off the simplex.

    >>> import attnlab
    >>> values, keys = [[0.0], [3.0], [1.0]], [[0.0], [1.0], [2.0]]
    >>> found = attnlab.softmax_rivals(attnlab.attend([[1.0], [-1.0]], keys, values).weights, values, keys)
    >>> found.kept.tolist(), found.lost.tolist()
    ([False, False], [True, False])
    """
    density = yes_or_no(density, "density")
    lead, asked = _Asked.of(weights, values, keys, mask)
    a, v, k, seen, softmax = asked.weights, asked.values, asked.keys, asked.mask, asked.softmax
    known = None if degree is None else np.asarray(degree)
    if known is not None:
        require(known.dtype == bool, f"degree {lead} of True and False, as lost_by_degree says", repr(degree))
        require(known.shape == lead, f"degree {lead}, one answer a trial", known.shape)
    # Of softmax weights the softmax of the query is judged, whose support is full: what underflowed is in it.
    judged = np.where(softmax[:, None], seen / seen.sum(axis=1, keepdims=True), a)
    found = _none(
        is_unique(judged, v, seen).unique, np.where(softmax[:, None], asked.queries, np.nan), softmax
    )
    family = in_coordinates(v, k, seen)
    for trial in np.flatnonzero(softmax & ~found.kept):
        found.kept[trial] = _only(family[trial], density)
    rest = np.flatnonzero(~found.kept)
    _search(rest, found, asked)
    left = rest[~found.by_search[rest]]
    if known is None:
        for trial in left:
            query = found.query[trial] if softmax[trial] else None
            found.by_degree[trial] = _must(family[trial], a[trial, seen[trial]], query)
    else:
        found.by_degree[left] = known.ravel()[left]
    return Rivals(
        found.kept.reshape(lead),
        found.by_search.reshape(lead),
        found.by_degree.reshape(lead),
        found.flip.reshape(lead),
        found.of_keys.reshape(lead),
        found.first_start.reshape(lead),
        found.query.reshape(*lead, -1),
    )


def lost_by_degree(
    weights: ArrayLike, values: ArrayLike, keys: ArrayLike, mask: ArrayLike | None = None
) -> Mask:
    """Where others must exist, without a search: `softmax_rivals` has the theorem. Leading axes, (...,).

    >>> import attnlab
    >>> values, keys = [[0.0], [3.0], [1.0]], [[0.0], [1.0], [2.0]]
    >>> attnlab.lost_by_degree(attnlab.attend([[1.0], [-1.0]], keys, values).weights, values, keys).tolist()
    [True, False]
    """
    lead, asked = _Asked.of(weights, values, keys, mask)
    a, v, k, seen = asked.weights, asked.values, asked.keys, asked.mask
    lost = [
        _must(family, row[shown], query if is_softmax else None)
        for family, row, shown, query, is_softmax in zip(
            in_coordinates(v, k, seen), a, seen, asked.queries, asked.softmax, strict=True
        )
    ]
    return np.array(lost, dtype=bool).reshape(lead)


def _none(kept: Mask, query: Array, of_keys: Mask) -> Rivals:
    """Nothing known beyond what is kept."""
    nowhere = np.zeros(kept.shape, dtype=bool)
    return Rivals(
        kept.copy(), nowhere, nowhere.copy(), nowhere.copy(), of_keys, np.full(kept.shape, np.inf), query
    )


def _only(family: Family, density: bool) -> bool:
    """Whether a theorem excludes a second query, for softmax weights."""
    if not family.clear:
        return False
    if family.tied <= TIED:
        return True
    spare = family.value_rank > family.key_rank
    return (density and spare) or agrees(family, SUBSETS)


def _must(family: Family, weights: Array, query: Array | None) -> bool:
    """Whether there is a second query for certain; query None: whether there is one at all."""
    r, s = family.key_rank, family.value_rank
    if not 0 < s <= r:
        return False
    if r > s:
        # A regular Jacobian at the query: those with its output are a surface of dimension r - s through it.
        keys, values = family.original_keys, family.original_values
        still = np.zeros(values.shape[1])
        return query is not None and certain_radius(keys, values, still, query) is not None
    if r > LARGEST or len(weights) * r > SIZES:
        return False
    sign = 0
    error = len(weights) * EPS
    if query is not None:
        weights, error = family.weights(query)
        sign = jacobian_sign(family, weights, error)
        if sign == 0:
            return False
    degree = degree_of_weights(family, weights, error)
    return degree is not None and degree != sign


def _search(rest: np.ndarray, found: Rivals, asked: _Asked) -> None:
    """Write what the search finds in these trials into `found`."""
    from attnlab.solvers.steady_search import steady_twins  # compiled: imported when first used
    from attnlab.solvers.twin_query import SAME

    if not rest.size:
        return
    a, v, k, seen = asked.weights, asked.values, asked.keys, asked.mask
    of_keys, of_values = whitening(k[rest], seen[rest]), whitening(v[rest], seen[rest])
    outputs = np.matmul(a[rest, None], of_values.span)[:, 0]
    known = np.where(asked.softmax[rest, None], asked.given[rest], np.nan)
    solutions = steady_twins(of_keys.span, of_values.span, seen[rest], outputs, known, enough=ENOUGH)
    queries = np.matmul(solutions.parameters, np.swapaxes(of_keys.whiten, 1, 2))
    for place, trial in enumerate(rest):
        shown = seen[trial]
        keys, values, weights = k[trial, shown], v[trial, shown], a[trial, shown]
        others = queries[place, : solutions.count[place]]
        patterns = softmax_weights(others @ keys.T, np.ones((len(others), len(keys)), dtype=bool))
        flips = argmax_flip(patterns, weights[None])
        apart = 0.5 * np.abs(patterns - weights).sum(axis=1) > SAME
        for at in np.flatnonzero(apart):
            if found.flip[trial] or (found.by_search[trial] and not flips[at]):
                continue
            sure = (
                confirmed(keys, values, found.query[trial], others[at])
                if asked.softmax[trial]
                else confirmed_output(keys, values, weights, others[at])
            )
            if sure:
                found.first_start[trial] = np.fmin(found.first_start[trial], 1 + solutions.start[place, at])
                found.by_search[trial] = True
                found.flip[trial] |= flips[at]
