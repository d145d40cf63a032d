"""The law of the number of rivals at any scale of the query: against many digits, exact counts, and its limits."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from attnlab.identifiability import expected_rivals
from attnlab.oracles.rivals import on_a_line, rate, rivals_counted
from attnlab.theory.rivals import _rate, estimated_rivals, whitened
from attnlab.theory.two_patterns import apart

THREE = [[0.0], [1.0], [3.0]]


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1.0, 30.0, 1e3])
def test_the_rate_has_its_digits_at_every_scale(scale: float) -> None:
    """Held against thousands of digits, near the query and near 0."""
    rng = np.random.default_rng(7)
    for e in (1, 2, 3, 4):
        keys, query = rng.standard_normal((6, e)), scale * rng.standard_normal(e)
        span, given = whitened(query, keys)
        for from_query in (True, False):
            step = rng.standard_normal(e) * rng.choice([1e-6, 1.0, 10.0])
            there = (given + step, step) if from_query else (step, step - given)
            got = _rate(apart(span, given, there[0][None], there[1][None]), False)[0]
            with mpmath.workdps(3000 if scale > 100 else 300):
                exact = [mpmath.mpf(float(x)) for x in step]
                if from_query:
                    exact = [x + mpmath.mpf(float(q)) for x, q in zip(exact, given, strict=True)]
                want = float(rate(exact, given, span))
            rounding = 1e-12 + 1e-13 * scale  # of the logits, against a rate of order 1
            assert got == pytest.approx(want, rel=1e-6, abs=rounding), (e, from_query, step)


@pytest.mark.parametrize("query", [1e-3, 0.7, 12.0])
def test_on_a_line_the_law_is_the_integral(query: float) -> None:
    keys = np.random.default_rng(3).standard_normal(3)
    keys[0] = keys[1] - 0.8
    assert expected_rivals([query], keys[:, None]).value == pytest.approx(
        on_a_line(query, keys, 7, 400), abs=2e-7
    )


@pytest.mark.parametrize("power", [-20, -1, 0, 1, 4, 30])
def test_on_a_line_it_is_the_exact_count(power: int) -> None:
    """By Sturm's theorem, in whole numbers: `exp(q) = 2^power`."""
    rng, trials = np.random.default_rng(power + 50), 1500
    keys = [0, 1, 3, 4]
    drawn = np.rint(rng.standard_normal((trials, 4)) * 4096).astype(int)
    counts = [rivals_counted([Fraction(int(v)) for v in row], keys, Fraction(2) ** power) for row in drawn]
    law = expected_rivals([power * math.log(2)], [[float(k)] for k in keys]).value
    assert abs(np.mean(counts) - law) < 4 * np.std(counts) / math.sqrt(trials)


def test_a_sharp_query_among_three_has_one_rival_in_three_draws() -> None:
    """In the limit the top's value lies between the two others, or not: `0.391` was once said at 20."""
    for query in (15.0, 20.0, 1e3, 1e4, 1e200):
        assert expected_rivals([query], THREE).value == pytest.approx(1 / 3, abs=1e-6)
        assert expected_rivals([-query], THREE, other_top=True).value <= 1 / 3 + 1e-9
    assert expected_rivals([0.0], THREE).value == pytest.approx(1 / 3, abs=1e-9)


@pytest.mark.parametrize(("e", "draws"), [(1, 2), (2, 4000)])
def test_there_is_no_scale_at_which_it_breaks(e: int, draws: int) -> None:
    rng = np.random.default_rng(2)
    keys, query = rng.standard_normal((16, e)), rng.standard_normal(e)
    values = [
        expected_rivals(scale * query, keys, draws=draws).value for scale in (0.0, 1e-300, 1e-8, 1e4, 1e200)
    ]
    assert values[:3] == pytest.approx([values[0]] * 3, rel=1e-6) and values[3] == pytest.approx(values[4])
    assert 0 < values[3] < values[0] < 16
    for factor in (1e-150, 1e150):
        moved = expected_rivals(query / factor, keys * factor, draws=draws)
        assert moved.value == pytest.approx(expected_rivals(query, keys, draws=draws).value, rel=1e-6)
    with pytest.raises(ValueError, match="products of query and keys"):
        expected_rivals(query * 1e200, keys * 1e150)


def test_the_mean_over_queries_of_variance_a_thousand_is_no_hundreds() -> None:
    """(e = 2, queries of deviation 1/.03): the mean was once 535, for a law below 1."""
    rng = np.random.default_rng(0)
    values = [
        estimated_rivals(rng.standard_normal(2) / 0.03, rng.standard_normal((8, 2)), draws=4000).value
        for _ in range(20)
    ]
    assert 0.05 < np.mean(values) < 1


def test_draws_that_miss_the_rivals_are_no_number() -> None:
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(8):
        keys, query = rng.standard_normal((32, 4)), 10 * rng.standard_normal(4)
        try:
            found = expected_rivals(query, keys, draws=2000)
        except FloatingPointError as error:
            assert "of 2000" in str(error) and "more draws" in str(error)
            refused += 1
        else:
            assert found.effective >= 20 and found.error < found.value
    assert 0 < refused < 8
