"""Queries of an exponential family with a given mean: `V^T softmax(F p) = o`, as many as a search finds.

Levenberg and Marquardt's method from many starts, with the trust region of MINPACK (More 1978), compiled. Inside
the region a step is Newton's, `Cov_a(v, f) step = error`: with more features than values that of least norm, so
that every start lands somewhere on the fibre; with fewer, that of least squares. A longer one is damped until the
region holds it, and so goes on where the covariance is nearly singular and Newton's direction is useless.

The starts are the same for every trial: p = 0, then directions drawn once, at radii 1/2, 1, 2, 4, 8, 16 in turn
(the features have variance 1, so a radius is the spread of the logits). So what is found is a function of the
arrays alone, and the first s of more starts are the s starts. Where the degree is known (e = d) the signs of a
complete set of solutions add up to it; with 256 starts they do in all of 300 draws at e = d = 2 and n = 8 or 32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnlab.shapes import Array, Mask
from attnlab.solvers.arithmetic import few_at_once, handed

STARTS = 256
"""The one setting of all searches."""
RADII = 0.5 * 2.0 ** np.arange(6)
KEPT = 64
"""Distinct solutions kept of a trial."""
AT_ONCE = 2**22
"""Numbers of features, times starts, that one call of the kernel searches, or one trial: a second or less of work
where n is 512 or less. Whoever interrupts is heard between calls."""
SAME = 1e-6
"""Two solutions nearer than this in total variation are one."""


@dataclass(frozen=True)
class Twins:
    """The distinct solutions found, in the order of their starts; NaN and -1 beyond the last.

    parameters (B, s, f); start (B, s): the number of the start each was first reached from; count (B,);
    tried (B,): the starts run, fewer where enough was found.
    """

    parameters: Array
    start: NDArray[np.int64]
    count: NDArray[np.int64]
    tried: NDArray[np.int64]


def twins(
    features: Array,
    values: Array,
    mask: Mask,
    outputs: Array,
    *,
    known: Array | None = None,
    starts: int = STARTS,
    enough: int = KEPT,
    tolerance: float = 1e-12,
) -> Twins:
    """Search each trial from `starts` queries, or until it has `enough` solutions.

    features (B, n, f), values (B, n, d), both centred with columns of unit variance (`whitening`; zero columns
    take no part); mask (B, n) True where visible; outputs (B, d) in the coordinates of the values; known (B, f):
    one solution that is known and does not count; tolerance: the error of an output that a solution may have.
    """
    from attnlab.solvers import twin_query_kernels  # compiled: imported when first used

    trials, n, f = features.shape
    most = min(enough, KEPT)
    found = Twins(
        np.full((trials, most, f), np.nan),
        np.full((trials, most), -1, dtype=np.int64),
        np.zeros(trials, dtype=np.int64),
        np.zeros(trials, dtype=np.int64),
    )
    problem = (
        handed(features, np.float64),
        handed(values, np.float64),
        handed(mask, np.bool_),
        handed(outputs, np.float64),
        handed(np.full((trials, f), np.nan) if known is None else known, np.float64),
    )
    begin = handed(start_points(starts, f), np.float64)
    for some in few_at_once(trials, starts * n * f, AT_ONCE):
        twin_query_kernels.twins(
            *(part[some] for part in problem),
            begin,
            tolerance,
            SAME,
            found.parameters[some],
            found.start[some],
            found.count[some],
            found.tried[some],
        )
    return found


def start_points(starts: int, f: int) -> Array:
    """(starts, f): the queries that every search begins at."""
    directions = np.random.Generator(np.random.PCG64(f)).standard_normal((starts, max(f, 1)))[:, :f]
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    points = directions / np.where(lengths > 0, lengths, 1.0) * RADII[np.arange(starts) % len(RADII), None]
    points[:1] = 0.0
    return points
