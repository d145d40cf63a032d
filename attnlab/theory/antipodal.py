"""The exact chance that two words cannot be confused in the extreme: the law of antipodal pairs.

Values v_1..v_n independent standard Gaussian in dimension d, s != t fixed. The pair is antipodal if some
direction w has `w.v_s` as the largest and `w.v_t` as the least of all `w.v_i`; exactly then c* = 1/2 and the two
extreme scenarios cannot give one output (see `extreme`).

Proof of the law. V^T maps the simplex of weights to the hull of the values as a random projection does, with a
uniformly distributed kernel of dimension n - d - 1 in `{z: sum z = 0}`, of dimension n - 1. The pair is
antipodal iff the kernel meets the cone C spanned by all `e_s - e_j`, `e_j - e_t` in 0 alone. By the conic
Crofton formula that has probability `2 (v_(d-1) + v_(d-3) + ...)`, v_l the conic intrinsic volumes of C (Amelunxen
& Lotz, Intrinsic volumes of polyhedral cones, 2017). A face of C of dimension l < n - 1 is spanned by p of the
`e_s - e_j` and q of the `e_j - e_t`, p + q = l, for different j; its internal angle is a product of two vertex
angles of regular simplices, and its normal cone asks of a standard Gaussian g that the mean of g_s and its p
companions lies above all free entries and the mean of g_t and its q companions below.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from scipy.special import gammaln, logsumexp, ndtr

from attnlab.arrays import Array, require, whole
from attnlab.theory.angles import log_choose, log_internal_angle

MANY, FAR = 10**9, 256
"""The range in which the law was checked: against closed forms in dimensions 1 and 2, and its own sums."""
_LOST = 45.0
"""Where the integrand has fallen by exp(-45) nothing is left of it."""


def antipodal_probability(n: int, d: int) -> float:
    """P(c* = 1/2) for n standard Gaussian values in dimension d; 1 for n <= d + 1.

    `2 (v_(d-1) + v_(d-3) + ...)`; a small chance keeps its digits.
    Raises ValueError unless both are whole numbers, n >= 2 and d >= 0, and beyond n = 10^9 or d = 256. Relative
    error 1e-11.
    """
    return _chances(n, d)[0]


def collision_probability(n: int, d: int) -> float:
    """P(c* > 1/2): the chance that two extreme scenarios can share an output; 0 for n <= d + 1.

    `2 (v_(d+1) + v_(d+3) + ...)`; a small chance keeps its digits. Errors as in antipodal_probability.
    """
    return _chances(n, d)[1]


def _chances(n: int, d: int) -> tuple[float, float]:
    """P(c* = 1/2) and P(c* > 1/2): the smaller is summed, outwards from d.

    The volumes are log-concave in l (Alexandrov-Fenchel), so they fall ever faster on the side of d that lies
    away from their peak. The last one, v_(n-1), has no product form; it is what the others of its parity leave
    of 1/2 (Gauss-Bonnet), so where it counts the other side is summed.
    """
    n, d = whole(n, "n", 2), whole(d, "d", 0)
    require(n <= MANY and d <= FAR, f"n <= {MANY} and d <= {FAR}: the law is untested beyond", (n, d))
    if n <= d + 1:
        return 1.0, 0.0
    if d == 0:
        return 0.0, 1.0
    last = (n - d) % 2 == 0 and n - d < 128
    if last or _volume(n, d + 1) > _volume(n, d - 1):
        few = _sum(n, range(d - 1, -1, -2))
        return few, 1.0 - few
    few = _sum(n, range(d + 1, n - 1, 2))
    return 1.0 - few, few


def _sum(n: int, sizes: Iterable[int]) -> float:
    """Twice the sum of the volumes, up to the first that adds nothing beyond their peak."""
    total, before = 0.0, 0.0
    for size in sizes:
        term = _volume(n, size)
        total += term
        if term < min(before, 1e-17 * total):
            break
        before = term
    return min(1.0, 2.0 * total)


@lru_cache(maxsize=4096)
def _volume(n: int, size: int) -> float:
    """v_l for l = size <= n - 2: the sum over `p + q = l` of
    `(n-2)! / (p! q! m!) beta(1, p+1) beta(1, q+1) alpha(p, q)`, m = n - 2 - l, with
    `alpha = P( N(0, 1/(q+1)) < all of m standard normals < N(0, 1/(p+1)) )`.
    """
    p = np.arange(size + 1)
    angle = np.array([log_internal_angle(1, int(k) + 1) for k in p])
    half = angle - gammaln(p + 1) + 0.5 * np.log((p + 1) / (2 * math.pi))
    free = n - 2 - size
    logs = half + half[::-1] + log_choose(n - 2, size) + gammaln(size + 1)

    # Symmetric in p and q, so with hi = max(x^2, y^2), lo = min(x^2, y^2) and r = exp((lo - hi) / 2) <= 1 the sum
    # of exp(logs_p - (p+1) y^2 / 2 - (q+1) x^2 / 2) is exp(-hi / 2 - (l+1) lo / 2) times a polynomial in r.
    coefficients = np.exp(logs - logs.max())

    def log_density(y: Array, x: Array) -> Array:
        """The integrand summed over p, at y above and -x below all free entries."""
        outside = np.minimum(ndtr(-y) + ndtr(-x), 1.0 - 1e-16)
        low, high = np.minimum(x**2, y**2), np.maximum(x**2, y**2)
        summed = np.polynomial.polynomial.polyval(np.exp((low - high) / 2), coefficients)
        front = logs.max() - high / 2 - (size + 1) * low / 2
        return np.asarray(front + np.log(np.maximum(summed, 1e-300)) + free * np.log1p(-outside))

    # Coordinates: the gap y + x > 0, where the integrand may end abruptly, and the middle (y - x) / 2.
    gaps, middles = np.linspace(0.02, 20.0, 80), np.linspace(-10.0, 10.0, 81)
    coarse = log_density(gaps[:, None] / 2 + middles, gaps[:, None] / 2 - middles)
    kept = coarse > coarse.max() - _LOST
    reached, across = gaps[kept.any(axis=1)], middles[kept.any(axis=0)]
    box = (max(0.0, reached[0] - 0.3), reached[-1] + 0.3), (across[0] - 0.3, across[-1] + 0.3)
    # Gaussians of variance 1 / (l + 1) and extremes of m normals, whose width is about (2 log m)^(-1/2).
    sharpness = math.sqrt(size + 1 + 8 * math.log1p(free))
    (gap, gap_weight), (middle, middle_weight) = (_gauss(*side, sharpness) for side in box)
    fine = log_density(gap[:, None] / 2 + middle, gap[:, None] / 2 - middle)
    return float(np.exp(logsumexp(fine + np.log(gap_weight)[:, None] + np.log(middle_weight))))


def _gauss(low: float, high: float, sharpness: float) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights on [low, high] for features of width 1 / sharpness."""
    nodes, weights = np.polynomial.legendre.leggauss(24 + math.ceil(3 * (high - low) * sharpness))
    return low + (high - low) * (nodes + 1) / 2, weights * (high - low) / 2
