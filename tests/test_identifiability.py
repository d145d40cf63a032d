"""Certificates against linear programmes and exact arithmetic; the exact laws against counting."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.optimize import linprog, nnls
from scipy.special import ndtr, softmax

from attnlab import problems
from attnlab.identifiability import (
    effective_attention,
    fibre_intervals,
    is_unique,
    nullity,
    orthant_probability,
    softmax_inverse,
    top_certified,
    unique_probability,
    weak_threshold,
)
from attnlab.oracles.ensembles import ENSEMBLES, instance
from attnlab.oracles.programmes import (
    intervals_by_programmes,
    is_unique_by_programme,
    is_unique_exactly,
)
from attnlab.shapes import Array
from attnlab.solvers.nnls import simplex_least_squares
from attnlab.solvers.tableau import minimise


def sparse(trials: int, n: int, k: int, rng: np.random.Generator) -> Array:
    """1/k on k random positions."""
    return (np.argsort(rng.random((trials, n)), axis=1) < k) / k


def dense(trials: int, n: int, rng: np.random.Generator, sharpness: float = 1.0) -> Array:
    """Softmax of Gaussian scores."""
    return np.asarray(softmax(sharpness * rng.standard_normal((trials, n)), axis=1))


# --- Q2: the certificate ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(ENSEMBLES) - {"nearly_duplicated"}))
def test_uniqueness_against_a_linear_programme(name: str) -> None:
    """60 instances a kind of values, up to (64, 16), uneven weights; exact ties and bad scales included.

    Near ties lie below the programme's own tolerance: exact arithmetic has them, below.
    """
    rng = np.random.default_rng(sorted(ENSEMBLES).index(name))
    for t in range(60):
        n, d = ((8, 4), (16, 6), (32, 8), (64, 16))[t % 4]
        support, weights, values = instance(ENSEMBLES[name], n, d, int(rng.integers(1, d // 2 + 1)), rng)
        verdict = is_unique(weights, values)
        assert not verdict.undecided
        assert bool(verdict.unique) == is_unique_by_programme(support, values), (n, d, float(verdict.margin))


def test_500_verdicts_certified_in_exact_arithmetic() -> None:
    """Every kind of values at small sizes, the doubles taken as the rationals they are."""
    rng = np.random.default_rng(1)
    kinds = list(ENSEMBLES.values())
    certified = 0
    for t in range(530):
        n, d = int(rng.integers(4, 11)), int(rng.integers(1, 5))
        k = int(rng.integers(1, min(d + 1, n) + 1))
        support, weights, values = instance(kinds[t % len(kinds)], n, d, k, rng)
        verdict = is_unique(weights, values)
        if not verdict.undecided:
            assert bool(verdict.unique) == is_unique_exactly(support, values), (kinds[t % len(kinds)], n, d)
            certified += 1
    assert certified >= 500


def test_generic_values_are_hardly_ever_undecided() -> None:
    rng = np.random.default_rng(2)
    verdict = is_unique(sparse(20_000, 32, 3, rng), rng.standard_normal((20_000, 32, 8)))
    assert verdict.undecided.mean() < 1e-3
    assert (verdict.margin[verdict.unique] > 0).all()


def test_a_near_tie_is_left_undecided_and_an_exact_one_is_not() -> None:
    """The middle of three points, on a slant: no vertex on their line, 1e-10 off it too close to call."""
    weights = np.array([0.0, 1.0, 0.0])
    for height, unique, undecided in ((0.0, False, False), (1e-10, False, True), (1e-3, True, False)):
        verdict = is_unique(weights, np.array([[-1.0, -1.0], [-height, height], [1.0, 1.0]]))
        assert (bool(verdict.unique), bool(verdict.undecided)) == (unique, undecided)
        assert bool(verdict.not_unique) == (height == 0.0)


def test_what_is_nearly_dependent_is_left_undecided() -> None:
    """A support on a line but for 1e-11; a value on the line of the support but for 1e-11: too close to call.

    The first line runs through the middle of the other values: undecided weights are not taken for unique ones.
    """
    tips = np.array([[0.0, 1.0, 0.0], [0.0, -0.5, 0.8], [0.0, -0.5, -0.8]])
    around = np.concatenate([tips - np.eye(3)[0] * 3, tips + np.eye(3)[0] * 3])
    line = np.array([[-1.0, 0.0, 0.0], [0.0, 1e-11, 0.0], [1.0, 0.0, 0.0]])
    weights, values = np.array([0.3, 0.5, 0.2, *np.zeros(6)]), np.concatenate([line, around]) + 0.1
    assert is_unique(weights, values).undecided
    assert fibre_intervals(weights, values)[1] == pytest.approx([0.0, 1.0], abs=0.1)
    assert not top_certified(weights, values).certified
    beyond = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0 + 1e-11], [0.0, 1.0]])
    assert is_unique([0.5, 0.5, 0.0, 0.0], beyond).undecided


def test_a_value_next_to_a_supporting_one_is_told_from_it() -> None:
    """Steps of 1e-8 and 1e-11 from any supporting value, measured from the nearest: decided, and exactly so."""
    rng = np.random.default_rng(15)
    answers = set()
    for t in range(60):
        values = rng.standard_normal((8, 4))
        values[7] = values[t % 2] + (1e-8, 1e-11)[t // 2 % 2] * rng.standard_normal(4)
        support = np.arange(8) < 2
        verdict = is_unique(support / 2, values)
        assert not verdict.undecided
        assert bool(verdict.unique) == is_unique_exactly(support, values)
        answers.add(bool(verdict.unique))
    assert answers == {False, True}


CELLS = [
    (5, 2, 1), (5, 3, 2), (8, 2, 1), (8, 4, 1), (8, 4, 2), (8, 4, 3), (12, 3, 1), (12, 3, 2), (16, 4, 1),
    (16, 4, 2), (16, 8, 3), (16, 8, 5), (32, 4, 1), (32, 8, 2), (32, 8, 4), (32, 16, 6), (64, 8, 1),
    (64, 16, 4), (64, 16, 8), (64, 32, 12), (64, 2, 1),
]  # fmt: skip


def test_counting_agrees_with_the_exact_probability() -> None:
    """21 cells, 2,000 draws each, every one within 3 sigma."""
    rng, worst = np.random.default_rng(3), 0.0
    for n, d, k in CELLS:
        rate = is_unique(sparse(2000, n, k, rng), rng.standard_normal((2000, n, d))).unique.mean()
        law = unique_probability(n, d, k)
        worst = max(worst, abs(rate - law) / math.sqrt(law * (1 - law) / 2000))
    assert worst < 3


def test_counting_agrees_with_wendel() -> None:
    """Without the sum: the origin joins the values, and the support."""
    rng = np.random.default_rng(4)
    for n, d, k in ((8, 4, 1), (8, 4, 3), (16, 6, 2), (24, 12, 2)):
        weights = np.concatenate([sparse(3000, n, k, rng) / 2, np.full((3000, 1), 0.5)], axis=1)
        values = np.concatenate([rng.standard_normal((3000, n, d)), np.zeros((3000, 1, d))], axis=1)
        law = orthant_probability(n, d, k)
        assert (
            abs(is_unique(weights, values).unique.mean() - law) < 3 * math.sqrt(law * (1 - law) / 3000) + 1e-9
        )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(1, 6))
def test_laws_of_the_verdict(seed: int, n: int, d: int) -> None:
    """It depends on the support alone, not on affine coordinates or order; subsets of a face are faces."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, n + 1))
    weights, values = sparse(1, n, k, rng)[0], rng.standard_normal((n, d))
    verdict = is_unique(weights, values)
    uneven = np.where(weights > 0, rng.dirichlet(np.full(n, 0.2)) + 1e-12, 0.0)
    turned = values @ (rng.standard_normal((d, d)) + 3 * np.eye(d)) + rng.standard_normal(d)
    order = rng.permutation(n)
    for other in (
        is_unique(uneven / uneven.sum(), values),
        is_unique(weights, turned),
        is_unique(weights[order], values[order]),
    ):
        assert other.unique == verdict.unique
    if verdict.unique and k > 1:
        fewer = weights.copy()
        fewer[np.flatnonzero(weights)[0]] = 0.0
        assert is_unique(fewer / fewer.sum(), values).unique
    assert not (n <= d + 1 and not verdict.unique), "affinely independent values determine every weight"


def test_masked_positions_do_not_exist() -> None:
    """Trials of different lengths: the same as each one cut to what is visible, whatever lies in the padding."""
    rng = np.random.default_rng(5)
    lengths = np.array([4, 7, 12, 20])
    mask = np.arange(20) < lengths[:, None]
    values = np.where(mask[..., None], rng.standard_normal((4, 20, 4)), 1e6)
    hot = np.where(mask, 0.0, 7.0)
    hot[:, 2] = 1.0
    spread = np.where(mask, dense(4, 20, rng), 0.0)
    spread /= spread.sum(axis=1, keepdims=True)
    unique, bounds = is_unique(hot, values, mask), fibre_intervals(spread, values, mask)
    top, null = top_certified(spread, values, mask).certified, nullity(values, mask)
    seen = effective_attention(spread, values, mask=mask)
    for i, length in enumerate(lengths):
        v, a = values[i, :length], spread[i, :length]
        assert unique.unique[i] == is_unique(hot[i, :length], v).unique
        assert np.allclose(bounds[i, :length], fibre_intervals(a, v), atol=1e-9)
        assert (bounds[i, length:] == 0).all()
        assert top[i] == top_certified(a, v).certified
        assert (null.affine_rank[i], null.affine_null[i]) == (min(length, 5), max(0, length - 5))
        assert np.allclose(seen[i, :length], effective_attention(a, v))
        assert (seen[i, length:] == 0).all()


def test_pieces_and_shared_values_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    weights, values = sparse(30, 12, 2, rng).reshape(5, 6, 12), rng.standard_normal((5, 1, 12, 4))
    whole = is_unique(weights, values)
    bounds = fibre_intervals(weights, values)
    alone = np.array([[is_unique(weights[i, j], values[i, 0]).unique for j in range(6)] for i in range(5)])
    monkeypatch.setattr(problems, "CHUNK", 200)
    assert whole.unique.shape == (5, 6)
    assert (is_unique(weights, values).unique == whole.unique).all()
    assert (alone == whole.unique).all()
    assert np.array_equal(fibre_intervals(weights, values), bounds)
    shared = is_unique(weights, values[0, 0])
    assert (shared.unique[0] == whole.unique[0]).all()


@pytest.mark.parametrize(
    ("weights", "values", "words"),
    [
        (np.ones(3) / 3, np.full((3, 2), np.nan), "finite"),
        (np.array([1.5, -0.5, 0.0]), np.eye(3), "weights >= 0"),
        (np.array([0.5, 0.0, 0.0]), np.eye(3), "sum to 1"),
        (np.ones(3) / 3, np.eye(4), "values"),
    ],
)
def test_doubt_at_the_door(weights: Array, values: Array, words: str) -> None:
    for question in (is_unique, fibre_intervals, top_certified):
        with pytest.raises(ValueError, match=words):
            question(weights, values)
    with pytest.raises(ValueError, match="visible"):
        is_unique(np.ones(2) / 2, np.eye(2), np.zeros(2, dtype=bool))


def test_degenerate_shapes() -> None:
    """One position; equal values."""
    assert is_unique([1.0], [[2.0]]).unique
    assert is_unique([1.0, 0.0], np.zeros((2, 3))).not_unique
    assert np.allclose(fibre_intervals([0.3, 0.7], np.zeros((2, 3))), [[0, 1], [0, 1]])
    assert np.allclose(fibre_intervals([0.3, 0.7], [[0.0], [1.0]]), [[0.3, 0.3], [0.7, 0.7]])
    assert top_certified([0.3, 0.7], np.zeros((2, 3))).refuted


# --- Q2, by how much ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "d", "sharpness", "count"),
    [(5, 4, 1, 3), (8, 4, 1, 8), (8, 4, 5, 8), (16, 3, 2, 4), (32, 8, 3, 2), (40, 16, 1, 1)],
)
def test_intervals_against_linear_programmes(n: int, d: int, sharpness: float, count: int) -> None:
    rng = np.random.default_rng(n)
    for made in (ENSEMBLES["gaussian"], ENSEMBLES["duplicated"], ENSEMBLES["unequal"]):
        values = np.stack([made(n, d, rng) for _ in range(count)])
        weights = dense(count, n, rng, sharpness)
        ours = fibre_intervals(weights, values)
        assert ((ours[..., 0] <= weights) & (weights <= ours[..., 1])).all()
        scaled = values / np.abs(values).max(axis=1, keepdims=True)  # the same fibre, fit for the programme
        theirs = np.stack([intervals_by_programmes(weights[i], scaled[i]) for i in range(count)])
        assert np.abs(ours - theirs).max() < 1e-8
        gaps = ours[..., 1] - ours[..., 0]
        assert (gaps.max(axis=1) < 1e-9).all() == (n <= d + 1 and made is not ENSEMBLES["duplicated"])


def test_intervals_of_sparse_weights_are_exact_on_degenerate_vertices() -> None:
    """Sparse weights put the output on a face where they are not unique too."""
    rng = np.random.default_rng(7)
    weights, values = sparse(12, 16, 3, rng), rng.standard_normal((12, 16, 4))
    ours = fibre_intervals(weights, values)
    theirs = np.stack([intervals_by_programmes(a, v) for a, v in zip(weights, values, strict=True)])
    assert np.abs(ours - theirs).max() < 1e-8
    widths = (ours[..., 1] - ours[..., 0]).max(axis=1)
    assert ((widths < 1e-9) == is_unique(weights, values).unique).all()


def test_the_certified_top_against_linear_programmes() -> None:
    rng = np.random.default_rng(8)
    weights, values = dense(20, 12, rng, 4.0), rng.standard_normal((20, 12, 5))
    certified = top_certified(weights, values).certified
    for a, v, forced in zip(weights, values, certified, strict=True):
        matrix, top = np.vstack([v.T, np.ones(12)]), int(a.argmax())
        lead = min(
            np.asarray(linprog(np.eye(12)[top] - np.eye(12)[j], A_eq=matrix, b_eq=matrix @ a).fun).item()
            for j in range(12)
            if j != top
        )
        assert forced == (lead > 1e-9)
    assert 0 < certified.sum() < 20, "both answers occur"


def test_a_tie_for_the_top_is_certified_where_no_other_weights_have_the_output() -> None:
    values = np.array([[0.0, 1.0], [1.0, 0.0], [-1.0, -1.0], [0.0, 0.0]])
    tied = np.array([0.5, 0.5, 0.0, 0.0])
    assert is_unique(tied, values).unique
    assert top_certified(tied, values).certified
    assert top_certified([0.6, 0.4, 0.0, 0.0], values).certified


def test_near_copies_are_told_apart() -> None:
    """Two values 1e-5 to 1e-10 apart, one a vertex: all weight on it stays, as on a copy it would not."""
    rng = np.random.default_rng(16)
    others = rng.standard_normal((6, 2)) + 4.0
    for step in (1e-5, 1e-8, 1e-9, 1e-10):
        values = np.concatenate([[[0.0, 0.0], [step, 0.7 * step]], others])
        weights = np.array([1.0, 0.0, *np.full(6, 1e-20)])
        bounds = fibre_intervals(weights, values)
        assert bounds[0, 0] > 1 - 1e-8, step
        assert bounds[1, 1] < 1e-8, step


def test_programmes_in_turn_on_one_matrix() -> None:
    """Any cost, a moving right side: the optimum of linprog, at a vertex."""
    rng = np.random.default_rng(9)
    matrix = rng.standard_normal((2, 4, 15))
    matrix[:, 0] = 1.0
    points, costs = rng.random((2, 5, 15)), rng.standard_normal((2, 5, 15))
    solutions = minimise(matrix, points, costs)
    for b in range(2):
        for t in range(5):
            right = matrix[b] @ points[b, t]
            best = linprog(costs[b, t], A_eq=matrix[b], b_eq=right).fun
            assert costs[b, t] @ solutions[b, t] == pytest.approx(best, abs=1e-9)
            assert np.abs(matrix[b] @ solutions[b, t] - right).max() < 1e-10
            assert (solutions[b, t] > 0).sum() <= 4
    with pytest.raises(FloatingPointError, match="did not finish"):
        minimise(np.array([[[1.0, -1.0]]]), np.array([[[1.0, 1.0]]]), np.array([[[-1.0, -1.0]]]))


def test_simplex_least_squares_is_optimal() -> None:
    """Optimality: the gradient is constant on the support and no smaller off it; and what scipy's NNLS finds."""
    rng = np.random.default_rng(10)
    for n, d in ((3, 5), (12, 4), (40, 16)):
        values, outputs = rng.standard_normal((30, n, d)), 1.5 * rng.standard_normal((30, d)) / np.sqrt(d)
        mask = rng.random((30, n)) < 0.8
        mask[:, 0] = True
        b, certified = simplex_least_squares(outputs, values, mask)
        assert certified.all()
        assert (b[~mask] == 0).all()
        assert b.min() >= 0
        assert np.abs(b.sum(axis=1) - 1).max() < 1e-12
        left = np.matmul(b[:, None], values)[:, 0] - outputs
        slope = np.matmul(values, left[..., None])[..., 0]
        level = (b * slope).sum(axis=1, keepdims=True)
        assert np.where(mask, slope - level, 0.0).min() > -1e-10
        assert np.abs(np.where(b > 0, slope - level, 0.0)).max() < 1e-10
        i = 0
        heavy = np.vstack([values[i][mask[i]].T, np.full(mask[i].sum(), 1e5)])
        theirs = nnls(heavy, np.append(outputs[i], 1e5))[0]
        assert np.linalg.norm(left[i]) == pytest.approx(
            np.linalg.norm(values[i][mask[i]].T @ theirs - outputs[i]), abs=1e-6
        )  # the heavy row is biased by about 1e-5 squared


# --- Q1 ---------------------------------------------------------------------------------------------------


def test_the_affine_threshold() -> None:
    """Null dimension max(0, n - d - 1) with the row of ones, n - d without; repeated rows cost one each."""
    rng = np.random.default_rng(11)
    for n, d in ((4, 4), (5, 4), (6, 4), (512, 64)):
        found = nullity(rng.standard_normal((n, d)))
        assert (int(found.affine_null), int(found.null)) == (max(0, n - d - 1), max(0, n - d))
    found = nullity(np.repeat(rng.standard_normal((5, 8)), 2, axis=0))
    assert (int(found.affine_rank), int(found.affine_null)) == (5, 5)
    assert found.affine_gap > 1e10
    assert nullity(rng.standard_normal((3, 2, 6, 4))).rank.shape == (3, 2)


def test_effective_attention() -> None:
    """Same output, idempotent, signed, sums to 1 only with the ones; a itself where n <= rank."""
    rng = np.random.default_rng(12)
    a, v = dense(5, 20, rng), rng.standard_normal((5, 20, 6))
    for ones in (True, False):
        seen = effective_attention(a, v, sum_constraint=ones)
        assert np.allclose(np.matmul(seen[:, None], v), np.matmul(a[:, None], v), atol=1e-12)
        assert np.allclose(effective_attention(seen, v, sum_constraint=ones), seen, atol=1e-12)
        assert np.allclose(seen.sum(axis=1), 1, atol=1e-12) == ones
        assert (np.linalg.norm(seen, axis=1) < np.linalg.norm(a, axis=1)).all()
    assert np.allclose(effective_attention(a[:, :7] / a[:, :7].sum(1, keepdims=True), v[:, :7]).sum(1), 1)
    few = a[:, :6] / a[:, :6].sum(axis=1, keepdims=True)
    assert np.allclose(effective_attention(few, v[:, :6], sum_constraint=False), few, atol=1e-10)


# --- exact laws ---------------------------------------------------------------------------------------------


def test_the_exact_probability() -> None:
    """Values in the literature's convention, and the borders."""
    spots = {
        (5, 2, 1): 0.82452,
        (5, 3, 2): 0.87065,
        (64, 2, 1): 0.12982,
        (64, 16, 4): 0.92545,
        (64, 16, 8): 0.17444,
    }
    for (n, d, k), value in spots.items():
        assert unique_probability(n, d, k) == pytest.approx(value, abs=5e-6)
    for n in (2, 5, 1024):
        assert unique_probability(n, n - 1, 1) == unique_probability(n, n + 3, n) == 1.0
    assert unique_probability(12, 6, 7) == 0.0
    # on a line the two ends of n points are vertices: 2/n
    for n in (3, 10, 1000):
        assert unique_probability(n, 1, 1) == pytest.approx(2 / n, abs=1e-12)
    # fewer positions attended, more often unique
    curve = [unique_probability(1024, 64, k) for k in (1, 4, 8, 16, 64)]
    assert all(high >= low for high, low in itertools.pairwise(curve))
    assert 0 <= min(curve) <= max(curve) <= 1


@pytest.mark.parametrize("n", [7, 64, 1024])
def test_the_faces_of_a_random_polytope_add_up(n: int) -> None:
    """Counts of vertices, edges, triangles: Euler, Dehn and Sommerville; and the edges of a polygon one by one."""
    f = [math.comb(n, k) * unique_probability(n, 2, k) for k in (1, 2)]
    assert f[0] == pytest.approx(f[1], rel=1e-9)
    f = [math.comb(n, k) * unique_probability(n, 3, k) for k in (1, 2, 3)]
    assert f[0] - f[1] + f[2] == pytest.approx(2, abs=1e-7)
    assert 2 * f[1] == pytest.approx(3 * f[2], rel=1e-9)
    # Renyi & Sulanke 1963: an edge has all other points on one side of its line
    height = np.linspace(-9, 9, 4001)
    sides = np.exp(-(height**2)) / math.sqrt(math.pi) * 2 * ndtr(height) ** (n - 2)
    assert unique_probability(n, 2, 2) == pytest.approx(trapezoid(sides, height), abs=1e-8)


def test_the_asymptotic_curve() -> None:
    z = np.linspace(0, 12, 2_000_001)
    g = (1 + z**2) * ndtr(-z) - z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    for delta in (1e-6, 0.03, 0.25, 0.9):  # the closed form, maximised by looking everywhere
        assert weak_threshold(delta) == pytest.approx(((1 - g / delta) / (1 + z**2 - g)).max(), abs=1e-9)
    for delta, rho in ((0.5, 0.5582), (0.25, 0.3651), (0.1, 0.2410)):
        assert weak_threshold(delta) == pytest.approx(rho, abs=5e-5)
    deltas = [1e-4, 1e-2, 0.1, 0.5, 0.9, 1.0]
    curve = [weak_threshold(delta) for delta in deltas]
    assert curve == sorted(curve) and curve[-1] == 1.0
    # the exact probability crosses one half near it, from above, at large n
    assert (
        unique_probability(1000, 500, round(0.53 * 500))
        > 0.5
        > unique_probability(1000, 500, round(0.59 * 500))
    )
    with pytest.raises(ValueError, match="delta"):
        weak_threshold(1.5)


def test_wendel_by_whole_numbers() -> None:
    for n, d, k in ((8, 4, 2), (20, 10, 3), (64, 16, 4)):
        total = sum(math.comb(n - k - 1, i) for i in range(n - d))
        assert orthant_probability(n, d, k) == pytest.approx(1 - total / 2 ** (n - k - 1), abs=1e-12)
        assert orthant_probability(n, d, k) <= unique_probability(n, d, k) + 1e-12
    assert orthant_probability(4, 4, 4) == 1.0
    assert orthant_probability(9, 4, 4) == 0.0


# --- Q3 ---------------------------------------------------------------------------------------------------


def test_keys_that_the_values_determine_give_the_weights_back() -> None:
    """For every n, from one start, also with an offset and a mask: the exponential-family theorem."""
    rng = np.random.default_rng(13)
    keys, queries = rng.standard_normal((6, 40, 4)), rng.standard_normal((6, 4))
    values = keys @ rng.standard_normal((6, 4, 5)) + rng.standard_normal((6, 1, 5))
    mask = np.arange(40) < np.array([40, 40, 30, 20, 10, 7])[:, None]
    weights = softmax(np.where(mask, np.matmul(keys, queries[..., None])[..., 0], -np.inf), axis=1)
    found = softmax_inverse(np.matmul(weights[:, None], values)[:, 0], values, keys, mask)
    assert found.determined.all()
    assert (found.count == 1).all()
    assert np.abs(found.weights[:, 0] - weights).max() < 1e-9
    assert np.abs(found.queries[:, 0] - queries).max() < 1e-7
    assert (found.condition[:, 0] >= 1).all()
    assert np.isnan(found.weights[:, 1:]).all()


def test_values_that_nearly_determine_the_keys_do_not() -> None:
    """Nor is what nearly has the output a solution: with d = e + 1 almost no output has one."""
    rng = np.random.default_rng(17)
    keys, queries = rng.standard_normal((6, 24, 3)), rng.standard_normal((6, 3))
    values = keys @ rng.standard_normal((6, 3, 4)) + 1e-4 * rng.standard_normal((6, 24, 4))
    weights = softmax(np.matmul(keys, queries[..., None])[..., 0], axis=1)
    outputs = np.matmul(weights[:, None], values)[:, 0]
    found = softmax_inverse(outputs, values, keys, starts=4)
    assert not found.determined.any()
    assert (found.count == 1).all()
    moved = outputs + 1e-5 * rng.standard_normal(outputs.shape)
    assert (softmax_inverse(moved, values, keys, starts=4).count == 0).all()


def test_solutions_of_independent_keys() -> None:
    """d = e: several queries can share an output, each reported once and each with the output; d = e + 1: one."""
    rng = np.random.default_rng(14)
    keys, queries = rng.standard_normal((12, 24, 3)), rng.standard_normal((12, 3))
    weights = softmax(np.matmul(keys, queries[..., None])[..., 0], axis=1)
    for d in (3, 4):
        values = rng.standard_normal((12, 24, d))
        outputs = np.matmul(weights[:, None], values)[:, 0]
        found = softmax_inverse(outputs, values, keys, starts=10)
        assert not found.determined.any()
        for i in range(12):
            solutions = found.weights[i, : found.count[i]]
            assert np.abs(solutions @ values[i] - outputs[i]).max(initial=0.0) < 1e-8
            logits = keys[i] @ found.queries[i, : found.count[i]].T
            assert np.abs(softmax(logits, axis=0).T - solutions).max(initial=0.0) < 1e-9
            apart = np.abs(solutions[:, None] - solutions).sum(axis=-1) / 2 + np.eye(len(solutions))
            assert (apart > 1e-6).all()
        if d == 3:
            assert found.count.max() > 1
        else:
            assert found.count.max() == 1
            own = np.flatnonzero(found.count == 1)
            assert np.abs(found.weights[own, 0] - weights[own]).max() < 1e-7
