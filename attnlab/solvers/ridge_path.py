"""Ridge regression at many penalties from one eigendecomposition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.shapes import Array


@dataclass(frozen=True)
class RidgePath:
    """Ridge maps from inputs (B, d) to targets (B, p): `min |Y - X W - c|^2 / B + penalty |W|^2`.

    With `X^T X / B = U S U^T` (both sides centred) the map is `W = U (S + penalty)^-1 U^T X^T Y / B`.
    """

    mean_inputs: Array
    mean_targets: Array
    basis: Array
    spectrum: Array
    moments: Array

    @classmethod
    def of(cls, inputs: Array, targets: Array) -> RidgePath:
        """Fit: inputs (B, d), targets (B, p)."""
        mean_inputs, mean_targets = inputs.mean(axis=0), targets.mean(axis=0)
        centred = inputs - mean_inputs
        spectrum, basis = np.linalg.eigh(centred.T @ centred / len(inputs))
        moments = basis.T @ (centred.T @ (targets - mean_targets)) / len(inputs)
        return cls(mean_inputs, mean_targets, basis, np.maximum(spectrum, 0.0), moments)

    def coefficients(self, penalty: float) -> Array:
        """The map W (d, p) at this penalty."""
        return np.asarray(self.basis @ (self.moments / (self.spectrum + penalty)[:, None]))

    def predict(self, inputs: Array, penalty: float) -> Array:
        """The targets (B, p) predicted for inputs (B, d)."""
        return np.asarray((inputs - self.mean_inputs) @ self.coefficients(penalty) + self.mean_targets)

    def losses(self, inputs: Array, targets: Array, penalties: Array) -> Array:
        """The mean squared error on other examples, per penalty.

        In the eigenbasis it is a quadratic form, `|Y|^2 - 2 <W, X^T Y> + <W, X^T X W>`, so that a penalty
        costs d^2 p and not a pass over the examples.
        """
        centred, wanted = (inputs - self.mean_inputs) @ self.basis, targets - self.mean_targets
        gram, cross = centred.T @ centred, centred.T @ wanted
        found = []
        for penalty in penalties:
            weights = self.moments / (self.spectrum + penalty)[:, None]
            found.append((weights * (gram @ weights - 2 * cross)).sum())
        return np.asarray((np.array(found) + (wanted**2).sum()) / len(inputs))
