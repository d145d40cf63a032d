"""The search of twin_query for arrays as they are computed: what it finds does not hang on their last digits.

From most starts the search wanders along nearly singular covariances, and there a difference of 1e-15 grows to one
of another end: of 200 trials one or two had a second query or none by the order in which some sum was taken. So it
is led by arrays that all machines have alike. Coordinates are turned to those of a triangle (the decomposition
they come from is free to turn and to mirror them) and everything is rounded to RESOLUTION of its size: two
computations of one number then differ once in ten million or less. From where that search ends, one step or two
lead to the ends of the arrays as given, for these are near them and nothing wanders any more.

What is left is the search's own arithmetic: its kernel may add in another order where a processor has other
registers. Between two of them one trial of 200 differed in 4 of 12 cells of four_questions and in 1 of 31 of
alignment, found or not found; with sums in one order everywhere none did, but the search took twice the time.
"""

from __future__ import annotations

import math

import numpy as np

from attnlab.shapes import Array, Mask
from attnlab.solvers.arithmetic import handed
from attnlab.solvers.twin_query import KEPT, SAME, STARTS, Twins, twins

RESOLUTION = 2.0**-26
"""Far above what two machines differ by, 1e-15 or so, and near enough for the last steps to be of one kind."""
EXACT = 1e-12
"""The error of an output that a solution may have."""


def steady_twins(
    features: Array,
    values: Array,
    mask: Mask,
    outputs: Array,
    known: Array,
    *,
    starts: int = STARTS,
    enough: int = KEPT,
) -> Twins:
    """The other solutions beside one that is known: arguments and fields as those of `twins`.

    known (B, f): where it is NaN none is, and the search is led by the arrays as given: their rounded output may
    lie beyond all that the features reach, that of a known solution does not.
    """
    there = np.asarray(np.isfinite(known).all(axis=1))
    turn, turn_values = turns(features), turns(values)
    led = [features @ turn, values @ turn_values, np.matmul(known[:, None], turn)]
    led = [np.where(there[:, None, None], _rounded(rows), rows) for rows in led]
    targets = np.matmul(outputs[:, None], turn_values)[:, 0]
    sought = _outputs(led[0], led[1], mask, led[2][:, 0], targets)
    coarse = twins(
        led[0], led[1], mask, sought, known=led[2][:, 0], starts=starts, enough=enough, tolerance=EXACT
    )
    near = np.matmul(coarse.parameters, turn.swapaxes(1, 2))
    return _ends(near, coarse, (features, values, mask, outputs, known))


def turns(columns: Array) -> Array:
    """Orthogonal (B, f, f) with which columns (B, n, f) are the same however they were turned before.

    `W^T columns turn` is lower triangular with a positive diagonal, W (n, f) fixed; zero columns stay the last.
    """
    trials, n, f = columns.shape
    found = np.broadcast_to(np.eye(f), (trials, f, f)).copy()
    mixing = np.random.Generator(np.random.PCG64(f)).standard_normal((n, f))
    for trial, used in enumerate(columns.any(axis=1).sum(axis=1)):
        if not used:
            continue
        mixed = mixing[:, :used].T @ columns[trial, :, :used]
        orthogonal, triangle = np.linalg.qr(mixed.T)
        found[trial, :used, :used] = orthogonal * np.where(np.diag(triangle) < 0, -1.0, 1.0)
    return found


def _rounded(rows: Array) -> Array:
    """Rows (B, ., .) to multiples of RESOLUTION times the power of two above the largest entry of a trial."""
    largest = np.nan_to_num(np.abs(rows).max(axis=(1, 2), keepdims=True, initial=0.0))
    step = RESOLUTION * np.ldexp(1.0, np.frexp(largest)[1])
    return np.asarray(np.round(rows / step) * step)


def _outputs(features: Array, values: Array, mask: Mask, known: Array, targets: Array) -> Array:
    """The outputs to reach (B, d): those of the known queries, which so are solutions still; else `targets`.

    Every sum is rounded once, at its end (fsum): whatever adds it up, it is the same number.
    """
    reached = targets.copy()
    for trial in np.flatnonzero(np.isfinite(known).all(axis=1)):
        seen = mask[trial]
        scores = [math.fsum(row) for row in features[trial, seen] * known[trial]]
        top = max(scores)
        weights = np.array([math.exp(score - top) for score in scores])
        rows = (weights[:, None] * values[trial, seen]).T
        reached[trial] = np.array([math.fsum(row) for row in rows]) / math.fsum(weights)
    return reached


def _ends(near: Array, coarse: Twins, problem: tuple[Array, Array, Mask, Array, Array]) -> Twins:
    """What the queries `near` (B, s, f), found for the rounded arrays, lead to for those as given."""
    from attnlab.solvers import twin_query_kernels  # compiled: imported when first used

    found = Twins(
        np.full_like(coarse.parameters, np.nan),
        np.full_like(coarse.start, -1),
        np.zeros_like(coarse.count),
        coarse.tried,
    )
    features, values, mask, outputs, known = problem
    for trial in np.flatnonzero(coarse.count):
        one = slice(trial, trial + 1)
        twin_query_kernels.twins(
            *(handed(part[one], np.float64) for part in (features, values)),
            handed(mask[one], np.bool_),
            *(handed(part[one], np.float64) for part in (outputs, known)),
            handed(near[trial, : coarse.count[trial]], np.float64),
            EXACT,
            SAME,
            found.parameters[one],
            found.start[one],
            found.count[one],
            np.zeros(1, dtype=np.int64),
        )
        places = found.start[trial, : found.count[trial]]
        found.start[trial, : len(places)] = coarse.start[trial, places]
    return found
