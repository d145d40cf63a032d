"""The top weight over all weights whose output rounds to the same numbers of a float format.

Those outputs are a box B around the output, so the weights are `{b >= 0, sum b = 1, V^T b in B}`: linear
programmes, solved as they are written. Every end is proven by duality, whatever the solver's tolerance: for any
w (d,)

    c.b = (c - V w).b + w.(V^T b) >= min_i (c - V w)_i + min over y in B of w.y,

so an interval that is told holds the true one, and "certified" is certain. The rival j of the top t is settled
without a programme where `(1 - z_j) U_j < L`: L the least b_t, z its reduced costs, `b_t >= L + z.b`; U_j what b_j
cannot exceed, by the direction in which v_j is far from the output. The others get a programme each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from attnlab.arrays import Array
from attnlab.metrics import TIE
from attnlab.solvers.formats import Format, box

SURE = 1e-9
"""A lead must exceed it: far above the rounding of a bound, far below what a weight is read for."""


@dataclass(frozen=True)
class RoundedTop:
    """low, high: no weights with an output that rounds the same give the top less, or more; certified: it is the
    largest in all of them."""

    low: float
    high: float
    certified: bool


@dataclass(frozen=True)
class _Polytope:
    """Values (n, d) seen from the output, of size one, and the box (d, 2) around it."""

    values: Array
    box: Array

    def least(self, cost: Array) -> tuple[float, Array, Array]:
        """A proven lower bound of `cost.b`, the weights (n,) that all but reach it, and the dual w (d,).

        A programme that does not close proves what any w does.
        """
        n, d = self.values.shape
        equations = np.block([[self.values.T, -np.eye(d)], [np.ones((1, n)), np.zeros((1, d))]])
        bounds = [(0.0, 1.0)] * n + [(float(low), float(high)) for low, high in self.box]
        right = np.concatenate([np.zeros(d), [1.0]])
        costs = np.concatenate([cost, np.zeros(d)])
        solved = linprog(costs, A_eq=equations, b_eq=right, bounds=bounds, method="highs")
        if solved.x is None:
            return float(cost.min()), np.zeros(n), np.zeros(d)
        w = np.asarray(solved.eqlin.marginals[:d])
        return float((cost - self.values @ w).min()) + self.support(w), np.asarray(solved.x[:n]), w

    def support(self, w: Array) -> float:
        """The least `w.y` of the box."""
        return float(np.minimum(w * self.box[:, 0], w * self.box[:, 1]).sum())

    def most(self) -> Array:
        """(n,): what each weight cannot exceed, by the direction `C^-1 v_j`, C the values' second moments."""
        moments = self.values.T @ self.values
        directions = self.values @ np.linalg.pinv(moments, hermitian=True)
        along = directions @ self.values.T  # (n directions, n positions)
        reach = np.maximum(directions * self.box[:, 0], directions * self.box[:, 1]).sum(axis=1)
        lowest = along.min(axis=1)
        own = np.diag(along) - lowest
        bound = np.divide(reach - lowest, own, where=own > SURE, out=np.ones(len(own)))
        return np.asarray(bound.clip(0.0, 1.0))


def rounded_top(weights: Array, values: Array, format: Format) -> RoundedTop | None:
    """weights (n,) on the simplex, values (n, d); None where the output is beyond the format.

    Ties: of weights within `metrics.TIE` of the largest none is certified before the others.
    """
    output = weights @ values
    cell = box(output, format)
    if cell is None:
        return None
    size = max(float(np.abs(values - output).max()), float(np.abs(cell - output[:, None]).max())) or 1.0
    polytope = _Polytope((values - output) / size, (cell - output[:, None]) / size)
    top = int(weights.argmax())
    unit = np.eye(len(weights))[top]
    low, lowest, w = polytope.least(unit)
    high = -polytope.least(-unit)[0]
    low, high = min(max(low, 0.0), weights[top]), max(min(high, 1.0), weights[top])
    return RoundedTop(float(low), float(high), _leads(polytope, weights, (low, lowest, w)))


def _leads(polytope: _Polytope, weights: Array, least: tuple[float, Array, Array]) -> bool:
    """Whether the top is the largest in all weights. least: the programme of the least that it can be."""
    low, lowest, w = least
    top = int(weights.argmax())
    others = np.delete(np.arange(len(weights)), top)
    if not len(others):
        return True
    if lowest[others].max() > lowest[top] or weights[others].max() > weights[top] * (1 - TIE):
        return False
    reduced = np.eye(len(weights))[top] - polytope.values @ w
    z = reduced - reduced.min()
    left = others[(1 - z[others]).clip(0.0) * polytope.most()[others] >= low - SURE]
    for rival in left[np.argsort(-weights[left], kind="stable")]:
        cost = np.zeros(len(weights))
        cost[top], cost[rival] = 1.0, -1.0
        if polytope.least(cost)[0] <= SURE:
            return False
    return True
