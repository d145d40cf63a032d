"""The exact laws over the range they are offered for: against closed forms, and refused beyond."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.special import log_ndtr

from attnlab.identifiability import orthant_probability, unique_probability
from attnlab.theory.antipodal import antipodal_probability, collision_probability


@pytest.mark.parametrize("n", [1025, 3603, 4096, 10**6, 10**9])
def test_vertices_and_edges_of_many_points(n: int) -> None:
    """On a line two of n points are ends; in the plane as many edges as vertices (Renyi & Sulanke 1963)."""
    assert unique_probability(n, 1, 1) == pytest.approx(2 / n, rel=1e-10)
    heights = np.linspace(-4, 12, 20_001)
    density = np.exp(-(heights**2) + (n - 2) * log_ndtr(heights)) / math.sqrt(math.pi)
    assert unique_probability(n, 2, 2) == pytest.approx(2 * trapezoid(density, heights), rel=2e-8)
    edges = n * (n - 1) / 2 * unique_probability(n, 2, 2)
    assert n * unique_probability(n, 2, 1) == pytest.approx(edges, rel=1e-9)


def test_large_and_far() -> None:
    """3,603 points once had no bracket for the saddle, and 4,096 failed."""
    assert unique_probability(3603, 2, 1) == pytest.approx(0.0035347, abs=1e-7)
    assert 1 - unique_probability(4096, 64, 3) == pytest.approx(2.65e-8, rel=0.01)
    assert unique_probability(4096, 4000, 3) == 1.0
    steps = [unique_probability(2**p, 16, 2) for p in range(5, 20)]
    assert steps == sorted(steps, reverse=True)


@pytest.mark.parametrize(
    ("n", "rel"), [(10, 1e-12), (1000, 1e-11), (1024, 1e-11), (10**6, 1e-11), (10**9, 1e-11)]
)
def test_antipodal_pairs_on_a_line_and_in_the_plane(n: int, rel: float) -> None:
    """2 / (n (n - 1)), and P(vertex) 2 / (n - 1): at 10^6 points 3.45e-11, once 4.19e-10; 1,024 took 12 s."""
    started = time.process_time()
    assert antipodal_probability(n, 1) == pytest.approx(2 / (n * (n - 1)), rel=rel)
    assert antipodal_probability(n, 2) == pytest.approx(unique_probability(n, 2, 1) * 2 / (n - 1), rel=rel)
    assert time.process_time() - started < 10
    assert antipodal_probability(n, 1) + collision_probability(n, 1) == 1.0


def test_the_spot_value_of_the_issue() -> None:
    assert antipodal_probability(10**6, 2) == pytest.approx(3.45e-11, rel=1e-3)


@pytest.mark.parametrize(("n", "d"), [(12, 3), (200, 3), (40, 12), (129, 1)])
def test_both_chances_are_one_together(n: int, d: int) -> None:
    assert antipodal_probability(n, d) + collision_probability(n, d) == pytest.approx(1, abs=1e-15)


def test_beyond_the_range_is_refused() -> None:
    for law, arguments, words in (
        (unique_probability, (10**10, 2, 1), "untested beyond"),
        (unique_probability, (10**5, 5000, 1), "untested beyond"),
        (unique_probability, (5, 0, 1), "d >= 1"),
        (unique_probability, (5, 2, 6), "k = 6"),
        (orthant_probability, (5, 0, 1), "d >= 1"),
        (antipodal_probability, (10**10, 2), "untested beyond"),
        (collision_probability, (2000, 300), "untested beyond"),
        (collision_probability, (1, 1), "n >= 2"),
    ):
        with pytest.raises(ValueError, match=words):
            law(*arguments)
    assert antipodal_probability(200, 199) == 1.0 and collision_probability(5, 0) == 1.0
