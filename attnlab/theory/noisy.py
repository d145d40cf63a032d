"""Hard attention through Gaussian noise: how often the position can be named, and how many bits of it arrive.

`o = v_t + sigma z`: values v_1..v_n independent standard Gaussian in dimension d, t uniform, z standard Gaussian;
the observer knows V and sigma. The posterior of t given o and V is proportional to
`exp(-|o - v_i|^2 / 2 sigma^2)`: Bayes' rule names the nearest value.

Everything is decided by distances. Given o, whatever t is, the other values are independent of it, and
`|o - v_i|^2` of each is noncentral chi-square, d degrees of freedom, noncentrality `R = |o|^2`. R itself is
`1 + sigma^2` times a chi-square. Of the attended one `|o - v_t|^2 = sigma^2 U`, U = |z|^2, and given o, z is
Gaussian of mean `sigma o / (1 + sigma^2)` and variance `1 / (1 + sigma^2)`: `(1 + sigma^2) U` is noncentral
chi-square with noncentrality `sigma^2 R / (1 + sigma^2)`. Hence two laws:

    accuracy = E[(1 - F_R(sigma^2 U))^(n-1)],  F_R the distribution function of one other distance.

    I(t; o | V) = log n - E log((X_t + S) / X_t),  X_i = exp(-|o - v_i|^2 / 2 sigma^2),  S the sum of the others.

Given R, X_t and S are independent, and `log((A + B) / A) = int_0^inf (e^(-l A) - e^(-l (A + B))) dl / l`
(Frullani) makes of the second one integral over Laplace transforms, whatever n is:

    E log((X_t + S) / X_t) = E_R int psi_R(l) (1 - phi_R(l)^(n-1)) dl / l,  psi = E e^(-l X_t), phi = E e^(-l X_i).

In `y = log l` its integrand is smooth on the scale of 1 (both transforms are a Gumbel distribution smeared out),
so the trapezoidal rule of step 1/4 is exact to rounding; all other integrals are Gauss-Legendre in the lengths,
whose densities are about as wide as 1. No draws anywhere. An observer who does not know V knows less: no probe can
beat either law.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.special import gammaln, ive

from attnlab.arrays import Array, require, whole

MANY, FAR, LOUD = 10**9, 1024, 1e6
"""The range the laws were checked in."""
QUIET = 1e-30
"""Noise below which no other of so many values is as near, to far more digits than the laws have."""
_REACH, _STEP, _LEAST = 9.0, 0.25, 1e-16
"""How far from its middle a length of deviation at most 1 is followed; the step in y; what 1 - F is at least."""
_CENTRAL, _HANKEL = 1e-9, 1e7
"""A noncentrality this small changes no digit; products from which Bessel functions are their expansion."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def noisy_accuracy(n: int, d: int, sigma: float) -> float:
    """The accuracy of Bayes' rule, the best that any observer can have: 1 at sigma = 0, 1/n as it grows.

    n positions, d value dimensions, sigma in units of a value's coordinates. Absolute error 1e-7. Raises
    ValueError unless n and d are whole numbers >= 1 and sigma >= 0, and beyond n = 10^9, d = 1024 or sigma = 10^6.
    """
    n, d, sigma = _checked(n, d, sigma)
    return 1.0 if n == 1 or sigma < QUIET else _accuracy(n, d, sigma)


def noisy_bits(n: int, d: int, sigma: float) -> float:
    """The mutual information of position and output in bits, for an observer who knows the values.

    log2 n at sigma = 0, and never more than `noisy_bits_bound`. Absolute error 1e-7; errors as in noisy_accuracy.
    """
    n, d, sigma = _checked(n, d, sigma)
    if n == 1 or sigma < QUIET:
        return math.log2(n)
    found = math.log2(n) - _missing(n, d, sigma) / math.log(2)
    return float(min(max(0.0, found), noisy_bits_bound(n, d, sigma)))


def noisy_bits_bound(n: int, d: int, sigma: float) -> float:
    """`min(log2 n, (d/2) log2(1 + 1/sigma^2))`: what a position has, and what d noisy channels carry (Shannon).

    Errors as in noisy_accuracy.
    """
    n, d, sigma = _checked(n, d, sigma)
    carried = d / 2 * (np.log1p(sigma**2) - 2 * np.log(sigma)) / np.log(2) if sigma > 0 else math.inf
    return float(min(math.log2(n), carried))


def _checked(n: int, d: int, sigma: float) -> tuple[int, int, float]:
    n, d = whole(n, "n", 1), whole(d, "d", 1)
    require(0 <= sigma <= LOUD, f"sigma from 0 to {LOUD:g}", sigma)
    require(n <= MANY and d <= FAR, f"n <= {MANY} and d <= {FAR}: the laws are unchecked beyond", (n, d))
    return n, d, float(sigma)


@lru_cache(maxsize=1024)
def _accuracy(n: int, d: int, sigma: float) -> float:
    total = 0.0
    for square, share in zip(*_outputs(d, sigma), strict=True):
        lengths, weights = _attended(d, sigma, square, sharpness=1.0)
        nearer = _below(sigma / math.sqrt(1 + sigma**2) * lengths, d, math.sqrt(square))
        total += share * float(weights @ np.exp((n - 1) * np.log1p(-np.minimum(nearer, 1.0 - _LEAST))))
    return float(min(total, 1.0))


@lru_cache(maxsize=1024)
def _missing(n: int, d: int, sigma: float) -> float:
    """`E log((X_t + S) / X_t)` in nats."""
    total = 0.0
    for square, share in zip(*_outputs(d, sigma), strict=True):
        lengths, weights = _attended(d, sigma, square)
        own = lengths**2 / (2 * (1 + sigma**2))
        y = np.arange(-math.log(n) - 20.0, own.max() + 4.0, _STEP)
        psi = np.exp(-np.exp(np.minimum(y[:, None] - own, 700.0))) @ weights
        others, other_weights = _others(d, sigma, square, y[-1])
        lost = -np.expm1(-np.exp(np.minimum(y[:, None] - others, 700.0))) @ other_weights  # 1 - phi
        some = -np.expm1((n - 1) * np.log1p(-np.clip(lost, 0.0, 1.0 - _LEAST)))
        total += share * _STEP * float(psi @ some)
    return total


def _outputs(d: int, sigma: float) -> tuple[Array, Array]:
    """Nodes and weights for R = |o|^2."""
    length, weight = _lengths(d, 0.0)
    return (1 + sigma**2) * length**2, weight


def _attended(d: int, sigma: float, square: float, sharpness: float = 0.0) -> tuple[Array, Array]:
    """Nodes and weights for `sqrt((1 + sigma^2) U)` given R; sharpness: see `_lengths`."""
    return _lengths(d, sigma * math.sqrt(square / (1 + sigma**2)), sharpness=sharpness)


def _others(d: int, sigma: float, square: float, most: float) -> tuple[Array, Array]:
    """Nodes and weights for `|o - v_i|^2 / 2 sigma^2` given R, up to where e^(-l X) is 1 for all l <= e^most."""
    end = sigma * math.sqrt(2 * (max(most, 0.0) + 40.0))
    length, weight = _lengths(d, math.sqrt(square), end, end / sigma**2)
    return length**2 / (2 * sigma**2), weight


def _lengths(d: int, centre: float, end: float = math.inf, sharpness: float = 0.0) -> tuple[Array, Array]:
    """Gauss-Legendre nodes for the length of a Gaussian vector of mean `centre` and variance 1, in d dimensions.

    Its weights hold the density, of the noncentral chi distribution; end: beyond which nothing counts; sharpness:
    the inverse of the least width of what is integrated, if that is below 1.
    """
    low, high = _range(d, centre)
    high = max(low, min(high, end))
    panels = 3 + math.ceil((high - low) * sharpness / 4)
    edges = np.linspace(low, high, panels + 1)[:-1, None]
    length = (edges + (high - low) / panels * (_NODES + 1) / 2).ravel()
    weight = np.tile(_WEIGHTS, panels) * (high - low) / (2 * panels)
    return length, weight * _density(length, d, centre)


def _below(length: Array, d: int, centre: float) -> Array:
    """The distribution function at the same lengths, to 1e-12."""
    low, high = _range(d, centre)
    span = np.clip(length, low, high) - low
    nodes = np.concatenate([(_NODES + 1 + 2 * panel) / 8 for panel in range(4)])
    density = _density(low + span[:, None] * nodes, d, centre)
    return np.asarray(density @ np.tile(_WEIGHTS, 4) * span / 8)


def _range(d: int, centre: float) -> tuple[float, float]:
    """Where such lengths lie: their deviation is at most 1."""
    middle = math.hypot(centre, math.sqrt(d))
    return max(0.0, middle - _REACH), middle + _REACH


def _density(length: Array, d: int, centre: float) -> Array:
    """The noncentral chi density; 0 where it underflows."""
    with np.errstate(divide="ignore"):
        if centre < _CENTRAL:
            log = (d - 1) * np.log(length) - length**2 / 2 - (d / 2 - 1) * math.log(2) - gammaln(d / 2)
        else:
            log = d / 2 * np.log(length) + (1 - d / 2) * math.log(centre) - (length - centre) ** 2 / 2
            log = log + _log_bessel(d / 2 - 1, length * centre)
    return np.exp(log)


def _log_bessel(order: float, z: Array) -> Array:
    """`log(e^-z I(z))`: where scipy's function overflows by Hankel's expansion, where it underflows by Debye's.

    Their next terms are below 1e-10 in the range of the laws (NIST DLMF 10.40.1, 10.41.3).
    """
    with np.errstate(divide="ignore"):
        found = np.log(ive(order, np.minimum(z, _HANKEL)))
    far, small = z >= _HANKEL, found < -600
    found[far] = -0.5 * np.log(2 * np.pi * z[far]) - (4 * order**2 - 1) / (8 * z[far])
    if small.any():
        x = z[small]
        root = np.hypot(order, x)
        t = order / root
        series = (
            1 + (3 * t - 5 * t**3) / (24 * order) + (81 * t**2 - 462 * t**4 + 385 * t**6) / (1152 * order**2)
        )
        third = 30375 * t**3 - 369603 * t**5 + 765765 * t**7 - 425425 * t**9
        log = np.log(series + third / (414720 * order**3)) - 0.5 * np.log(2 * np.pi * root)
        found[small] = log + root - x + order * np.log(x / (order + root))
    return np.asarray(found)
