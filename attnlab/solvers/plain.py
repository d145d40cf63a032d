"""Is there nothing for a door to mend or refuse? One pass over one instance, compiled."""

from __future__ import annotations

from attnlab.arrays import LARGEST, SMALLEST
from attnlab.problems import NEGLIGIBLE
from attnlab.solvers.compiling import exact

_LARGE, _SMALL = LARGEST**0.5, SMALLEST**0.5
"""Values between these are of ordinary size: the doors' own bounds are far beyond."""


@exact
def ordinary(weights, values):  # type: ignore[no-untyped-def]
    """Whether weights (n,) sum to 1 with none below 0, and values (n, d) are of ordinary size; False for NaN."""
    total, largest = 0.0, 0.0
    for i in range(len(weights)):
        if not weights[i] >= 0.0:
            return False
        total += weights[i]
        for j in range(values.shape[1]):
            size = abs(values[i, j])
            if not size <= _LARGE:
                return False
            largest = max(largest, size)
    return abs(total - 1.0) <= NEGLIGIBLE and largest >= _SMALL
