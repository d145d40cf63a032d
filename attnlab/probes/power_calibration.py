"""From estimated weights to probabilities that a position is the attended one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from attnlab.probes.base import hedged
from attnlab.probes.scores import bits
from attnlab.shapes import Array, Examples, Mask

FLOOR = 1e-12
"""Estimated weights below this count as this."""


def power_calibration(estimate: Array, known: Examples) -> Callable[[Array, Mask], Array]:
    """Turns weight estimates (B, n) into probabilities `p ~ b^g`, the exponent g fitted on known examples.

    So an observer that knows the values, and learns nothing, gets usable bits to set beside a probe's: its
    family is this one exponent. estimate (B, n): what it said of the known examples.
    """

    def read(estimate: Array, mask: Mask, exponent: float) -> Array:
        scores = np.where(mask, exponent * np.log(np.maximum(estimate, FLOOR)), -np.inf)
        return hedged(softmax(scores, axis=1), mask, len(known))

    def loss(log_exponent: float) -> float:
        return float(bits(read(estimate, known.mask, float(np.exp(log_exponent))), known.goal).mean())

    exponent = float(np.exp(minimize_scalar(loss, bounds=(-5.0, 8.0), method="bounded").x))
    return lambda estimate, mask: read(estimate, mask, exponent)
