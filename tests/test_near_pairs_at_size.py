"""The promise of fibre_intervals for values that nearly coincide, at n = 64 and d = 16, against exact bases."""

from __future__ import annotations

import numpy as np
import pytest
from test_near_pairs import problem

from attnlab.identifiability import fibre_intervals
from attnlab.oracles.intervals import interval_exactly
from attnlab.oracles.optimal_basis import interval_by_basis


def test_proved_bases_give_what_pivots_in_fractions_give() -> None:
    for kind, step in (("one", 1e-5), ("all", 1e-9), ("vertex", 1e-11)):
        weights, values = problem(10, 3, step, 2.0, kind, 1)
        for at in (0, 1, 9):
            assert interval_by_basis(weights, values, at) == interval_exactly(weights, values, at)


@pytest.mark.parametrize("step", [1e-5, 1e-8, 1e-10, 1e-11])
@pytest.mark.parametrize("kind", ["one", "all"])
def test_the_promise_of_the_intervals(kind: str, step: float) -> None:
    for sharpness in (1.0, 3.0):  # sharper ones leave HiGHS no basis to begin with
        weights, values = problem(64, 16, step, sharpness, kind, 0)
        got = fibre_intervals(weights, values)
        for at in (0, 1, 63):
            exact = interval_by_basis(weights, values, at)
            near = at < 2 or kind == "all"
            allowed = 1e-9 + (1e-12 / step if near else 0.0)
            assert np.abs(got[at] - exact).max() <= allowed, (sharpness, at, got[at], exact)
