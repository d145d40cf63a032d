"""The primal simplex on few columns, for many rows of weights over one set of values.

The programmes of tableau on the same polytopes, for problems with many more positions than coordinates. A frame of
the values (an orthonormal basis of the columns of `[V - mean, 1]`) serves all rows. A row's dictionary holds the
inverse of its basis and a pool of as many columns, in which the steepest edge is taken (Goldfarb & Reid 1977); all
columns are priced only when the pool holds no way down. So a step costs m^2, m the rank, whatever n.

The start needs no first phase: what the first basis leaves out enters as one column, the mean of it.

- `top_forced`: does one position keep the largest weight? First L, the least weight of the top. Rival j is
  settled by arithmetic where `(1 - z_j) U_j < L`, z_j its reduced cost there and U_j a bound on its weight; the
  rest in groups: a top above the sum of a group is above each of it, and a group that fails is halved.
- `fibre_bounds`: the interval of every weight that is asked for.

A row that this cannot decide (too few positions, columns that do not span, too close to call) is left to tableau.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from attnlab.shapes import Array, Mask
from attnlab.solvers.arithmetic import few_at_once, handed
from attnlab.solvers.tableau import MARGIN, PROGRAMMES, ROUNDINGS, heaviest_first


@dataclass(frozen=True)
class Frame:
    """Values in coordinates that all rows share.

    columns (n, m): row j stands for position j, all columns orthonormal; lows (n,): the least inner product of
    each row with any; rounding: the relative error of a multiplier's product with the output.
    """

    columns: Array
    lows: Array
    rounding: float


def frame(values: Array) -> Frame:
    """The frame of values (n, d)."""
    n, d = values.shape
    spread = values.max(axis=0) - values.min(axis=0)
    centred = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    matrix = np.concatenate([centred * (spread > 0), np.ones((n, 1))], axis=1)
    q, r, _ = qr(matrix, mode="economic", pivoting=True)
    sizes = np.abs(np.diagonal(r))
    rank = int((sizes > 1e-13 * max(n, d + 1) * sizes[0]).sum())
    columns = handed(q[:, :rank], np.float64)
    rounding = ROUNDINGS * float(np.finfo(np.float64).eps) * float(sizes[0] / sizes[rank - 1])
    return Frame(columns, _lows(columns), rounding)


def _lows(columns: Array) -> Array:
    """(n,): the least inner product of each row with any; a strip of the Gram matrix at a time."""
    found = np.empty(len(columns))
    for first in range(0, len(columns), 256):
        found[first : first + 256] = (columns[first : first + 256] @ columns.T).min(axis=1)
    return found


def top_forced(weights: Array, values: Array, visible: Mask) -> NDArray[np.int8]:
    """(B,) int8: the verdicts of tableau.top_forced, or UNSOLVED (-2).

    weights (B, n) on the simplex, zero where not visible; values (n, d), which all rows share; visible (B, n).
    """
    from attnlab.solvers import columns_kernels  # compiled: imported when first used

    own, verdict = frame(values), np.empty(len(weights), dtype=np.int8)
    lows, a, seen = handed(own.lows, np.float64), handed(weights, np.float64), handed(visible, np.bool_)
    ranked = handed(heaviest_first(weights, visible), np.int64)
    for rows in few_at_once(len(a), own.columns.size):
        columns_kernels.top_forced(
            own.columns, lows, a[rows], seen[rows], ranked[rows], MARGIN, own.rounding, verdict[rows]
        )
    return verdict


def fibre_bounds(weights: Array, values: Array, visible: Mask, asked: Mask) -> tuple[Array, Mask]:
    """Bounds (B, n, 2) as tableau.fibre_bounds gives them where asked (B, n), else 0; which rows were solved.

    weights, values and visible as in top_forced.
    """
    from attnlab.solvers import columns_kernels  # compiled: imported when first used

    own, bounds = frame(values), np.zeros((*weights.shape, 2))
    solved = np.empty(len(weights), dtype=np.bool_)
    a, seen, wanted = (
        handed(weights, np.float64),
        handed(visible, np.bool_),
        handed(asked & visible, np.bool_),
    )
    ranked = handed(heaviest_first(weights, visible), np.int64)
    for rows in few_at_once(len(a), PROGRAMMES * own.columns.size):
        columns_kernels.fibre_bounds(
            own.columns,
            a[rows],
            seen[rows],
            ranked[rows],
            wanted[rows],
            own.rounding,
            bounds[rows],
            solved[rows],
        )
    return bounds, solved
