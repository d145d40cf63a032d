"""Values that try a certificate: generic ones, exact ties, near ties, and bad scales.

Each maps (n, d, rng) to values (n, d). They are for tests and benchmarks; experiments take theirs from
attnlab.inputs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlab.shapes import Array, Mask

Ensemble = Callable[[int, int, np.random.Generator], Array]


def gaussian(n: int, d: int, rng: np.random.Generator) -> Array:
    """Independent N(0, 1): generic, the only case without ties."""
    return rng.standard_normal((n, d))


def sphere(n: int, d: int, rng: np.random.Generator) -> Array:
    """Unit vectors: every single position is a vertex."""
    v = rng.standard_normal((n, d))
    return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))


def grid(n: int, d: int, rng: np.random.Generator) -> Array:
    """Small integers: copies, midpoints and dependent supports, all exact in doubles."""
    return rng.integers(-2, 3, (n, d)).astype(np.float64)


def low_rank(n: int, d: int, rng: np.random.Generator) -> Array:
    """Rank d/2 exactly: small integers times small integers."""
    rank = max(1, d // 2)
    return np.asarray(rng.integers(-9, 10, (n, rank)) @ rng.integers(-9, 10, (rank, d)), dtype=np.float64)


def duplicated(n: int, d: int, rng: np.random.Generator) -> Array:
    """A quarter of the rows are copies."""
    v = rng.standard_normal((n, d))
    v[rng.integers(n, size=n // 4)] = v[rng.integers(n, size=n // 4)]
    return v


def nearly_duplicated(n: int, d: int, rng: np.random.Generator) -> Array:
    """Half the rows lie 1e-1 to 1e-12 from another one."""
    v = rng.standard_normal((n, d))
    copies, sources = rng.integers(n, size=(2, n // 2))
    v[copies] = v[sources] + 10.0 ** rng.uniform(-12, -1) * rng.standard_normal((n // 2, d))
    return v


def clustered(n: int, d: int, rng: np.random.Generator) -> Array:
    """Four clusters of width 1e-3."""
    return np.asarray(
        rng.standard_normal((4, d))[rng.integers(4, size=n)] + 1e-3 * rng.standard_normal((n, d))
    )


def offset(n: int, d: int, rng: np.random.Generator) -> Array:
    """A common shift of 1 to 1e6."""
    return rng.standard_normal((n, d)) + 10.0 ** rng.uniform(0, 6)


def scaled(n: int, d: int, rng: np.random.Generator) -> Array:
    """One common scale, 1e-8 to 1e6."""
    return rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-8, 6)


def unequal(n: int, d: int, rng: np.random.Generator) -> Array:
    """A scale for each coordinate, 1e-8 to 1e6."""
    return np.asarray(rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-8, 6, d))


def stretched(n: int, d: int, rng: np.random.Generator) -> Array:
    """Spread along random axes that differ by up to 1e4."""
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    return np.asarray((rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-4, 0, d)) @ turn)


ENSEMBLES: dict[str, Ensemble] = {
    made.__name__: made
    for made in (
        gaussian, sphere, grid, low_rank, duplicated, nearly_duplicated, clustered, offset, scaled, unequal,
        stretched,
    )
}  # fmt: skip


def instance(made: Ensemble, n: int, d: int, k: int, rng: np.random.Generator) -> tuple[Mask, Array, Array]:
    """A support (n,) of k random positions, uneven weights (n,) on it, and values (n, d)."""
    support = np.zeros(n, dtype=np.bool_)
    support[rng.permutation(n)[:k]] = True
    weights = np.where(support, rng.gamma(0.3, size=n) + 1e-9, 0.0)
    return support, weights / weights.sum(), made(n, d, rng)
