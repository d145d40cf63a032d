"""What each construction says is special about itself, against facts known without it."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from members import member, members
from scipy.optimize import linprog
from scipy.spatial import ConvexHull

from attnlab.attention import logits, output, softmax_weights
from attnlab.collisions import reachable
from attnlab.collisions.caratheodory import Caratheodory
from attnlab.collisions.extreme import Extreme
from attnlab.collisions.farthest import Farthest
from attnlab.collisions.null_step import NullStep
from attnlab.collisions.radon import Radon
from attnlab.collisions.reachable import Reachable
from attnlab.collisions.rounded import Rounded
from attnlab.collisions.transplant import Transplant
from attnlab.collisions.tverberg import Tverberg
from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.tied import Tied
from attnlab.metrics import jsd_bits, total_variation
from attnlab.oracles.exact import confirm_exactly, exact_patterns
from attnlab.parts import Declined, SettingError
from attnlab.shapes import Array, Collision, Sample
from attnlab.solvers import tverberg
from attnlab.solvers.exchange import Exchange, exchange
from attnlab.solvers.exponential_family import fit
from attnlab.solvers.formats import Format, in_range, round_to
from attnlab.solvers.kantorovich import confirmed
from attnlab.theory.antipodal import antipodal_probability, collision_probability


def gaussian(n: int, d: int, e: int, trials: int, seed: int = 0) -> tuple[Sample, Array]:
    """A Gaussian sample and its softmax weights."""
    sample = Gaussian(n=n, d=d, e=e)(trials, np.random.default_rng(seed))
    return sample, softmax_weights(logits(sample.queries, sample.keys, math.sqrt(e)), sample.mask)


def stream(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# A Collision refuses wrong certificates.


def test_a_collision_that_is_none_cannot_be_made() -> None:
    values = np.array([[[0.0], [1.0], [2.0]]])
    right = np.array([[[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]])
    assert Collision(right, values, "simplex").gap == 0
    near = np.array([[[0.5 + 1e-6, 0.0, 0.5 - 1e-6], [0.0, 1.0, 0.0]]])
    negative = np.array([[[0.5, 0.0, 0.5], [1.0, -1.0, 1.0]]])
    for wrong, words in (
        (near, "gap"),
        (right * 1.001, "sum to 1"),
        (negative, "weights >= "),
        (right * np.nan, "sum to 1"),
    ):
        with pytest.raises(ValueError, match=words):
            Collision(wrong, values, "simplex")
    with pytest.raises(ValueError, match="softmax"):
        Collision(right, values, "softmax", queries=np.zeros((1, 2, 1)), keys=np.ones((1, 3, 1)))
    for scale in (1e-200, 1e200):  # the gap is relative at every scale
        with pytest.raises(ValueError, match="gap"):
            Collision(near, scale * values, "simplex")


# Below the affine threshold, and at it.


@pytest.mark.parametrize("n", [2, 5, 8, 9])
def test_nothing_that_shares_generic_values_collides_up_to_d_plus_1(n: int) -> None:
    sample, a = gaussian(n, 8, 3, 20)
    for part in (NullStep(), Radon(), Tverberg(), Caratheodory(), Farthest(), Reachable()):
        with pytest.raises(Declined):
            part(a, sample, stream())
    extreme = Extreme()(a, sample, stream())
    assert not extreme.found.any()
    assert extreme.reached is not None
    np.testing.assert_array_equal(extreme.reached, 0.5)


def test_everything_exact_collides_from_d_plus_2_on() -> None:
    sample, a = gaussian(10, 8, 9, 20)
    for part in (NullStep(), Radon(), Caratheodory(), Farthest()):
        assert part(a, sample, stream()).found.all()


def test_repeated_values_collide_below_the_threshold() -> None:
    sample, a = gaussian(6, 8, 3, 5)
    twice = Sample(sample.queries, sample.keys, sample.values[:, [0, 1, 2, 3, 4, 4]])
    for part in (NullStep(), Radon(), Farthest(), Extreme(pairs="closest")):
        assert part(a, twice, stream()).found.all()


# null_step, radon, tverberg, caratheodory.


def test_null_step_starts_at_the_weights_and_ends_on_the_border() -> None:
    sample, a = gaussian(20, 4, 4, 50)
    pair = NullStep()(a, sample, stream())
    np.testing.assert_array_equal(pair.patterns[:, 0], a)
    assert (pair.patterns[:, 1].min(axis=1) <= 1e-15).all()
    assert (pair.patterns[:, 1] > 1e-12).sum(axis=1).min() == 19  # an edge is reached, not a corner


@pytest.mark.parametrize(("n", "d"), [(3, 1), (10, 8), (64, 16)])
def test_radon_patterns_are_disjoint_and_as_far_apart_as_can_be(n: int, d: int) -> None:
    sample, a = gaussian(n, d, 2, 200)
    pair = Radon()(a, sample, stream())
    first, second = pair.patterns[:, 0], pair.patterns[:, 1]
    assert not (first * second).any()
    np.testing.assert_allclose(total_variation(first, second), 1, rtol=0, atol=1e-14)
    np.testing.assert_allclose(jsd_bits(first, second), 1, rtol=0, atol=1e-14)
    assert ((first > 0).sum(axis=1) + (second > 0).sum(axis=1) <= d + 2).all()


def test_radon_by_hand() -> None:
    """The diagonals of a square meet in its centre."""
    square = np.array([[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]])
    sample = Sample(np.ones((1, 1)), np.ones((1, 4, 1)), square)
    pair = Radon()(np.full((1, 4), 0.25), sample, stream())
    halves = {tuple(np.round(row, 12)) for row in pair.patterns[0]}
    assert halves == {(0.5, 0.5, 0, 0), (0, 0, 0.5, 0.5)}
    np.testing.assert_allclose(pair.outputs[0], 0.5, atol=1e-15)


@pytest.mark.parametrize(("d", "r"), [(1, 4), (2, 3), (4, 3), (8, 3), (3, 6), (16, 3)])
def test_tverberg_parts_share_a_point_of_their_hulls(d: int, r: int) -> None:
    n = (r - 1) * (d + 1) + 1
    sample, a = gaussian(n, d, 2, 2)
    parts = Tverberg(patterns=r)(a, sample, stream())
    assert parts.found.all()
    for b in range(sample.trials):
        used = parts.patterns[b] > 0
        assert (used.sum(axis=0) <= 1).all() and used.any(axis=1).all()
        point = parts.outputs[b, 0]
        for part in used:  # an independent programme: the point is in the hull of each part
            rows = np.vstack([sample.values[b, part].T, np.ones(part.sum())])
            assert linprog(np.zeros(part.sum()), A_eq=rows, b_eq=[*point, 1.0], bounds=(0, None)).success
    sample, a = gaussian(n - 1, d, 2, 2)
    with pytest.raises(Declined, match=f"= {n}"):
        Tverberg(patterns=r)(a, sample, stream())


def test_tverberg_does_not_count_a_search_that_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tverberg, "_STEPS", 2)
    parts, found = tverberg.partition(stream().standard_normal((20, 11, 4)), 3, stream())
    assert not found.all()
    outputs = np.matmul(parts, stream().standard_normal((20, 11, 4)))
    apart = np.abs(outputs - outputs[:, :1]).max(axis=(1, 2))
    np.testing.assert_array_equal(found, apart < 1e-9)


def test_tverberg_refuses_what_it_cannot_search() -> None:
    sample, a = gaussian(600, 64, 2, 1)
    with pytest.raises(Declined, match="too large"):
        Tverberg(patterns=9)(a, sample, stream())
    with pytest.raises(SettingError):
        Tverberg(patterns=1)


@pytest.mark.parametrize(("n", "d"), [(7, 5), (30, 4), (64, 16), (40, 1)])
def test_caratheodory_keeps_at_most_d_plus_1_independent_positions(n: int, d: int) -> None:
    sample, a = gaussian(n, d, 3, 20)
    pair = Caratheodory()(a, sample, stream())
    assert pair.found.all()
    for b in range(sample.trials):
        kept = pair.patterns[b, 1] > 0
        lifted = np.column_stack([sample.values[b], np.ones(n)])[kept]
        assert kept.sum() <= d + 1
        assert np.linalg.matrix_rank(lifted) == kept.sum()


def test_caratheodory_leaves_out_copies() -> None:
    sample, a = gaussian(12, 3, 3, 30)
    twice = Sample(sample.queries, sample.keys, np.repeat(sample.values[:, :3], 4, axis=1))
    kept = Caratheodory()(a, twice, stream()).patterns[:, 1] > 0
    for values, used in zip(twice.values, kept, strict=True):
        assert np.linalg.matrix_rank(np.column_stack([values, np.ones(12)])[used]) == used.sum()


# extreme: the linear programme, its certificate, its law.


def programme(values: Array, s: int, t: int) -> float:
    """c* as the question states it: max c with a_s >= c, b_t >= c, V^T a = V^T b, both on the simplex."""
    n, d = values.shape
    equal = np.zeros((d + 2, 2 * n + 1))
    equal[:d, :n], equal[:d, n : 2 * n] = values.T, -values.T
    equal[d, :n] = equal[d + 1, n : 2 * n] = 1
    above = np.zeros((2, 2 * n + 1))
    above[0, s] = above[1, n + t] = -1
    above[:, -1] = 1
    cost = np.zeros(2 * n + 1)
    cost[-1] = -1
    right = [*np.zeros(d), 1, 1]
    solved = linprog(cost, A_ub=above, b_ub=[0, 0], A_eq=equal, b_eq=right, bounds=(0, None))
    assert solved.fun is not None, solved.message
    return -solved.fun


@pytest.mark.parametrize("inputs", [name for name in members("inputs") if name != "tokens"])
@pytest.mark.parametrize("pairs", ["random", "closest", "attended"])
def test_extreme_is_the_optimum_of_the_programme_as_stated(inputs: str, pairs: str) -> None:
    settings = {"rank": 2} if inputs == "low_rank" else {}
    sample = member("inputs", inputs, n=24, d=4, e=4, **settings)(6, stream(1))
    a = softmax_weights(logits(sample.queries, sample.keys, 2.0), sample.mask)
    pair = Extreme(pairs=pairs)(a, sample, stream(2))  # type: ignore[arg-type]
    assert pair.reached is not None
    for b in range(sample.trials):
        s, t = positions(pairs, a[b], sample, pair, b)
        assert pair.reached[b] == pytest.approx(programme(sample.values[b], s, t), abs=1e-8)
        assert pair.found[b] == (pair.reached[b] > 0.5 + 1e-9)
        if pair.found[b]:
            assert pair.patterns[b, 0, s] == pytest.approx(pair.reached[b], abs=1e-12)
            assert pair.patterns[b, 1, t] == pytest.approx(pair.reached[b], abs=1e-12)


def positions(pairs: str, a: Array, sample: Sample, pair: Collision, b: int) -> tuple[int, int]:
    """The pair of trial b; of several closest pairs (repeated values) the one that was taken."""
    n = len(a)
    if pairs == "attended":
        s = int(a.argmax())
        return s, s + 1 if s + 1 < n else s - 1
    if pairs == "closest":
        apart = {ij: math.dist(*sample.values[b, list(ij)]) for ij in itertools.combinations(range(n), 2)}
        nearest = [ij for ij, distance in apart.items() if distance <= min(apart.values()) + 1e-12]
        taken = tuple(int(i) for i in pair.patterns[b].argmax(axis=1))
        return taken if len(nearest) > 1 and taken in nearest else nearest[0]
    order = np.argsort(stream(2).random(sample.mask.shape), axis=1)[b]
    return int(order[0]), int(order[1])


def test_a_common_offset_hides_no_closest_pair() -> None:
    sample, a = gaussian(24, 4, 4, 20)
    far = Sample(sample.queries, sample.keys, sample.values + 1e7)
    near, away = (Extreme(pairs="closest")(a, each, stream()).reached for each in (sample, far))
    assert near is not None and away is not None
    np.testing.assert_allclose(near, away, atol=1e-6)  # values of size 1e7 are rounded to 1e-9


@pytest.mark.parametrize(("n", "d"), [(9, 3), (40, 2), (64, 16), (30, 28)])
def test_the_exchange_certificate_proves_its_length(n: int, d: int) -> None:
    rng = stream(3)
    values = rng.standard_normal((60, n, d))
    s, t = np.zeros(60, dtype=np.int64), np.full(60, 1)
    solved = exchange(values, np.ones((60, n), dtype=bool), s, t)
    assert solved.converged.all()
    for b in range(60):
        lifted = np.column_stack([values[b], np.ones(n)])
        h, z = solved.change[b], solved.levels[b]
        np.testing.assert_allclose(lifted.T @ h, lifted[0] - lifted[1], atol=1e-12)
        # the levels are an affine function of the values, at most 1 in size, and attain |h|
        np.testing.assert_allclose(lifted @ np.linalg.lstsq(lifted, z)[0], z, atol=1e-9)
        assert np.abs(z).max() <= 1 + 1e-9
        assert z[0] - z[1] == pytest.approx(np.abs(h).sum(), abs=1e-9)


def test_an_open_certificate_is_no_optimum() -> None:
    none = np.zeros((2, 3))
    solved = Exchange(none, length=np.array([1.5, np.inf]), levels=none, bound=np.array([1.4, 1.5]))
    assert not solved.converged.any()


def test_the_scale_of_a_single_coordinate_plays_no_part() -> None:
    rng = stream(3)
    values, every = rng.standard_normal((40, 16, 6)), np.ones((40, 16), dtype=bool)
    s, t = np.zeros(40, dtype=np.int64), np.full(40, 1)
    even = exchange(values, every, s, t)
    uneven = exchange(values * 10.0 ** np.array([-9, 6, 0, -3, 6, -8]), every, s, t)
    assert uneven.converged.all()
    np.testing.assert_allclose(uneven.length, even.length, rtol=0, atol=1e-9)


LAW = [(5, 3), (8, 5), (12, 7), (16, 2), (16, 4), (30, 1), (64, 8), (64, 16), (256, 8)]


@pytest.mark.parametrize(("n", "d"), LAW)
def test_the_share_of_possible_scenarios_obeys_the_exact_law(n: int, d: int) -> None:
    trials = 4000 if n < 64 else 1000
    sample = Gaussian(n=n, d=d, e=1)(trials, stream(5))
    pair = Extreme()(np.full((trials, n), 1 / n), sample, stream(6))
    law = collision_probability(n, d)
    assert abs(pair.found.mean() - law) <= 3 * math.sqrt(law * (1 - law) / trials)


@pytest.mark.parametrize("n", [3, 4, 7, 30])
def test_the_law_on_a_line(n: int) -> None:
    """One dimension: antipodal iff the two are the least and the largest of n."""
    assert antipodal_probability(n, 1) == pytest.approx(2 / (n * (n - 1)), rel=1e-9)


@pytest.mark.parametrize("n", [4, 5, 10])
def test_the_law_in_the_plane(n: int) -> None:
    """Every vertex of a polygon in general position is antipodal to as many others as a polygon has pairs:
    k vertices have k antipodal pairs, so the chance is E k / C(n, 2). E k by simulation.
    """
    hulls = [len(ConvexHull(points).vertices) for points in stream(7).standard_normal((3000, n, 2))]
    share = np.array(hulls) / (n * (n - 1) / 2)
    assert abs(antipodal_probability(n, 2) - share.mean()) <= 4 * share.std() / math.sqrt(3000)


@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_the_law_with_one_dependence(d: int) -> None:
    """At n = d + 2 the null space is one line z, uniform in sum 0: L < 2 iff |z_s - z_t| exceeds the rest."""
    z = stream(8).standard_normal((400_000, d + 2))
    z -= z.mean(axis=1, keepdims=True)
    share = (np.abs(z[:, 0] - z[:, 1]) > np.abs(z[:, 2:]).sum(axis=1)).mean()
    law = collision_probability(d + 2, d)
    assert abs(law - share) <= 4 * math.sqrt(law * (1 - law) / len(z))


def test_the_law_at_its_ends() -> None:
    assert antipodal_probability(9, 8) == 1 and collision_probability(9, 8) == 0
    assert collision_probability(5, 0) == pytest.approx(1)  # one output for all weights
    assert antipodal_probability(16, 4) == pytest.approx(0.341, abs=5e-4)
    assert antipodal_probability(64, 8) == pytest.approx(0.474, abs=5e-4)
    assert antipodal_probability(256, 16) == pytest.approx(0.846, abs=5e-4)
    assert collision_probability(16384, 64) == pytest.approx(5e-8, rel=0.02)
    with pytest.raises(ValueError, match="n >= 2"):
        collision_probability(1, 1)


# farthest.


def test_farthest_is_no_nearer_than_any_other_construction() -> None:
    sample, a = gaussian(40, 8, 8, 30)
    far = Farthest()(a, sample, stream())
    reached = jsd_bits(a, far.patterns[:, 1])
    np.testing.assert_array_equal(far.reached, reached)
    for part in (NullStep(), Caratheodory()):
        assert (jsd_bits(a, part(a, sample, stream()).patterns[:, 1]) <= reached + 1e-9).all()


# reachable.


def test_tied_values_have_no_softmax_collision_and_can_be_inverted() -> None:
    """The exponential-family theorem, in 1,280 starts; Newton from elsewhere comes back to the same weights."""
    sample = Tied(n=32, d=8, e=8)(40, stream())
    a = softmax_weights(logits(sample.queries, sample.keys, 2.0), sample.mask)
    assert not Reachable(starts=32)(a, sample, stream()).found.any()
    start = stream(1).standard_normal(sample.queries.shape)
    solved = fit(sample.keys, sample.values, output(a, sample.values), start=start)
    assert solved.converged.all()
    np.testing.assert_allclose(solved.weights, a, rtol=0, atol=1e-10)


def test_more_key_than_value_dimensions_leave_a_fibre_of_queries() -> None:
    sample, a = gaussian(24, 3, 5, 20)
    pair = Reachable(starts=8)(a, sample, stream())
    assert pair.found.all()


def test_with_a_spare_value_dimension_no_twin_is_found() -> None:
    sample, a = gaussian(24, 5, 4, 20)
    assert not Reachable(starts=16)(a, sample, stream()).found.any()


def test_independent_keys_and_values_of_one_dimension_have_twin_queries() -> None:
    sample, a = gaussian(32, 4, 4, 30)
    pair = Reachable()(a, sample, stream())
    assert pair.queries is not None and pair.found.mean() > 0.5
    # the first query, temperature included, is the given one
    np.testing.assert_allclose(pair.queries[:, 0], sample.queries / 2, atol=1e-9)
    np.testing.assert_allclose(pair.patterns[pair.found, 0], a[pair.found], atol=1e-12)
    assert (total_variation(*pair.patterns[pair.found].transpose(1, 0, 2)) > 1e-6).all()


def test_twin_queries_are_next_to_exact_ones() -> None:
    """Newton in 60 digits, started at the computed query, moves it by rounding only and ends at 1e-50."""
    sample, a = gaussian(6, 2, 2, 40)
    pair = Reachable()(a, sample, stream())
    assert pair.queries is not None and pair.found.any()
    with mpmath.workdps(60):
        for b in np.flatnonzero(pair.found)[:5]:
            keys, values = (mpmath.matrix(part[b].tolist()) for part in (sample.keys, sample.values))

            def attended(*q: mpmath.mpf, keys=keys, values=values) -> mpmath.matrix:  # type: ignore[no-untyped-def]
                powers = (keys * mpmath.matrix(q)).apply(mpmath.exp)
                return values.T * powers / mpmath.fsum(powers)

            target = attended(*pair.queries[b, 0])
            near = pair.queries[b, 1]
            exact = mpmath.findroot(lambda *q, o=target, f=attended: f(*q) - o, tuple(near), tol=1e-90)
            assert mpmath.norm(attended(*exact) - target) < mpmath.mpf(10) ** -45
            assert max(abs(float(x) - y) for x, y in zip(exact, near, strict=True)) < 1e-9


def test_a_twin_counts_only_where_the_theorem_speaks() -> None:
    """The query itself, one next to it, and any other query are no twins; nor is anything for e < d."""
    rng = stream(9)
    keys, values, query = rng.standard_normal((12, 2)), rng.standard_normal((12, 2)), rng.standard_normal(2)
    for other in (query, query + 1e-12, query + 1e-3, -query, rng.standard_normal(2)):
        assert not confirmed(keys, values, query, other)
    # Even values of odd keys: q and -q have the same output exactly, by symmetry. One unknown, two equations.
    line = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0]])
    even = np.column_stack([line**2, [1.0, 0.0, 3.0, 0.0, 1.0]])
    assert not confirmed(line, even, np.array([0.7]), np.array([-0.7]))
    assert confirmed(line, even[:, :1], np.array([0.7]), np.array([-0.7]))
    assert not confirmed(line, even[:, :1], np.array([0.7]), np.array([-0.65]))  # too far off for a proof


def test_an_unconfirmed_pair_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sample, a = gaussian(24, 3, 5, 4)
    monkeypatch.setattr(reachable, "confirmed", lambda *_: False)
    assert not Reachable(starts=4)(a, sample, stream()).found.any()


def test_weights_that_are_no_softmax_are_declined() -> None:
    sample, a = gaussian(20, 3, 3, 5)
    with pytest.raises(Declined, match="softmax"):
        Reachable()(a**2 / (a**2).sum(axis=1, keepdims=True) * 0.5 + 0.5 / 20, sample, stream())


# transplant and rounded.


@pytest.mark.parametrize(("n", "d"), [(2, 1), (6, 8), (40, 4)])
def test_transplant_is_the_scenario_taken_literally(n: int, d: int) -> None:
    sample, a = gaussian(n, d, 4, 20)
    pair = Transplant(peak=0.95)(a, sample, stream())
    assert pair.found.all() and pair.keys is not None and pair.queries is not None
    np.testing.assert_allclose(pair.patterns.max(axis=2), 0.95, atol=1e-12)
    tops = pair.patterns.argmax(axis=2)
    assert (tops[:, 0] != tops[:, 1]).all()
    assert (pair.values[:, 0] != pair.values[:, 1]).all()  # every word is another one
    assert (pair.keys[:, 0] != pair.keys[:, 1]).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(pair.queries[:, 0], pair.queries[:, 1])
    assert (total_variation(pair.patterns[:, 0], pair.patterns[:, 1]) >= 0.9 - 1e-12).all()


@pytest.mark.parametrize("format", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("n", [9, 40])
def test_rounded_outputs_are_the_same_bits(format: Format, n: int) -> None:
    sample, a = gaussian(n, 8, 4, 30)
    pair = Rounded(format=format)(a, sample, stream())
    assert pair.found.mean() > 0.9
    kept = pair.outputs[pair.found]
    nearest = bfloat16(kept) if format == "bfloat16" else kept.astype(format)
    np.testing.assert_array_equal(nearest[:, 0], nearest[:, 1])
    if n <= 9:  # exact outputs would determine the weights: only the rounding lets these differ
        assert (pair.gap[pair.found] > 0).all()


@pytest.mark.parametrize(("format", "digits"), [("float32", 24), ("float16", 11), ("bfloat16", 8)])
def test_rounded_outputs_are_the_same_bits_in_any_arithmetic(format: Format, digits: int) -> None:
    """The outputs summed exactly, and backwards: farthest steps end next to a border between two numbers."""
    sample, a = gaussian(9, 8, 4, 30)
    pair = Rounded(format=format)(a, sample, stream())
    for b in np.flatnonzero(pair.found):
        columns = [[Fraction(x) for x in column] for column in sample.values[b].T.tolist()]
        exact = [
            [
                nearest(sum((Fraction(w) * x for w, x in zip(row, column, strict=True)), Fraction(0)), digits)
                for column in columns
            ]
            for row in pair.patterns[b].tolist()
        ]
        assert exact[0] == exact[1]
        backwards = [
            sum(w * v for w, v in zip(row[::-1], sample.values[b, ::-1], strict=True))
            for row in pair.patterns[b]
        ]
        assert [float(x) for x in exact[0]] == round_to(backwards[1], format).tolist()


def nearest(number: Fraction, digits: int) -> Fraction:
    """The nearest number of that many significant binary digits, ties to even."""
    unit = Fraction(2) ** (math.floor(math.log2(abs(number))) + 1 - digits)
    return round(number / unit) * unit


def bfloat16(numbers: Array) -> Array:
    """Round to 8 significant bits through the nearest multiples below and above, ties to even."""
    unit = 2.0 ** (np.floor(np.log2(np.abs(numbers))) - 7)
    below = np.floor(numbers / unit)
    part = numbers / unit - below
    up = (part > 0.5) | ((part == 0.5) & (below % 2 == 1))
    return np.asarray((below + up) * unit)


def test_rounding_is_that_of_the_format() -> None:
    numbers = np.concatenate(
        [stream().standard_normal(2000), [1.0, 65504.0, 2.0**-14, 1 + 2**-11, 1 + 3 * 2**-11]]
    )
    for format in ("float16", "float32"):
        np.testing.assert_array_equal(round_to(numbers, format), numbers.astype(format).astype(float))
    np.testing.assert_array_equal(round_to(numbers, "bfloat16"), bfloat16(numbers))
    outside = np.array([[70000.0], [1e-6], [65504.0], [0.0]])
    assert in_range(outside, "float16").tolist() == [False, False, True, True]
    assert in_range(outside, "bfloat16").all()


# Exact arithmetic.


def test_exact_arithmetic_refuses_what_is_not_exact() -> None:
    values = np.array([[[0.0], [1.0], [3.0]]])
    near = np.array([[[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]])  # outputs 1.5 and 1
    assert exact_patterns(near[0], np.stack([values[0]] * 2)) is None
    third = np.array([[[2 / 3, 0.0, 1 / 3], [0.0, 1.0, 0.0]]])
    exact = exact_patterns(third[0], np.stack([values[0]] * 2))
    assert exact is not None and [str(x) for x in exact[0]] == ["2/3", "0", "1/3"]
    assert "rational" in confirm_exactly(Collision(third, values, "simplex")).verified
    with pytest.raises(ValueError, match="no exact weights"):
        confirm_exactly(Collision(near, values, "simplex", tolerance=1.0))
