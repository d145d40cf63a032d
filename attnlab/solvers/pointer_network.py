"""The loss of a pointer with a hidden layer on pairs of output and token, with its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.shapes import Array, Mask
from attnlab.solvers.softmax_fit import Objective, bilinear_scores, cross_entropy


@dataclass(frozen=True)
class PointerNetwork:
    """`score_i = o^T M x_i + w . tanh(o A + x_i C + b)`.

    matrix (d, m) M; from_output (d, u) A; from_token (m, u) C; bias (u,) b; out (u,) w.
    """

    matrix: Array
    from_output: Array
    from_token: Array
    bias: Array
    out: Array

    @classmethod
    def unflat(cls, flat: Array, d: int, m: int, units: int) -> PointerNetwork:
        """The network whose parameters, one after the other, are these."""
        shapes = ((d, m), (d, units), (m, units), (units,), (units,))
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        parts = np.split(flat, ends[:-1])
        return cls(*(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))

    @property
    def flat(self) -> Array:
        """All parameters, one after the other."""
        parts = (self.matrix, self.from_output, self.from_token, self.bias, self.out)
        return np.concatenate([part.ravel() for part in parts])

    def hidden(self, outputs: Array, tokens: Array) -> Array:
        """The hidden layer (B, n, u) of outputs (B, d) and tokens (B, n, m)."""
        return np.asarray(
            np.tanh(tokens @ self.from_token + (outputs @ self.from_output + self.bias)[:, None])
        )

    def scores(self, outputs: Array, tokens: Array) -> Array:
        """(B, n)."""
        return bilinear_scores(outputs, tokens, self.matrix) + self.hidden(outputs, tokens) @ self.out


def network_loss(
    outputs: Array, tokens: Array, goal: Array, mask: Mask, penalty: float, units: int
) -> Objective:
    """The mean cross-entropy plus `penalty/2 |parameters|^2`, by backpropagation."""
    d, m = outputs.shape[1], tokens.shape[2]

    def objective(flat: Array) -> tuple[float, Array]:
        network = PointerNetwork.unflat(flat, d, m, units)
        hidden = network.hidden(outputs, tokens)
        scores = bilinear_scores(outputs, tokens, network.matrix) + hidden @ network.out
        loss, residual = cross_entropy(scores, goal, mask)
        back = residual[:, :, None] * network.out * (1 - hidden**2)  # (B, n, u)
        summed = back.sum(axis=1)  # (B, u)
        slope = PointerNetwork(
            matrix=outputs.T @ np.matmul(residual[:, None, :], tokens)[:, 0, :],
            from_output=outputs.T @ summed,
            from_token=tokens.reshape(-1, m).T @ back.reshape(-1, units),
            bias=summed.sum(axis=0),
            out=hidden.reshape(-1, units).T @ residual.ravel(),
        )
        return loss + penalty / 2 * float(flat @ flat), slope.flat + penalty * flat

    return objective
