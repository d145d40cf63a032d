"""Internal and external angles of the regular simplex, and the exact laws of random polytopes they give.

Faces are counted by their vertices: `internal_angle(k, l)` is the angle of the regular simplex with l vertices
at one of its faces with k vertices, `external_angle(l, n)` the normal angle of the simplex with n vertices at
a face with l, both as fractions of the full sphere. A face with all the vertices has angle 1.

Affentranger & Schneider, Random projections of regular simplices, 1992; Vershik & Sporyshev, 1992; the
internal angle as a Gaussian expectation: Kabluchko & Zaporozhets, Absorption probabilities for Gaussian
polytopes and regular spherical simplices, 2020.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaln, erfcx, log_ndtr, wofz

from attnlab.arrays import Array, require, whole

Complex = NDArray[np.complex128]

_STEPS_PER_WIDTH = 6
"""Trapezoid steps per Gaussian width of the integrand: the rule's error on a Gaussian is 2 exp(-2 (6 pi)^2)."""
_LOST = 45.0
"""The integral stops where the integrand has fallen by exp(-45): 1e-19 of its peak."""


def _log_half_erfcx(w: Complex) -> Complex:
    """log of `erfcx(-w / sqrt 2) / 2`, that is of `Phi(w) exp(w^2 / 2)`: entire, and free of overflow."""
    return np.asarray(np.log(wofz(-1j * w / math.sqrt(2)) / 2))


def log_choose(n: int, k: int) -> float:
    """log of the binomial coefficient; a difference of log-factorials would lose digits from n = 10^6 on."""
    return float(-math.log1p(n) - betaln(n - k + 1, k + 1))


def _counts(few: int, many: int) -> tuple[int, int]:
    few, many = whole(few, "vertices", 1), whole(many, "vertices", 1)
    require(few <= many, f"a face of at most {many} vertices", few)
    return few, many


def _hazard(w: float) -> float:
    """`phi(w) / Phi(w)`, to rounding for any w."""
    return math.sqrt(2 / math.pi) / float(erfcx(-w / math.sqrt(2)))


def _reach(fallen: Callable[[float], float], width: float) -> float:
    """A distance from the peak, in steps of the width, beyond which `fallen` says nothing is left."""
    far = 8 * width
    while fallen(far) < _LOST and far < 1e4 * width:  # ends: far grows by 4 widths a round
        far += 4 * width
    return far


@functools.lru_cache(maxsize=65536, typed=True)
def log_internal_angle(k: int, l: int) -> float:  # noqa: E741
    """log of the internal angle of the regular simplex with l vertices at a face with k of them.

    `beta(k, l) = E Phi(i Z / sqrt l)^(l - k)`, Z standard normal. On the real line the integrand oscillates
    and cancels; `w = i x` shifted to the real saddle `w0 < 0`, where `(l-k) phi(w)/Phi(w) + l w = 0`, gives
    `sqrt(l / 2 pi) int exp(k w^2 / 2) (erfcx(-w / sqrt 2) / 2)^(l-k) dt`, `w = w0 + i t`, which does neither:
    relative error about 1e-12 for l up to 4096. Raises ValueError unless 1 <= k <= l, whole.
    """
    k, l = _counts(k, l)  # noqa: E741
    power = l - k
    if power == 0:
        return 0.0

    # phi(w) / Phi(w) < -w - 1/w for w < 0, so the slope is negative at -sqrt(power / k)
    w0 = brentq(lambda w: power * _hazard(w) + l * w, -math.sqrt(power / k), 0.0, xtol=1e-13)
    hazard = _hazard(w0)
    width = 1 / math.sqrt(l - power * hazard * (w0 + hazard))

    def log_integrand(t: Array) -> Complex:
        w = np.asarray(w0 + 1j * t, dtype=np.complex128)
        return np.asarray(k * w * w / 2 + power * _log_half_erfcx(w))

    peak = float(log_integrand(np.zeros(1))[0].real)
    far = _reach(lambda t: peak - float(log_integrand(np.array([t]))[0].real), width)
    step = width / _STEPS_PER_WIDTH
    t = step * np.arange(math.ceil(far / step) + 1, dtype=np.float64)
    terms = np.exp(log_integrand(t) - peak).real
    total = step * (2 * terms.sum() - terms[0])
    return math.log(total) + peak + 0.5 * math.log(l / (2 * math.pi))


def internal_angle(k: int, l: int) -> float:  # noqa: E741
    """The internal angle itself: 1/2 at (1, 2), 1/6 at (1, 3), .04387 at (1, 4). See log_internal_angle."""
    return math.exp(log_internal_angle(*_counts(k, l)))


@functools.lru_cache(maxsize=65536, typed=True)
def log_external_angle(l: int, n: int) -> float:  # noqa: E741
    """log of the external angle of the regular simplex with n vertices at a face with l of them.

    `gamma(l, n) = sqrt(l / pi) int exp(-l x^2) Phi(sqrt 2 x)^(n-l) dx`: positive and log-concave, so the
    trapezoid rule about its peak converges geometrically. Raises ValueError unless 1 <= l <= n, whole.
    """
    l, n = _counts(l, n)  # noqa: E741
    power = n - l
    if power == 0:
        return 0.0

    y0 = brentq(lambda y: power * _hazard(y) - l * y, 0.0, 60.0, xtol=1e-13)  # y = sqrt 2 x
    width = 1 / math.sqrt(l + power * _hazard(y0) * (y0 + _hazard(y0)))

    def log_integrand(y: Array) -> Array:
        return np.asarray(-l * y * y / 2 + power * log_ndtr(y))

    peak = float(log_integrand(np.array([y0]))[0])
    left = _reach(lambda t: peak - float(log_integrand(np.array([y0 - t]))[0]), width)
    right = _reach(lambda t: peak - float(log_integrand(np.array([y0 + t]))[0]), width)
    step = width / _STEPS_PER_WIDTH
    y = y0 + step * np.arange(-math.ceil(left / step), math.ceil(right / step) + 1, dtype=np.float64)
    total = step * np.exp(log_integrand(y) - peak).sum()
    return math.log(total) + peak + 0.5 * math.log(l / (2 * math.pi))


def external_angle(l: int, n: int) -> float:  # noqa: E741
    """The external angle itself: 1/n at (1, n). See log_external_angle."""
    return math.exp(log_external_angle(*_counts(l, n)))


def intrinsic_volumes(n: int, k: int, sizes: Iterable[int] | None = None) -> Array:
    """Conic intrinsic volumes of the cone that a simplex with n vertices spans at a face with k of them.

    `v_l = C(n-k, l-k) beta(k, l) gamma(l, n)` for every l of `sizes`, or for l = k..n, (n - k + 1,). These sum
    to 1 and their alternating sum is 0 (k < n): a random subspace meets the cone or not with probabilities made
    of them. Raises ValueError unless 1 <= k <= n and every size is one of k..n.
    """
    k, n = _counts(k, n)
    counted = range(k, n + 1) if sizes is None else [whole(size, "a size", k) for size in sizes]
    require(max(counted, default=k) <= n, f"sizes up to n = {n}", max(counted, default=k))
    logs = [
        log_choose(n - k, size - k)
        + log_internal_angle(k, size) + log_external_angle(size, n)
        for size in counted
    ]  # fmt: skip
    return np.exp(np.array(logs, dtype=np.float64))
