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
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from attnlab.arrays import EPS
from attnlab.shapes import Array, Mask
from attnlab.solvers.whitening import ROUNDINGS

Rows = NDArray[np.int64]
STRIP = 2**15
"""Pairs compared at once."""


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
    """The pairs of one set of values (n, d) that may be copies for some of those who see no more than `mask`.

    Asked of masks in turn: where one holds the last, as in a causal head, only what is new is joined.
    """

    def __init__(self, values: Array, mask: Mask, spacing: float) -> None:
        self.values, self.limit = values, ROUNDINGS * spacing
        seen = np.flatnonzero(mask)
        self.distinct, kind = np.unique(values[seen], axis=0, return_inverse=True)
        self.kind = np.full(len(values), -1)
        self.kind[seen] = kind.reshape(-1)
        enough = self.limit * (1 + 1e-9)  # for the quotients' own rounding: `_near` decides
        tree = cKDTree(self.distinct / _largest(values, mask)[0])
        self.pairs = tree.query_pairs(enough, p=np.inf, output_type="ndarray")
        self.largest, self.near = np.zeros((1, values.shape[1])), csr_array((len(kind), len(kind)))
        self.seen, self.label = np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.int64)

    def first(self, mask: Mask) -> Rows:
        """Which position stands for each (n,), for one who sees these."""
        first = np.arange(len(mask))
        if not len(self.pairs):
            return first
        seen = np.zeros(len(self.distinct), dtype=np.bool_)
        seen[self.kind[mask]] = True
        largest = _largest(self.values, mask)[0]
        same = bool((largest == self.largest).all())
        if not same:
            self.largest, self.near = largest, self._near(largest)
        if same and bool((seen >= self.seen).all()):
            for new in np.flatnonzero(seen & ~self.seen):
                self._join(int(new))
        else:
            self.seen, self.label = seen, _components(self.near, seen)
        label, where = self.label[self.kind[mask]], np.flatnonzero(mask)
        earliest = np.full(len(seen), len(mask))
        np.minimum.at(earliest, label, where)
        first[where] = earliest[label]
        return first

    def _join(self, new: int) -> None:
        """One more of the distinct rows is seen: what it is near to is one with it."""
        around = self.near.indices[self.near.indptr[new] : self.near.indptr[new + 1]]
        joined = np.unique(self.label[around[self.seen[around]]])
        self.label[np.isin(self.label, joined)] = new
        self.seen[new] = True

    def _near(self, largest: Array) -> csr_array:
        """(K, K): which distinct rows are copies of which where the coordinates are as large as this."""
        held = np.empty(len(self.pairs), dtype=np.bool_)
        for start in range(0, len(held), STRIP):
            i, j = self.pairs[start : start + STRIP].T
            apart = np.abs(self.distinct[i] - self.distinct[j])
            held[start : start + STRIP] = (apart <= self.limit * largest).all(axis=1)
        i, j = self.pairs[held].T
        count = len(self.distinct)
        ones = np.ones(2 * len(i), dtype=np.bool_)
        return csr_array((ones, (np.concatenate([i, j]), np.concatenate([j, i]))), shape=(count, count))


def _components(near: csr_array, seen: Mask) -> Rows:
    """(K,): the number of one of them for all that chains of copies join among those seen, else their own."""
    label, kinds = np.arange(len(seen)), np.flatnonzero(seen)
    group = connected_components(near[kinds][:, kinds], directed=False)[1]
    label[kinds] = kinds[np.unique(group, return_index=True)[1]][group]
    return label
