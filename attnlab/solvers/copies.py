"""Rows that are equal up to the rounding of the float type they came in: made equal before a verdict rests on it.

A model computes the same row twice in a smaller float type and gets two rows some roundings apart. Taken as they
are they are two points, and weights on one of them look like the only ones with their output.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from attnlab.arrays import EPS
from attnlab.shapes import Array
from attnlab.solvers.whitening import ROUNDINGS


def merged(values: Array, spacing: float) -> Array:
    """The rows (B, n, d), those within their rounding of an earlier one replaced by it; for float64 as they are.

    The rounding of an entry is taken as a few spacings of its coordinate's largest size.
    """
    if spacing <= EPS["float64"]:
        return values
    largest = np.abs(values).max(axis=1, keepdims=True)
    scaled, near = values / np.where(largest > 0, largest, 1.0), ROUNDINGS * spacing
    # Rows that near one another are as near along any direction: most trials have none, and are done.
    direction = np.cos(np.arange(values.shape[2]))
    along = np.sort(scaled @ direction, axis=1)
    reach = near * np.abs(direction).sum()
    suspects = np.flatnonzero((np.diff(along, axis=1) <= 2 * reach).any(axis=1))
    found = values.copy() if suspects.size else values
    for b in suspects:
        pairs = cKDTree(scaled[b]).query_pairs(near, p=np.inf, output_type="ndarray")
        first = np.arange(values.shape[1])
        for i, j in pairs[np.lexsort(pairs.T[::-1])]:
            first[j] = min(first[j], first[i])
        found[b] = values[b, first]
    return found
