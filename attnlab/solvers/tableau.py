"""The primal simplex on one polytope, warm from vertex to vertex: many linear programmes at the price of few.

The polytope is `{x >= 0, A x = A x0}`, given by a matrix A and a point x0 >= 0 that is known to lie in it, so
there is no first phase. State: the dictionary `x_B = beta - D x_N` (Dantzig; in the condensed form that swaps
a basic and a nonbasic variable in place), with D = B^-1 N of size (m, N - m). The entering variable is the
steepest edge (Goldfarb & Reid 1977), whose norms `1 + |D_c|^2` cost one multiplication an entry during the
pivot; Bland's rule takes over while steps are degenerate, so it ends. A is first replaced by an orthonormal
basis of its row space, which removes dependent rows and most of the bad conditioning.

- `fibre_bounds`: the interval of every weight over all weights with the same output.
- `top_forced`: is the set of the largest weights the same throughout?
- `minimise`: any costs, any number of programmes in turn on one matrix, the right side free to move.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnlab.metrics import TIE
from attnlab.shapes import Array, Mask, require
from attnlab.solvers.arithmetic import few_at_once, handed
from attnlab.solvers.face import UNSOLVED


def _checked(weights: Array, values: Array, mask: Mask | None) -> tuple[Array, Array, Mask]:
    trials, n = weights.shape
    require(values.ndim == 3 and values.shape[:2] in ((trials, n), (1, n)), "values (B, n, d)", values.shape)
    visible = handed(np.ones((trials, n), np.bool_) if mask is None else mask, np.bool_)
    require(visible.shape == (trials, n), f"mask ({trials}, {n})", visible.shape)
    return (
        handed(weights, np.float64),
        handed(values, np.float64),
        visible,
    )


def _all_solved(solved: Mask) -> None:
    if not solved.all():
        raise FloatingPointError(
            f"simplex: {int((~solved).sum())} of {solved.size} programmes did not finish"
        )


def fibre_bounds(weights: Array, values: Array, mask: Mask | None = None, asked: Mask | None = None) -> Array:
    """(B, n, 2): the least and the greatest value of every weight over all weights with the same output.

    The 2n linear programmes `min, max b_i` over `{b >= 0, sum b = 1, V^T b = V^T a}`, b zero where masked.
    A weight that is nonbasic at any vertex passed has least value 0, so few of the minima need solving.
    weights (B, n) on the simplex, values (B, n, d) or (1, n, d) shared, mask (B, n) bool or None, asked (B, n)
    bool or None for all: what is not asked for is not solved. Weights are not checked here. Raises
    FloatingPointError if a programme does not finish.
    """
    from attnlab.solvers import tableau_kernels  # compiled: imported when first used

    weights, values, visible = _checked(weights, values, mask)
    wanted = visible if asked is None else handed(asked, np.bool_)
    bounds, solved = np.empty((*weights.shape, 2)), np.empty(weights.shape[0], dtype=np.bool_)
    for rows in few_at_once(len(weights), PROGRAMMES * _size(values)):
        v = values if len(values) == 1 else values[rows]
        tableau_kernels.fibre_bounds(
            weights[rows], v, visible[rows], wanted[rows], bounds[rows], solved[rows]
        )
    _all_solved(solved)
    return bounds


PROGRAMMES = 8
"""How many times as long as one question about a row all its intervals take, at least."""


def _size(values: Array) -> int:
    """The numbers of a row's matrix: values (B, n, d), and ones."""
    return values.shape[1] * (values.shape[2] + 1)


def heaviest_first(weights: Array, visible: Mask) -> NDArray[np.int64]:
    """(B, n): the positions from the largest weight down, the earlier of equals first, the masked ones last.

    (Here and not in a kernel: numba takes three seconds to compile a sort.)
    """
    return np.argsort(np.where(visible, -weights, np.inf), axis=1, kind="stable")


MARGIN = TIE
"""The lead, relative to the top weight, that is a tie; one that may be so small is not certain."""
ROUNDINGS = 64.0
"""Roundings allowed where the sign of a lead decides, each of them eps times the length of its multipliers."""


def top_forced(weights: Array, values: Array, mask: Mask | None = None) -> NDArray[np.int8]:
    """(B,) int8: have all weights with the same output the same top set, those within MARGIN of the largest?

    The least of `b_top - b_j` over the fibre, for every j: nearest rivals first, ended by the first vertex that
    refutes. CERTIFIED 1: all exceed MARGIN of the top weight and rounding; those that are tied in the weights
    given never leave it, on either side. REFUTED 0: one is below minus that. UNDECIDED -1: neither.
    Arguments and errors as in fibre_bounds.
    """
    from attnlab.solvers import tableau_kernels  # compiled: imported when first used

    weights, values, visible = _checked(weights, values, mask)
    verdict = np.empty(weights.shape[0], dtype=np.int8)
    rounding = ROUNDINGS * float(np.finfo(np.float64).eps)
    ranked = handed(heaviest_first(weights, visible), np.int64)
    for rows in few_at_once(len(weights), _size(values)):
        v = values if len(values) == 1 else values[rows]
        tableau_kernels.top_forced(
            weights[rows], v, visible[rows], ranked[rows], MARGIN, rounding, verdict[rows]
        )
    _all_solved(verdict != UNSOLVED)
    return verdict


def minimise(matrix: Array, points: Array, costs: Array) -> Array:
    """Vertices that minimise `c.x` over `{x >= 0, A x = A p}`: several programmes in turn on each matrix.

    matrix (B, m, N), or (1, m, N) for one that all trials share; points (B, r, N): p >= 0, a feasible point
    of each programme (it fixes the right side, and the walk starts there); costs (B, r, N) -> solutions
    (B, r, N), each a vertex, so with at most rank A nonzero entries. Programme t + 1 starts from the final
    basis of programme t: r programmes on one matrix cost much less than r matrices.

    Over the weights with one output: matrix `[V 1]^T`, points a. For the least 1-norm of h with
    `[V 1]^T h = [V 1]^T g`: matrix `[[V 1]^T, -[V 1]^T]`, points `(max(g, 0), max(-g, 0))`, costs 1.
    Raises ValueError for wrong shapes or negative points, FloatingPointError if a programme does not finish
    (one cause: it is unbounded).
    """
    from attnlab.solvers import tableau_kernels  # compiled: imported when first used

    trials, programmes, N = points.shape
    require(costs.shape == points.shape, f"costs {points.shape}", costs.shape)
    require(
        matrix.ndim == 3 and matrix.shape[0] in (1, trials) and matrix.shape[2] == N,
        f"matrix ({trials}, m, {N})",
        matrix.shape,
    )
    require(bool((points >= 0).all()), "points >= 0", "a negative entry")
    solutions, solved = np.empty((trials, programmes, N)), np.empty((trials, programmes), dtype=np.bool_)
    tableau_kernels.minimise(
        handed(matrix, np.float64),
        handed(points, np.float64),
        handed(costs, np.float64),
        solutions,
        solved,
    )
    _all_solved(solved)
    return solutions
