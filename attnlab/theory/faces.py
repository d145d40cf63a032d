"""Exact laws for Gaussian values: how often sparse weights are the only ones with their output."""

from __future__ import annotations

import math

from scipy.optimize import minimize_scalar
from scipy.special import bdtrc, ndtr

from attnlab.arrays import numbers, require, whole
from attnlab.theory.angles import intrinsic_volumes

MANY, FAR = 10**9, 4096
"""The range in which the laws were checked: against closed forms in dimensions 1 and 2, and their own sums."""


def unique_probability(n: int, d: int, k: int) -> float:
    """The chance that k-sparse weights are Q2-unique among n positions with Gaussian values in d dimensions.

    A projected simplex keeps a face with k vertices with probability `2 (v_d + v_{d-2} + ...)`, v the conic
    intrinsic volumes at that face (Affentranger & Schneider 1992; Vershik & Sporyshev 1992); 1 for n <= d + 1.
    Absolute error below 1e-8 (about 1e-12), and a small chance keeps its digits. Raises ValueError unless
    they are whole numbers, 1 <= k <= n and d >= 1, and beyond n = 10^9 or, where angles are asked for, d = 4096.

    >>> import attnlab
    >>> round(attnlab.unique_probability(n=32, d=8, k=2), 4)
    0.884
    """
    n, d, k = _counts(n, d, k)
    if n <= d + 1:
        return 1.0
    if k > d:
        return 0.0
    require(n <= MANY and d <= FAR, f"n <= {MANY} and d <= {FAR}: the angles are untested beyond", (n, d))
    if n - d <= FAR and 2 * d > n:  # the sizes above d are the fewer ones
        missed = 2.0 * float(intrinsic_volumes(n, k, range(d + 2, n + 1, 2)).sum())
        if missed <= 0.5:
            return 1.0 - missed
    return min(1.0, 2.0 * float(intrinsic_volumes(n, k, range(d, k - 1, -2)).sum()))


def orthant_probability(n: int, d: int, k: int) -> float:
    """The chance that k-sparse nonnegative weights are the only nonnegative ones with their output.

    Without `sum a = 1`, for values in general position with a centrally symmetric law: `1 - P_{n-d, n-k}`,
    `P_{m,M} = 2^-(M-1) sum_{l<m} C(M-1, l)` (Wendel 1962; Donoho & Tanner 2010). What unique_probability adds
    to it is the worth of the softmax's normalisation. Raises ValueError unless they are whole
    numbers, 1 <= k <= n and d >= 1.

    >>> import attnlab
    >>> round(attnlab.orthant_probability(n=32, d=8, k=2), 6)
    0.000273
    """
    n, d, k = _counts(n, d, k)
    if n <= d:
        return 1.0
    if k >= d:
        return 0.0
    return float(bdtrc(n - d - 1, n - k - 1, 0.5))


def weak_threshold(delta: float) -> float:
    """The asymptotic curve rho(delta): k/d below it, almost all k-sparse weights are unique; above it, none.

    delta = d/n in (0, 1], rho = k/d, n to infinity with Gaussian values (Donoho & Tanner 2005), in the closed
    form of Donoho, Maleki & Montanari 2009: `rho = max_z (1 - g/delta) / (1 + z^2 - g)`,
    `g = (1 + z^2) Phi(-z) - z phi(z)`. Raises ValueError for delta outside (0, 1].

    >>> import attnlab
    >>> round(attnlab.weak_threshold(0.25), 4)
    0.3651
    """
    given = numbers(delta, "delta")
    require(given.ndim == 0 and bool(0 < given <= 1), "0 < delta <= 1", delta)
    delta = float(given)
    if delta == 1:
        return 1.0

    def loss(z: float) -> float:
        g = (1 + z * z) * float(ndtr(-z)) - z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return -(1 - g / delta) / (1 + z * z - g)

    # the maximum lies where g < delta: z grows like sqrt(2 log 1/delta)
    best = minimize_scalar(loss, bounds=(0.0, 2 + math.sqrt(2 * math.log(1 / delta)) * 2), method="bounded",
                           options={"xatol": 1e-10})  # fmt: skip
    return max(0.0, -float(best.fun))


def _counts(n: int, d: int, k: int) -> tuple[int, int, int]:
    n, d, k = whole(n, "n", 1), whole(d, "d", 1), whole(k, "k", 1)
    require(k <= n, f"k <= n = {n}", f"k = {k}")
    return n, d, k
