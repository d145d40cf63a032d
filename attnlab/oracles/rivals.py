"""The law of the number of rivals in many digits, as it is written: for tests."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from attnlab.shapes import Array

_NODES = np.polynomial.legendre.leggauss(12)


def rate(point: Any, query: Any, keys: Any) -> mpmath.mpf:
    """The integrand at `point`: numbers or Array rows (e,), (e,), (n, e), in the working precision of mpmath.

    `E|det G_e| (2 pi |b - a|^2)^(-e/2) sqrt(det(K^T C P C K))`, P the projection off `b - a`. Sharp queries take
    as many digits as their weights have zeros.
    """
    n, e = len(keys), len(query)
    k = mpmath.matrix([[mpmath.mpf(x) for x in row] for row in keys])
    a, b = _softmax(k, query), _softmax(k, point)
    apart = b - a
    square = mpmath.fsum(x**2 for x in apart)
    c = mpmath.diag(list(b)) - b * b.T
    projected = (mpmath.eye(n) - apart * apart.T / square) * c * k
    volume = mpmath.sqrt(mpmath.det(projected.T * projected))
    factors = [
        mpmath.sqrt(2) * mpmath.gamma(mpmath.mpf(j + 1) / 2) / mpmath.gamma(mpmath.mpf(j) / 2)
        for j in range(1, e + 1)
    ]
    return mpmath.fprod(factors) * volume / (2 * mpmath.pi * square) ** (mpmath.mpf(e) / 2)


def on_a_line(query: float, keys: Array, reach: int, digits: int) -> float:
    """e = 1: the integral of the rate over all points within 2^reach of 0 or of the query, keys (n,).

    By Gauss and Legendre between corners 2^j from either. The sharpest point decides how many digits it takes.
    """
    with mpmath.workdps(digits):
        q = mpmath.mpf(query)
        k = [mpmath.mpf(float(x)) for x in keys]
        steps = [mpmath.mpf(2) ** j for j in range(-3, reach + 1)]
        corners = sorted({c for s in steps for c in (s, -s, q + s, q - s)} | {mpmath.mpf(0), q})
        total = mpmath.mpf(0)
        for left, right in itertools.pairwise(corners):
            for node, weight in zip(*_NODES, strict=True):
                x = left + (right - left) * (1 + mpmath.mpf(node)) / 2
                total += (right - left) / 2 * mpmath.mpf(weight) * _turning(k, x, q)
        return float(total / mpmath.pi)


def _turning(keys: list[mpmath.mpf], x: mpmath.mpf, q: mpmath.mpf) -> mpmath.mpf:
    """How fast the direction of `b - a` turns at x."""
    b, a = ([mpmath.exp(k * at) for k in keys] for at in (x, q))
    b, a = ([p / mpmath.fsum(powers) for p in powers] for powers in (b, a))
    mean = mpmath.fdot(zip(b, keys, strict=True))
    slope = [p * (k - mean) for p, k in zip(b, keys, strict=True)]
    apart = [p - r for p, r in zip(b, a, strict=True)]
    square = mpmath.fsum(y**2 for y in apart)
    along = mpmath.fdot(zip(slope, apart, strict=True))
    return mpmath.sqrt(mpmath.fsum(y**2 for y in slope) * square - along**2) / square


def _softmax(keys: Any, query: Any) -> mpmath.matrix:
    scores = keys * mpmath.matrix([mpmath.mpf(x) for x in query])
    top = max(scores)
    powers = [mpmath.exp(x - top) for x in scores]
    total = mpmath.fsum(powers)
    return mpmath.matrix([x / total for x in powers])


def rivals_counted(values: list[Fraction], keys: list[int], y: Fraction) -> int:
    """e = 1, whole keys: how many queries other than log y share its output, exactly.

    With `x = exp(q')` they are the positive roots, other than y, of the polynomial `sum (v_i - o) x^(k_i)`:
    counted by Sturm's theorem after a division by x - y, for values of which the polynomial has no double root.
    """
    powers = [y**k for k in keys]
    o = sum((v * p for v, p in zip(values, powers, strict=True)), Fraction(0)) / sum(powers)
    polynomial = [Fraction(0)] * (max(keys) + 1)  # from the highest power down
    for v, k in zip(values, keys, strict=True):
        polynomial[max(keys) - k] += v - o
    quotient = [polynomial[0]]
    for c in polynomial[1:-1]:
        quotient.append(c + y * quotient[-1])
    while quotient[-1] == 0:  # ends: a root 0 a round
        quotient.pop()
    chain = [quotient, _derivative(quotient)]
    while len(chain[-1]) > 1:  # ends: the degree falls every round
        chain.append([-c for c in _remainder(chain[-2], chain[-1])])
    at_zero, at_infinity = [p[-1] for p in chain], [p[0] for p in chain]
    return _changes(at_zero) - _changes(at_infinity)


def _derivative(p: list[Fraction]) -> list[Fraction]:
    return [c * (len(p) - 1 - i) for i, c in enumerate(p[:-1])]


def _remainder(p: list[Fraction], by: list[Fraction]) -> list[Fraction]:
    left = list(p)
    while len(left) >= len(by):  # ends: one entry a round
        factor = left[0] / by[0]
        left = [c - factor * b for c, b in zip(left, by + [Fraction(0)] * len(left), strict=False)][1:]
    while len(left) > 1 and left[0] == 0:  # ends: one entry a round
        left.pop(0)
    return left


def _changes(row: list[Fraction]) -> int:
    signs = [c > 0 for c in row if c != 0]
    return sum(one != other for one, other in itertools.pairwise(signs))
