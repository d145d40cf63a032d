"""Tverberg's theorem made constructive: r disjoint sets of points whose hulls meet in one point.

Sarkaria's lift (1992) turns it into colourful Caratheodory. Let `w_i = (v_i, 1)` and u_1..u_r in dimension
r - 1 with `sum_j u_j = 0` as their only relation. Each point i is a colour with the r points `w_i x u_j`, whose
hull holds 0. With N = (r - 1)(d + 1) + 1 colours in dimension N - 1 there is a choice j(i) with 0 in the hull:
`sum_i lam_i w_i x u_j(i) = 0`. Then `sum_j (sum_{j(i)=j} lam_i w_i) x u_j = 0`, so by the one relation all r
inner sums are equal: equal masses and equal weighted points.

Barany & Onn (1997) find the choice: project 0 on the hull of the chosen points; a colour not needed for the
projection x changes to its point with the least product with x, at most 0, so the distance falls strictly.
It ends because there are finitely many choices; how soon is not known, in practice in tens of steps.
"""

from __future__ import annotations

import numpy as np

from attnlab.shapes import Array, Mask
from attnlab.solvers.nnls import simplex_least_squares
from attnlab.solvers.null_space import affine_basis

_MEETS = 1e-12
"""Distance from 0, the lifted points being of size about 1, at which the hulls meet."""
_STEPS = 1000


def partition(points: Array, parts: int, rng: np.random.Generator) -> tuple[Array, Mask]:
    """Weights (B, r, N), disjoint, each summing to 1, all with the same weighted point; and where found (B,).

    points (B, N, d) with N >= (r - 1)(d + 1) + 1. The search starts from random choices.
    """
    trials, count = points.shape[:2]
    lifted = affine_basis(points, np.ones((trials, count), dtype=bool)) * np.sqrt(count)
    relation = np.concatenate([np.eye(parts - 1), -np.ones((1, parts - 1))])
    colours = (lifted[:, :, None, :, None] * relation[:, None]).reshape(trials, count, parts, -1)
    choice = rng.integers(parts, size=(trials, count))
    mass, running = np.zeros((trials, count)), np.arange(trials)
    for _ in range(_STEPS):
        chosen = np.take_along_axis(colours[running], choice[running][:, :, None, None], axis=2)[:, :, 0]
        mass[running], _ = simplex_least_squares(np.zeros((running.size, chosen.shape[2])), chosen)
        nearest = np.matmul(mass[running][:, None], chosen)[:, 0]
        far = np.linalg.norm(nearest, axis=1) > _MEETS
        running, nearest = running[far], nearest[far]
        if not running.size:
            break
        least = np.matmul(colours[running], nearest[:, None, :, None])[..., 0].argmin(axis=2)
        choice[running] = np.where(mass[running] > 0, choice[running], least)
    found = np.ones(trials, dtype=bool)
    found[running] = False
    split = np.where(choice[:, None] == np.arange(parts)[:, None], mass[:, None], 0.0)
    total = split.sum(axis=2, keepdims=True)
    return split / np.where(total > 0, total, 1.0), found
