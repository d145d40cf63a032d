"""Exact law for Gaussian values: how often the sparse weights of several heads survive the sum of their outputs.

The weights of h heads over n positions are a point of the product of h simplices, and the sum of the outputs, of
heads with values of their own, is one Gaussian projection of it to m dimensions. Weights are the only ones with
their sum iff the kernel of the projection, a uniformly random subspace, meets the cone T of directions that lead
from them into the product in 0 alone. That has the chance `1 - 2 (v_{m+1} + v_{m+3} + ...)`, v the conic intrinsic
volumes of T (the conic Crofton formula: Amelunxen, Lotz, McCoy & Tropp 2014), unless T is a subspace. T is the
product of the heads' cones, and the volumes of a product are the convolution of those of its factors; those of a
simplex are `attnlab.theory.angles.intrinsic_volumes`. For one head this is Affentranger & Schneider's law.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np

from attnlab.arrays import Array, require, whole
from attnlab.theory.angles import intrinsic_volumes


def summed_probability(n: int, m: int, supports: Iterable[int]) -> float:
    """The chance that the weights of h heads are Q2-unique among n positions, given their sum in m dimensions.

    supports: on how many positions each head's weights are (k of 1..n). The values are independent standard
    Gaussians, of every head its own. 1 where h (n - 1) <= m. Absolute error about 1e-12. Raises ValueError unless
    all are whole numbers in range.

    >>> from attnlab.theory.summed import summed_probability
    >>> round(summed_probability(n=2, m=2, supports=[1, 1, 1]), 6)  # Wendel 1962
    0.75
    """
    n, m = whole(n, "n", 1), whole(m, "m", 1)
    sizes = sorted(whole(size, "a support", 1) for size in supports)
    require(bool(sizes) and sizes[-1] <= n, f"supports of 1 to n = {n} positions", sizes)
    return _probability(n, m, tuple(sizes))


@functools.lru_cache(maxsize=4096)
def _probability(n: int, m: int, sizes: tuple[int, ...]) -> float:
    if len(sizes) * (n - 1) <= m:
        return 1.0
    if sizes[0] == n:  # T is a subspace of more than m dimensions
        return 0.0
    volumes = np.ones(1)
    for k in sizes:
        volumes = np.convolve(volumes, _of_head(n, k))
    missed, kept = 2 * volumes[m + 1 :: 2].sum(), 2 * volumes[m - 1 :: -2].sum()
    return float(1 - missed if missed < kept else min(kept, 1.0))


def _of_head(n: int, k: int) -> Array:
    """The volumes of one head's cone, by dimension 0..n - 1."""
    return np.concatenate([np.zeros(k - 1), intrinsic_volumes(n, k)])
