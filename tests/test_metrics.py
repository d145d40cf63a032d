"""Metrics against closed forms and other definitions of the same thing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from attnlab import metrics
from attnlab.shapes import Array


def patterns(seed: int, n: int, concentration: float) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    drawn = rng.dirichlet(np.full(n, concentration), size=(2, 5))
    return drawn[0], drawn[1]


simplex_pairs = st.builds(
    patterns, st.integers(0, 2**31), st.integers(2, 40), st.sampled_from([0.05, 1.0, 20.0])
)


@settings(max_examples=60, deadline=None)
@given(simplex_pairs)
def test_divergence_is_the_entropy_gained_by_mixing_and_obeys_its_bounds(pair: tuple[Array, Array]) -> None:
    a, b = pair
    bits = metrics.jsd_bits(a, b)
    gain = (
        entropy((a + b) / 2, base=2, axis=1) - (entropy(a, base=2, axis=1) + entropy(b, base=2, axis=1)) / 2
    )
    np.testing.assert_allclose(
        bits, gain, atol=1e-12
    )  # Lin 1991: the entropy of the mixture less the mean one
    np.testing.assert_allclose(bits, metrics.jsd_bits(b, a), atol=1e-12)
    distance = metrics.total_variation(a, b)
    assert np.all(bits <= distance + 1e-12)  # JSD in bits <= TV (Lin 1991, theorem 3)
    assert np.all(bits >= distance**2 / (2 * np.log(2)) - 1e-12)  # Pinsker towards the middle


def test_disjoint_supports_reach_the_ceiling_and_nothing_else_does() -> None:
    a = np.array([[0.3, 0.7, 0.0, 0.0], [0.3, 0.7, 0.0, 0.0]])
    b = np.array([[0.0, 0.0, 0.5, 0.5], [1e-6, 0.0, 0.5, 0.499999]])
    bits = metrics.jsd_bits(a, b)
    assert bits[0] == pytest.approx(1.0, abs=1e-15) and bits[1] < 1 - 1e-7
    assert metrics.total_variation(a, b)[0] == pytest.approx(1.0, abs=1e-15)


def test_signed_estimates_are_read_by_their_positive_part() -> None:
    a, b = np.array([[0.5, 0.5, 0.0]]), np.array([[0.6, 0.6, -0.2]])
    assert metrics.jsd_bits(a, b)[0] == pytest.approx(0.0, abs=1e-15)
    assert metrics.negative_mass(b)[0] == pytest.approx(0.2)
    assert metrics.total_variation(a, b)[0] == pytest.approx(0.2)


def test_entropy_agrees_with_scipy_and_its_extremes() -> None:
    a = np.array([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.1, 0.2, 0.3, 0.4]])
    np.testing.assert_allclose(metrics.entropy_bits(a), entropy(a, base=2, axis=1), atol=1e-14)


def test_rounding_breaks_no_tie() -> None:
    a, b = np.array([[0.1 + 0.2, 0.3, 0.4 - 0.2]]), np.array([[0.2, 0.5, 0.3]])
    assert a[0, 0] != a[0, 1]
    assert (
        metrics.top1(a, b)[0] and not metrics.argmax_flip(a, b)[0] and metrics.top1_chance(a, a > 0)[0] > 0.5
    )


def test_ties_count_for_neither_side() -> None:
    a = np.array([[0.5, 0.5, 0.0], [0.6, 0.4, 0.0]])
    b = np.array([[0.1, 0.8, 0.1], [0.1, 0.8, 0.1]])
    assert metrics.top1(a, b).tolist() == [True, False]
    assert metrics.argmax_flip(a, b).tolist() == [False, True]
    np.testing.assert_allclose(metrics.top1_chance(a, np.ones((2, 3), dtype=bool)), [2 / 3, 1 / 3])


def test_recall_counts_the_k_largest_and_is_no_value_where_it_could_not_fail() -> None:
    a = np.array([[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0.0, 0.0]])
    b = np.array([[0.4, 0.0, 0.5, 0.1], [0.7, 0.1, 0.1, 0.1], [0.4, 0.6, 0.0, 0.0]])
    mask = np.array([[True] * 4, [True] * 4, [True, True, False, False]])
    np.testing.assert_array_equal(metrics.support_recall(a, b, mask), [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(metrics.support_chance(a, mask), [0.5, np.nan, np.nan])


def test_recall_of_a_random_ranking_is_its_chance() -> None:
    rng = np.random.default_rng(0)
    a = np.zeros((4000, 10))
    a[:, :3] = 1 / 3
    mask = np.ones(a.shape, dtype=bool)
    recall = metrics.support_recall(a, rng.random(a.shape), mask)
    # variance of a hypergeometric share: k=3 of n=10, 3 drawn
    deviation = np.sqrt(0.3 * 0.7 * 7 / 9 / 3 / 4000)
    assert abs(recall.mean() - metrics.support_chance(a, mask)[0]) < 4 * deviation


def test_recall_never_ranks_a_masked_position() -> None:
    a, b = np.array([[0.0, 1.0, 0.0]]), np.array([[0.0, -0.1, -0.9]])
    mask = np.array([[False, True, True]])
    assert metrics.support_recall(a, b, mask)[0] == 1.0


def test_tail_mass_and_relative_gap() -> None:
    a = np.array([[0.1, 0.4, 0.3, 0.2]])
    assert metrics.tail_mass(a, 2)[0] == pytest.approx(0.3)
    assert metrics.tail_mass(a, 9)[0] == 0.0
    values = np.array([[[3.0, 4.0], [3.0, -4.0]]])  # each of size 5
    gap = metrics.relative_gap(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]), values)
    assert gap[0] == pytest.approx(0.2)
    assert metrics.relative_gap(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 3, 1)))[0] == 1.0
