"""Fitting scores over positions by cross-entropy: objectives with analytic gradients, minimised by L-BFGS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from attnlab.shapes import Array, Mask

Objective = Callable[[Array], tuple[float, Array]]
"""Parameters (P,) -> (loss, gradient (P,))."""


def cross_entropy(scores: Array, goal: Array, mask: Mask) -> tuple[float, Array]:
    """Mean cross-entropy in nats of softmax(scores) over visible positions, and its gradient in the scores.

    scores, goal (B, n), mask (B, n) -> loss, (B, n): `(p - goal) / B`, zero at masked positions.
    """
    shifted = np.where(mask, scores, -np.inf)
    shifted = shifted - shifted.max(axis=1, keepdims=True)
    exponent = np.exp(shifted)
    total = exponent.sum(axis=1, keepdims=True)
    loss = np.log(total[:, 0]).sum() - (goal * np.where(mask, shifted, 0.0)).sum()
    return float(loss / len(scores)), np.asarray((exponent / total - goal) / len(scores))


def bilinear_scores(outputs: Array, tokens: Array, matrix: Array) -> Array:
    """`score_i = o^T M x_i`: (B, d), (B, n, m), (d, m) -> (B, n)."""
    return np.asarray(np.matmul(tokens, (outputs @ matrix)[:, :, None])[:, :, 0])


def bilinear_loss(
    matrix: Array, outputs: Array, tokens: Array, goal: Array, mask: Mask
) -> tuple[float, Array]:
    """Mean cross-entropy of `softmax(o^T M x_i)` and its gradient (d, m): `O^T [ (p - goal) X ]`.

    Convex in M.
    """
    loss, residual = cross_entropy(bilinear_scores(outputs, tokens, matrix), goal, mask)
    return loss, outputs.T @ np.matmul(residual[:, None, :], tokens)[:, 0, :]


def bilinear(outputs: Array, tokens: Array, goal: Array, mask: Mask, penalty: float) -> Objective:
    """The penalised loss of a full matrix M (d, m), flattened: `+ penalty/2 |M|^2`."""
    shape = (outputs.shape[1], tokens.shape[2])

    def objective(flat: Array) -> tuple[float, Array]:
        loss, gradient = bilinear_loss(flat.reshape(shape), outputs, tokens, goal, mask)
        return loss + penalty / 2 * float(flat @ flat), gradient.ravel() + penalty * flat

    return objective


def low_rank(outputs: Array, tokens: Array, goal: Array, mask: Mask, penalty: float, rank: int) -> Objective:
    """The penalised loss of `M = A B`, A (d, r) and B (r, m), flattened one after the other.

    `penalty/2 (|A|^2 + |B|^2)` is, at its minimum over the factors, the nuclear norm of M times the penalty
    (Srebro et al. 2005). By the chain rule `dL/dA = G B^T`, `dL/dB = A^T G`, G the gradient in M. Not convex.
    """
    d, m = outputs.shape[1], tokens.shape[2]

    def objective(flat: Array) -> tuple[float, Array]:
        left, right = flat[: d * rank].reshape(d, rank), flat[d * rank :].reshape(rank, m)
        loss, gradient = bilinear_loss(left @ right, outputs, tokens, goal, mask)
        slope = np.concatenate([(gradient @ right.T).ravel(), (left.T @ gradient).ravel()])
        return loss + penalty / 2 * float(flat @ flat), slope + penalty * flat

    return objective


def minimised(objective: Objective, start: Array, steps: int = 200) -> Array:
    """The parameters after at most `steps` L-BFGS iterations (Liu & Nocedal 1989)."""
    found = minimize(
        objective,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps, "maxcor": 20, "ftol": 1e-9, "gtol": 1e-6},
    )
    return np.asarray(found.x)
