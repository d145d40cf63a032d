"""A single instance of well-formed arrays goes straight to its kernel: no door would mend or refuse anything."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnlab.arrays import Array, Precision
from attnlab.solvers.arithmetic import handed

FLOAT = np.dtype(np.float64)


def ready(
    weights: ArrayLike, values: ArrayLike, mask: ArrayLike | None, precision: Precision | None
) -> tuple[Array, Array] | None:
    """The weights (1, n) and the values (1, n, d) of one instance that `Problems` would leave as it is, else None.

    Two float64 arrays (n,) and (n, d), without a mask or another precision, on the simplex and of ordinary size.
    """
    if mask is not None or precision is not None or type(weights) is not np.ndarray:
        return None
    if type(values) is not np.ndarray or weights.dtype != FLOAT or values.dtype != FLOAT:
        return None
    if weights.ndim != 1 or values.ndim != 2 or len(weights) != len(values) or values.size == 0:
        return None
    from attnlab.solvers.plain import ordinary  # compiled: imported when first used

    a, v = handed(weights, np.float64), handed(values, np.float64)
    return (a[None], v[None]) if ordinary(a, v) else None
