"""What rounding, underflow and few examples may not do to a number."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from attnlab import metrics
from attnlab.probes.scores import calibration_error, calibration_floor
from attnlab.shapes import Array


def divergence(a: Array, b: Array) -> float:
    """Jensen-Shannon divergence in bits from its definition, in 60 digits."""
    with mpmath.workdps(60):
        p, q = ([mpmath.mpf(float(x)) for x in w] for w in (a, np.maximum(b, 0.0)))
        whole, total = sum(q), mpmath.mpf(0)
        for x, y in zip(p, (y / whole for y in q), strict=True):
            middle = (x + y) / 2
            total += sum(z * mpmath.log(z / middle, 2) for z in (x, y) if z > 0)
        return float(total / 2)


def extreme_weights(rng: np.random.Generator, n: int) -> Array:
    """Softmax weights at anything from mild to so cold that most weights are subnormal or zero."""
    scores = rng.standard_normal(n) * 10 ** rng.uniform(-1, 3.3)
    if rng.random() < 0.3:
        scores[1:] = np.where(rng.random(n - 1) < 0.5, -744.0, scores[1:])
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())


def test_divergence_against_60_digits_on_extremes() -> None:
    """Subnormal weights, disjoint supports, neighbours at 1e-9 and signed estimates: right to 1e-14 bits."""
    rng = np.random.default_rng(3)
    for trial in range(250):
        a = extreme_weights(rng, 2 + trial % 7)
        near = np.abs(a * (1 + 1e-9 * rng.standard_normal(a.size)))
        b = extreme_weights(rng, a.size) if trial % 3 else near / near.sum()
        b = b - 0.1 * (b == b.min()) if trial % 5 == 0 else b
        assert metrics.jsd_bits(a, b) == pytest.approx(divergence(a, b), abs=1e-14)


@pytest.mark.parametrize(
    ("a", "b", "bits"),
    [
        ([1.0, 0.0, 0.0], [1.0, 5e-324, 0.0], 0.0),
        ([1.0, 5e-324], [0.0, 1.0], 1.0),
        ([1.0, 0.0], [0.0, 1e308], 1.0),
        ([0.5, 0.5], [1e308, 1e308], 0.0),
        ([1.0, 0.0], [1.0, 0.0], 0.0),
    ],
)
def test_divergence_where_the_midpoint_underflows(a: list[float], b: list[float], bits: float) -> None:
    assert metrics.jsd_bits(np.array(a), np.array(b)) == pytest.approx(bits, abs=1e-15)


def test_nothing_hides_what_is_no_number() -> None:
    assert np.isnan(metrics.jsd_bits(np.array([1.0, np.nan]), np.array([0.5, 0.5])))
    values = np.array([[[3.0, 4.0], [3.0, -4.0]]])
    for scale in (1e-200, 1.0, 1e160):  # squares of these vanish or overflow
        gap = metrics.relative_gap(scale * np.array([[1.0, 0.0]]), np.zeros((1, 2)), scale * values)
        assert gap[0] == pytest.approx(0.2)


def calibrated(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Probabilities (count, 6) and goals drawn from them: a reader that could not be better calibrated."""
    probabilities = rng.dirichlet(np.full(6, 0.5), size=count)
    drawn = (probabilities.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return probabilities, np.eye(6)[drawn]


@pytest.mark.parametrize("count", [20, 146, 600])
def test_the_calibration_floor_is_what_a_calibrated_reader_scores(count: int) -> None:
    rng = np.random.default_rng(count)
    pairs = [calibrated(rng, count) for _ in range(200)]
    excess = [calibration_error(p, goal) - calibration_floor(p) for p, goal in pairs]
    assert abs(np.mean(excess)) < 3.5 * np.std(excess) / np.sqrt(200)
    assert calibration_floor(pairs[0][0]) > 0.5 / np.sqrt(count)  # and it is far from nothing


def test_a_reader_that_boasts_scores_above_the_floor() -> None:
    probabilities, goal = calibrated(np.random.default_rng(1), 400)
    boasting = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert calibration_error(boasting, goal) > 2 * calibration_floor(boasting)
