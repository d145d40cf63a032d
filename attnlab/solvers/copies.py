"""Rows that are equal up to the rounding of the float type they came in: made equal before a verdict rests on it.

A model computes the same row twice in a smaller float type and gets two rows some roundings apart. Taken as they
are they are two points, and weights on one of them look like the only ones with their output.

The rounding of an entry is taken as a few spacings of its coordinate's largest size among the visible positions,
and rows that a chain of such steps joins are one: the first of them stands for all. So what a trial's values
become rests on what it sees, and on no other trial beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from attnlab.arrays import EPS
from attnlab.shapes import Array, Mask
from attnlab.solvers.whitening import ROUNDINGS

Rows = NDArray[np.int64]


def merged(values: Array, spacing: float, mask: Mask | None = None) -> Array:
    """The rows (B, n, d), those within their rounding of others replaced by the first; for float64 as they are.

    mask (B, n), True where visible; what is not visible stays as it is.
    """
    if spacing <= EPS["float64"]:
        return values
    seen = np.ones(values.shape[:2], dtype=np.bool_) if mask is None else mask
    found = values
    for b in _suspects(values, seen, spacing):
        found = values.copy() if found is values else found
        found[b] = values[b, _Copies(values[b], seen[b], spacing).first(seen[b])]
    return found


def without_copies(values: Array, spacing: float, mask: Mask) -> Iterator[tuple[Rows | slice, Array]]:
    """Which trials, and the values without copies that these have: own (B, n, d), or shared (1, n, d).

    values (B, n, d), or (1, n, d) of all trials; mask (B, n) True where visible. Trials that see other positions
    of shared values may have other copies among them; neighbours with the same stay together.
    """
    if len(values) == len(mask):
        yield slice(None), merged(values, spacing, mask)
        return
    every = np.asarray(mask.any(axis=0))
    if spacing <= EPS["float64"] or not len(_suspects(values, every[None], spacing)):
        yield slice(None), values
        return
    n = values.shape[1]
    places, copies = np.arange(n), _Copies(values[0], every, spacing)
    begun, known = 0, np.full(n, -1)  # what stands for each position that a trial since `begun` sees
    for b, seen in enumerate(mask):
        own = np.where(seen, copies.first(seen), -1)
        if ((own != known) & (own >= 0) & (known >= 0)).any():
            yield slice(begun, b), values[:, np.where(known < 0, places, known)]
            begun, known = b, own
        known = np.maximum(known, own)
    yield slice(begun, len(mask)), values[:, np.where(known < 0, places, known)]


def _largest(values: Array, mask: Mask) -> Array:
    """The largest size of each coordinate over the visible rows: (..., n, d), (..., n) -> (..., 1, d)."""
    sizes = np.where(mask[..., None], np.abs(values), 0.0).max(axis=-2, keepdims=True)
    return np.asarray(np.where(sizes > 0, sizes, 1.0))


def _suspects(values: Array, mask: Mask, spacing: float) -> Rows:
    """The trials that may hold copies which differ: (B, n, d), (B, n) -> some of range(B).

    Rows that near one another are as near along any direction: most trials have none, and are done.
    """
    direction = np.cos(np.arange(values.shape[2]))
    along = np.where(mask, values / _largest(values, mask) @ direction, np.nan)  # sorted to the end
    reach = ROUNDINGS * spacing * np.abs(direction).sum()
    return np.flatnonzero((np.diff(np.sort(along, axis=1), axis=1) <= 2 * reach).any(axis=1))


class _Copies:
    """The pairs of one set of values (n, d) that may be copies for some of those who see no more than `mask`."""

    def __init__(self, values: Array, mask: Mask, spacing: float) -> None:
        self.values, self.near = values, ROUNDINGS * spacing
        seen = np.flatnonzero(mask)
        distinct, kind = np.unique(values[seen], axis=0, return_inverse=True)
        self.kind = np.full(len(values), -1)
        self.kind[seen] = kind.reshape(-1)
        scaled = distinct / _largest(values, mask)[0]
        enough = self.near * (1 + 1e-9)  # for the quotients' own rounding: `_near` decides
        pairs = cKDTree(scaled).query_pairs(enough, p=np.inf, output_type="ndarray")
        self.pairs, self.distances = pairs, np.abs(distinct[pairs[:, 0]] - distinct[pairs[:, 1]])
        self.held: tuple[Array, Mask] | None = None

    def first(self, mask: Mask) -> Rows:
        """Which position stands for each (n,), for one who sees these."""
        first = np.arange(len(mask))
        if not len(self.pairs):
            return first
        seen = np.zeros(self.kind.max() + 1, dtype=np.bool_)
        seen[self.kind[mask]] = True
        i, j = self.pairs[self._near(mask) & seen[self.pairs].all(axis=1)].T
        if not len(i):
            return first
        joined = coo_array((np.ones(len(i)), (i, j)), shape=(len(seen), len(seen)))
        label = connected_components(joined, directed=False)[1][self.kind[mask]]
        where = np.flatnonzero(mask)
        earliest = np.full(len(seen), len(mask))
        np.minimum.at(earliest, label, where)
        first[where] = earliest[label]
        return first

    def _near(self, mask: Mask) -> Mask:
        """Which pairs are copies where the coordinates are as large as for one who sees these positions."""
        largest = _largest(self.values, mask)[0]
        if self.held is None or (self.held[0] != largest).any():
            self.held = largest, (self.distances <= self.near * largest).all(axis=1)
        return self.held[1]
