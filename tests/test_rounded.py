"""The top over all weights whose output rounds to the same: plain programmes, and what rounds where."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog

from attnlab.identifiability import fibre_intervals, top_certified
from attnlab.shapes import Array
from attnlab.solvers.formats import EXPONENTS, Format, box, largest, stored
from attnlab.solvers.rounded import rounded_top

rng = np.random.default_rng
FORMATS: tuple[Format, ...] = ("float32", "float16", "bfloat16")


@pytest.mark.parametrize("format", FORMATS)
def test_a_box_holds_what_rounds_to_the_same_and_nothing_else(format: Format) -> None:
    least = 2.0 ** EXPONENTS[format][0]
    few = np.array([0.0, 1.0, -1.0, 2.0, 0.5, least, -least, least / 2, 3 * least, 1.5 * least, 1 + 2.0**-30])
    numbers = np.concatenate([few, rng(0).standard_normal(200), 1e-5 * rng(1).standard_normal(50)])
    ends = box(numbers, format)
    assert ends is not None
    held = stored(numbers, format)
    width = ends[:, 1] - ends[:, 0]
    assert (ends[:, 0] <= numbers).all() and (numbers <= ends[:, 1]).all() and (width > 0).all()
    for inside in (ends[:, 0] + 1e-6 * width, ends[:, 1] - 1e-6 * width, ends.mean(axis=1)):
        np.testing.assert_array_equal(stored(inside, format), held)
    for outside in (ends[:, 0] - 1e-6 * width, ends[:, 1] + 1e-6 * width):
        assert (stored(outside, format) != held).all()
    assert box(np.array([1.0, 1.01 * largest(format)]), format) is None


def plainly(weights: Array, values: Array, format: Format) -> tuple[float, float, float]:
    """The least and the most of the top, and its least lead, by programmes in inequalities."""
    ends = box(weights @ values, format)
    assert ends is not None
    n, top = len(weights), int(weights.argmax())
    unit = np.abs(ends).max(axis=1)[:, None] + 1e-300
    rows, right = np.vstack([values.T / unit, -values.T / unit]), np.concatenate([ends[:, 1], -ends[:, 0]])
    right = right / np.concatenate([unit, unit])[:, 0]

    def least(cost: Array) -> float:
        found = linprog(cost, A_ub=rows, b_ub=right, A_eq=np.ones((1, n)), b_eq=[1.0], method="highs")
        assert found.status == 0 and found.fun is not None
        return float(found.fun)

    unit_top = np.eye(n)[top]
    leads = [least(unit_top - np.eye(n)[other]) for other in range(n) if other != top]
    return least(unit_top), -least(-unit_top), min(leads)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("scale", [1.0, 1e-3, 300.0])
def test_the_bounds_and_the_verdict_are_those_of_plain_programmes(format: Format, scale: float) -> None:
    draw = rng(2)
    certain = []
    for sharp in (0.5, 2.0, 2.0, 4.0, 4.0, 8.0):
        weights = np.exp(sharp * draw.standard_normal(9))
        weights /= weights.sum()
        values = scale * (draw.standard_normal((9, 3)) + 1)
        found, (low, high, lead) = rounded_top(weights, values, format), plainly(weights, values, format)
        assert found is not None
        assert abs(found.low - low) < 1e-5 and abs(found.high - high) < 1e-5
        assert found.certified == (lead > 0) and abs(lead) > 1e-5
        certain.append(found.certified)
    assert 0 < sum(certain) < 6


def test_coarser_formats_leave_more_open() -> None:
    draw = rng(3)
    values, weights = draw.standard_normal((40, 12)), draw.dirichlet(np.full(40, 0.3), size=6)
    exact, certified = fibre_intervals(weights, values, positions="top")[:, 0], top_certified(weights, values)
    for i, row in enumerate(weights):
        found = [rounded_top(row, values, format) for format in FORMATS]
        ends = [exact[i], *[(one.low, one.high) for one in found if one is not None]]
        assert len(ends) == 4
        for (low, high), (lower, higher) in pairwise(ends):
            assert lower <= low + 1e-6 and high <= higher + 1e-6
        kept = [bool(certified.certified[i]), *[one.certified for one in found if one is not None]]
        assert kept == sorted(kept, reverse=True)


def test_the_least_cases() -> None:
    alone = rounded_top(np.ones(1), np.ones((1, 2)), "bfloat16")
    assert alone is not None and alone.certified and (alone.low, alone.high) == (1.0, 1.0)
    twins = rounded_top(np.array([0.9, 0.1]), np.ones((2, 2)), "float16")
    assert twins is not None and not twins.certified and (twins.low, twins.high) == (0.0, 1.0)
    zeros = rounded_top(np.array([0.9, 0.1]), np.zeros((2, 2)), "float16")
    assert zeros is not None and (zeros.low, zeros.high) == (0.0, 1.0)
    assert rounded_top(np.ones(1), np.full((1, 2), 1e6), "float16") is None
