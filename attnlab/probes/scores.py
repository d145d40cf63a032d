"""How well probabilities over positions (B, n) read a goal (B, n): one number per held-out example."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnlab.metrics import TIE
from attnlab.shapes import Array


def bits(probabilities: Array, goal: Array) -> Array:
    """Cross-entropy in bits, `-sum_i goal_i log2 p_i` (B,); infinite where a wanted position has p = 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(
            -np.where(goal > 0, goal * np.log2(np.where(goal > 0, probabilities, 1.0)), 0.0).sum(1)
        )


def hit(probabilities: Array, goal: Array) -> NDArray[np.bool_]:
    """(B,): the most probable position is one of those the goal puts most on."""
    named = np.take_along_axis(goal, probabilities.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.asarray(named >= goal.max(axis=1) * (1 - TIE))


def top_recall(probabilities: Array, weights: Array, k: int) -> Array:
    """(B,): the share of the k largest weights among the k most probable positions; of equals the earliest."""
    guessed = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    true = np.argsort(-weights, axis=1, kind="stable")[:, :k]
    return np.asarray((guessed[:, :, None] == true[:, None, :]).any(axis=2).mean(axis=1))


def brier(probabilities: Array, goal: Array) -> Array:
    """`sum_i (p_i - goal_i)^2` (B,), in [0, 2]: accuracy and calibration in one proper score (Brier 1950)."""
    return np.asarray(((probabilities - goal) ** 2).sum(axis=1))


def calibration_error(probabilities: Array, goal: Array, bins: int = 10) -> float:
    """Expected calibration error: the mean gap between confidence and accuracy over bins of equal counts.

    Bins of equal counts (Nguyen & O'Connor 2015) keep the empty bins of the equal-width version away. It is
    biased upwards: `calibration_floor` says what a perfectly calibrated reader would score.
    """
    right = hit(probabilities, goal).astype(np.float64)
    gaps = [
        abs(float(probabilities[rows].max(axis=1).sum() - right[rows].sum()))
        for rows in _bins(probabilities, bins)
    ]
    return float(sum(gaps) / len(probabilities))


def calibration_floor(probabilities: Array, bins: int = 10) -> float:
    """The expected `calibration_error` of a reader that is right exactly as often as it says.

    Exact: in each bin the number of hits is a sum of independent Bernoulli variables with the confidences as
    their chances, whose distribution is built by convolution.
    """
    expected = 0.0
    for rows in _bins(probabilities, bins):
        confidence = probabilities[rows].max(axis=1)
        hits = np.ones(1)
        for chance in confidence:
            hits = np.append(hits * (1 - chance), 0.0) + np.append(0.0, hits * chance)
        expected += float(hits @ np.abs(np.arange(hits.size) - confidence.sum()))
    return expected / len(probabilities)


def _bins(probabilities: Array, bins: int) -> list[NDArray[np.int64]]:
    """The rows in bins of equal counts, from the least confident up; none of them empty."""
    order = np.argsort(probabilities.max(axis=1), kind="stable")
    return [rows for rows in np.array_split(order, bins) if rows.size]
