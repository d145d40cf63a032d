"""The cheapest exchange of position s for position t: other weights that make up for the difference.

`L = min |h|_1` subject to `sum h = 0`, `V^T h = v_s - v_t`: a linear programme of n signed variables and d + 1
equations. `h = e_s - e_t` is feasible, so L <= 2; L < 2 iff the rest of the values can help.

Any d + 1 independent rows of [V 1] are a feasible start, since h has no sign to obey, so there is no first
phase. Each step brings in the position with the steepest descent and goes through sign changes as long as
|h|_1 falls (Barrodale & Roberts 1973). Before that a few directions w are tried: where v_s is the largest and
v_t the least of all `w.v_i`, the pair is antipodal and L = 2.

The optimum carries its certificate: levels `z_i = w.v_i + c` with all `|z_i| <= 1` and `z_s - z_t = L` (linear
programming duality: `|h|_1 >= z.h = z_s - z_t` for every feasible h).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnlab.shapes import Array, Mask
from attnlab.solvers.arithmetic import handed

_SHAKE = 1e-7
"""Size of the shift of the right side that keeps basic entries off zero on the way."""


@dataclass(frozen=True)
class Exchange:
    """change (B, n): h; length (B,): `|h|_1`; levels (B, n): the certificate z; bound (B,): what z proves.

    converged (B,): whether length and bound agree to 1e-9: then the length is the minimum.
    """

    change: Array
    length: Array
    levels: Array
    bound: Array

    @property
    def converged(self) -> Mask:
        """(B,): True where the certificate closes."""
        return np.asarray(self.length - self.bound <= 1e-9)

    @property
    def largest_c(self) -> Array:
        """(B,): `c* = 2 / (2 + L)`, the largest c that either position can have at one output; NaN where open."""
        return np.where(self.converged, 2 / (2 + self.length), np.nan)


def exchange(values: Array, mask: Mask, first: NDArray[np.int64], second: NDArray[np.int64]) -> Exchange:
    """Solve a batch: values (B, n, d), mask (B, n), visible positions s != t (B,) each.

    Values equal up to rounding count as equal: the shift and scale of each coordinate play no part.
    """
    from attnlab.solvers import exchange_kernels  # compiled: imported when first used

    trials, n, _ = values.shape
    sign = np.where(np.arange(n) % 2, 1.0, -1.0)
    shift = np.random.Generator(np.random.PCG64(0)).uniform(0.5, 1.5, n) * sign * _SHAKE
    h, z, length, bound = np.zeros((trials, n)), np.zeros((trials, n)), np.empty(trials), np.empty(trials)
    exchange_kernels.exchange(
        handed(values, np.float64),
        handed(mask, np.bool_),
        handed(first, np.int64),
        handed(second, np.int64),
        handed(shift, np.float64),
        h,
        z,
        length,
        bound,
    )
    return Exchange(h, length, z, bound)
