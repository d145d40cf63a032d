"""How many other queries share the output of a given one, on average over Gaussian values (Kac 1943, Rice 1944).

For keys K, a query q and values of independent standard Gaussians with as many dimensions as the keys (d = e),
the number N of other q' with `V^T softmax(K q') = V^T softmax(K q)` has

    E N = E|det G_e| * integral (2 pi |b - a|^2)^(-e/2) sqrt(det(K^T C P C K)) dq'

with `b = softmax(K q')`, `C = diag b - b b^T`, P the projection off b - a and G_e an e x e Gaussian matrix. The
power is the density of `V^T (b - a)` at 0; given that it is 0, V is P times a Gaussian matrix, and the rest is the
mean of `|det V^T C K|`. Over a part of the domain it counts the rivals there. As N is a whole number,
`P(N > 0) <= E N`: at least a share 1 - E N of draws has no rival, for Gaussian values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from attnlab.arrays import Array, numbers, require

LARGEST = 4
"""Dimensions up to here: beyond, the proposals below miss most of the integral."""
SCALES = 0.5 * 2.0 ** np.arange(6)
"""Spreads of the logits from which queries are drawn."""
FREEDOM = 3
"""Degrees of freedom of the t distributions they are drawn from."""
NODES = 5000
"""Points on either side of the query where e = 1; doubling them moves the integral by 1e-6."""


@dataclass(frozen=True)
class ExpectedRivals:
    """value: E N; error: its standard error (0 for the quadrature, good to 1e-5); effective: draws it is worth."""

    value: float
    error: float
    effective: float


def expected_rivals(
    query: ArrayLike,
    keys: ArrayLike,
    *,
    other_top: bool = False,
    draws: int = 20_000,
    rng: np.random.Generator | None = None,
) -> ExpectedRivals:
    """E N for a query (e,), temperature included, and keys (n, e), e <= 4, over Gaussian values (n, e).

    other_top: only rivals whose largest weight is at another position. e = 1 by quadrature, else by importance
    sampling from `draws` queries of t distributions around 0 and around the query; rng draws them: with none,
    the same ones each call. Raises ValueError for other shapes, e > 4, keys that do not span e dimensions, fewer
    than 2 draws.

    >>> import attnlab
    >>> round(attnlab.expected_rivals([1.0], keys=[[0.0], [1.0], [3.0]]).value, 3)
    0.284
    """
    q, k = numbers(query, "query"), numbers(keys, "keys")
    require(k.ndim == 2 and q.shape == k.shape[1:], "query (e,) and keys (n, e)", (q.shape, k.shape))
    require(bool(np.isfinite(q).all() and np.isfinite(k).all()), "finite query and keys", "NaN or infinity")
    n, e = k.shape
    require(1 <= e <= LARGEST, f"1 <= e <= {LARGEST}: more dimensions need other proposals", f"e = {e}")
    require(draws >= 2, "two draws or more", draws)
    away = k - k.mean(axis=0)
    spread = np.linalg.svd(away / np.sqrt(n), full_matrices=False)[1:]
    clear = len(spread[0]) == e and bool(spread[0][-1] > 1e-10 * spread[0][0])
    require(clear, f"keys that span {e} dimensions", f"spreads {spread[0]}")
    to_query = spread[1].T / spread[0]  # queries of logit spread 1
    span, given = away @ to_query, np.linalg.solve(to_query, q)
    if e == 1:
        return ExpectedRivals(_quadrature(span, given, other_top), 0.0, 2.0 * NODES)
    generator = np.random.default_rng(0) if rng is None else rng
    points, density = _proposals(given, draws, generator)
    found = _integrand(points, span, given, other_top) / density
    error = float(found.std(ddof=1) / np.sqrt(draws))
    total = float(found.sum())
    effective = total**2 / float((found**2).sum()) if total > 0 else 0.0
    return ExpectedRivals(total / draws, error, effective)


def _integrand(points: Array, span: Array, given: Array, other_top: bool) -> Array:
    """The rate of rivals (S,) per unit volume at the queries (S, e); span (n, e) are whitened keys."""
    e = span.shape[1]
    a, b = _weights(given[None] @ span.T), _weights(points @ span.T)
    apart = b - a
    square = (apart**2).sum(axis=1)
    centred = span - np.matmul(b, span)[:, None]
    slope = b[..., None] * centred  # C K
    along = np.matmul(apart[:, None], slope)[:, 0]
    usable = square > 0
    gram = np.matmul(np.swapaxes(slope, 1, 2), slope)
    gram = gram - along[:, :, None] * along[:, None] / np.where(usable, square, 1.0)[:, None, None]
    with np.errstate(divide="ignore"):  # an exact 0 is one
        volume = np.sqrt(np.maximum(np.linalg.det(gram), 0.0))
    j = np.arange(1, e + 1)
    gaussian = float(np.exp((0.5 * np.log(2) + gammaln((j + 1) / 2) - gammaln(j / 2)).sum()))
    rate = np.where(usable, gaussian * volume * (2 * np.pi * np.where(usable, square, 1.0)) ** (-e / 2), 0.0)
    return np.where(b.argmax(axis=1) != a.argmax(), rate, 0.0) if other_top else np.asarray(rate)


def _weights(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _quadrature(span: Array, given: Array, other_top: bool) -> float:
    """e = 1: the midpoint rule on both sides of the query, at distances `t = u / (1 - u)`, u in (0, 1)."""
    u = (np.arange(NODES) + 0.5) / NODES
    distance, stretch = u / (1 - u), (1 - u) ** -2.0
    points = np.concatenate([given - distance[:, None], given + distance[:, None]])
    rate = _integrand(points, span, given, other_top)
    return float((rate * np.tile(stretch, 2)).sum() / NODES)


def _proposals(given: Array, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Queries (S, e) from a mixture of t distributions around 0 and around the query, and their densities (S,)."""
    e = len(given)
    centres = [np.zeros(e)] * len(SCALES) + [given] * len(SCALES)
    scales = np.concatenate([SCALES, SCALES / 8])
    which = np.arange(draws) % len(scales)
    normal = rng.standard_normal((draws, e)) / np.sqrt(rng.chisquare(FREEDOM, draws) / FREEDOM)[:, None]
    points = np.array(centres)[which] + normal * scales[which, None]
    constant = gammaln((FREEDOM + e) / 2) - gammaln(FREEDOM / 2) - e / 2 * np.log(FREEDOM * np.pi)
    density = np.zeros(draws)
    for centre, scale in zip(centres, scales, strict=True):
        square = ((points - centre) ** 2).sum(axis=1) / scale**2
        density += np.exp(constant - e * np.log(scale) - (FREEDOM + e) / 2 * np.log1p(square / FREEDOM))
    return points, density / len(scales)
