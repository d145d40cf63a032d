"""Q3's certificates against exact enumeration, complete searches, and the laws they rest on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from attnlab.identifiability import (
    lost_by_degree,
    query_degree,
    same_order_type,
    softmax_inverse,
    softmax_rivals,
)
from attnlab.oracles.degree import queries_on_a_line, winding_number
from attnlab.shapes import Array
from attnlab.solvers.certified import inverses, signs


def gaussian(
    trials: int, n: int, d: int, e: int, seed: int = 0, temperature: float = 1.0
) -> tuple[Array, ...]:
    """Weights, values, keys and queries of independent Gaussians; temperature 1 is usual attention."""
    rng = np.random.default_rng(seed)
    keys, values = rng.standard_normal((trials, n, e)), rng.standard_normal((trials, n, d))
    queries = rng.standard_normal((trials, e)) / np.sqrt(e) / temperature
    weights = softmax(np.matmul(keys, queries[..., None])[..., 0], axis=1)
    return weights, values, keys, queries


def outputs(weights: Array, values: Array) -> Array:
    return np.matmul(weights[..., None, :], values)[..., 0, :]


def jacobian_signs(weights: Array, values: Array, keys: Array) -> Array:
    centred = values - outputs(weights, values)[..., None, :]
    jacobian = np.matmul(np.swapaxes(centred * weights[..., None], -1, -2), keys)
    return np.asarray(np.linalg.slogdet(np.nan_to_num(jacobian))[0])  # 0 where there is no solution


@pytest.mark.parametrize(("n", "e"), [(3, 1), (7, 1), (4, 2), (9, 2), (6, 3), (8, 3), (7, 4)])
def test_the_degree_is_the_exact_winding_number_along_any_ray(n: int, e: int) -> None:
    weights, values, keys, _ = gaussian(12, n, e, e, seed=n)
    o = outputs(weights, values)
    found = query_degree(o, values, keys)
    assert found.decided.all()
    rng = np.random.default_rng(1)
    for b in range(12):
        rays = rng.standard_normal((2, e))
        assert {winding_number(keys[b], values[b], o[b], ray) for ray in rays} == {int(found.degree[b])}


@pytest.mark.parametrize("e", [1, 2, 3, 5, 8])
def test_the_degree_of_tied_keys_is_the_sign_of_the_map(e: int) -> None:
    weights, _, keys, _ = gaussian(20, 20, e, e, seed=e)
    rng = np.random.default_rng(e)
    maps = rng.standard_normal((20, e, e))
    own = query_degree(outputs(weights, keys), keys, keys)
    assert own.decided.all() and (own.degree == 1).all()
    values = np.matmul(keys, maps) + 3.0
    tied = query_degree(outputs(weights, values), values, keys)
    assert tied.decided.all()
    np.testing.assert_array_equal(tied.degree, np.sign(np.linalg.det(maps)))
    np.testing.assert_array_equal(tied.degree, jacobian_signs(weights, values, keys))


@pytest.mark.parametrize(("n", "e"), [(8, 1), (8, 2), (8, 3)])
def test_the_signs_of_all_queries_with_an_output_add_up_to_the_degree(n: int, e: int) -> None:
    """200 draws; where the count is off, something was missed: more starts find it, or a walk along the line."""
    weights, values, keys, _ = gaussian(200, n, e, e, seed=10 + e)
    o = outputs(weights, values)
    degree = query_degree(o, values, keys)
    assert degree.decided.all()
    found = softmax_inverse(o, values, keys, starts=256)
    sums = jacobian_signs(found.weights, values[:, None], keys[:, None]).sum(axis=1)
    off = np.flatnonzero(sums != degree.degree)
    assert len(off) <= 10
    for b in off:
        if e == 1:  # a far query between two nearly equal keys
            assert queries_on_a_line(keys[b, :, 0], values[b, :, 0], o[b, 0]) > found.count[b]
            continue
        more = softmax_inverse(o[b], values[b], keys[b], starts=8192)
        assert jacobian_signs(more.weights, values[b], keys[b]).sum() == degree.degree[b]


def test_on_a_line_the_search_finds_every_query() -> None:
    weights, values, keys, _ = gaussian(100, 12, 1, 1, seed=3)
    o = outputs(weights, values)
    found = softmax_inverse(o, values, keys, starts=256)
    counted = [queries_on_a_line(keys[b, :, 0], values[b, :, 0], o[b, 0]) for b in range(100)]
    assert (
        found.count == counted
    ).mean() > 0.97  # two crossings between nodes escape the grid, far ones its ends
    assert ((found.count - counted) % 2 == 0).mean() > 0.99


def test_the_degree_needs_no_temperature_and_no_inner_keys() -> None:
    weights, values, keys, _ = gaussian(10, 12, 3, 3, seed=5)
    o = outputs(weights, values)
    plain = query_degree(o, values, keys)
    np.testing.assert_array_equal(query_degree(o, values, 7.0 * keys + 1e3).degree, plain.degree)
    inner = np.concatenate([keys, keys.mean(axis=1, keepdims=True)], axis=1)
    more = np.concatenate([values, 100 + values[:, :1]], axis=1)
    np.testing.assert_array_equal(query_degree(o, more, inner).degree, plain.degree)
    mask = np.ones((10, 13), dtype=bool)
    mask[:, -1] = False
    outer = np.concatenate([keys, np.full((10, 1, 3), np.nan)], axis=1)
    hidden = query_degree(o, more, outer, mask)
    np.testing.assert_array_equal(hidden.degree, plain.degree)


def test_equal_keys_count_once_and_equal_values_are_decided() -> None:
    weights, values, keys, _ = gaussian(30, 10, 2, 2, seed=6)
    twice = np.repeat(keys, 2, axis=1)
    doubled = np.repeat(values, 2, axis=1)
    o = outputs(weights, values)
    np.testing.assert_array_equal(
        query_degree(o, doubled, twice).degree, query_degree(o, values, keys).degree
    )
    values[:, 1::2] = values[:, ::2]  # two keys a value: facets that are mapped to a point or a line
    equal = query_degree(outputs(weights, values), values, keys)
    assert equal.decided.all()
    for b in range(30):
        moved = values[b] + 1e-9 * np.random.default_rng(b).standard_normal(values[b].shape)
        near = query_degree(outputs(weights[b], values[b]), moved, keys[b])
        assert near.degree == equal.degree[b]


def test_what_is_not_certain_is_not_decided_and_what_cannot_be_is_refused() -> None:
    grid = np.stack(np.meshgrid(*[np.arange(3.0)] * 2), axis=-1).reshape(9, 2)
    values = np.random.default_rng(0).standard_normal((9, 2))
    assert not query_degree(values.mean(axis=0), values, grid).decided  # keys on facets that are no vertices
    keys = np.random.default_rng(1).standard_normal((9, 2))
    first, second = np.argsort(keys[:, 0])[[0, -1]]
    assert not query_degree(values[first], values, keys).decided  # the image of a facet itself
    assert second != first
    flat = np.column_stack([keys[:, 0], 2 * keys[:, 0]])
    assert not query_degree(values.mean(axis=0), values, flat).decided
    with pytest.raises(ValueError, match="d = e"):
        query_degree(values.mean(axis=0), values, np.ones((9, 3)))
    with pytest.raises(ValueError, match="e <= 10"):
        query_degree(np.zeros(11), np.zeros((20, 11)), np.zeros((20, 11)))


def test_signs_hold_in_the_whole_box_or_are_not_given() -> None:
    rng = np.random.default_rng(0)
    matrices = rng.standard_normal((200, 4, 4)) * 10.0 ** rng.integers(-8, 8, (200, 1, 4))
    exact = np.sign(np.linalg.det(matrices / np.abs(matrices).max(axis=1, keepdims=True)))
    np.testing.assert_array_equal(signs(matrices, 0.0), exact)
    singular = np.ones((1, 3, 3))
    nearly = singular + 1e-17
    assert signs(singular, 0.0) == signs(nearly, 0.0) == 0
    one = np.diag([1.0, 1.0, 1e-6])[None]
    assert signs(one, 1e-8) == 1 and signs(one, 1e-6) == 0
    found, off = inverses(one, 1e-8).solve(np.array([1.0, 1.0, 1.0]))
    worst = np.linalg.solve(one[0] - 1e-8 * np.eye(3), np.ones(3))
    assert (np.abs(found[0] - worst) <= off[0]).all()


def test_the_degree_certifies_most_losses_and_no_false_one() -> None:
    weights, values, keys, _ = gaussian(150, 12, 2, 2, seed=8)
    lost = lost_by_degree(weights, values, keys)
    o = outputs(weights, values)
    found = softmax_inverse(o, values, keys, starts=256)
    assert lost.mean() > 0.4
    assert (found.count[lost] >= 2).all()  # the other query that must exist is found, too
    assert not lost_by_degree(weights, np.matmul(keys, np.diag([1.0, -2.0])), keys).any()


def test_one_order_type_leaves_one_query() -> None:
    rng = np.random.default_rng(4)
    for e, n, noise in ((1, 9, 0.02), (2, 8, 0.02), (3, 7, 0.02)):
        weights, _, keys, _ = gaussian(60, n, e, e, seed=e)
        values = np.matmul(keys, rng.standard_normal((60, e, e))) + noise * rng.standard_normal((60, n, e))
        same = same_order_type(values, keys)
        assert 0 < same.sum() < 60
        assert (softmax_inverse(outputs(weights, values), values, keys, starts=64).count[same] == 1).all()
        wide = np.concatenate([values, rng.standard_normal((60, n, 2))], axis=2)
        assert (same_order_type(wide, keys) >= same).mean() > 0.9
    assert same_order_type(keys, keys).all() and not same_order_type(keys, keys, most=10).any()


def test_equal_values_have_no_order_of_their_own() -> None:
    line = np.arange(6.0)[:, None]
    assert same_order_type(np.array([0.0, 0.0, 1.0, 2.0, 2.0, 3.0])[:, None], line)
    assert not same_order_type(np.zeros((6, 1)), line)
    assert not same_order_type(np.array([0.0, 1.0, 0.0, 2.0, 3.0, 4.0])[:, None], line)


def test_a_bracket_never_claims_both_and_knows_its_theorems() -> None:
    weights, values, keys, _ = gaussian(30, 16, 3, 3, seed=9)
    free = softmax_rivals(weights, values, keys)
    assert not (free.kept & free.lost).any() and free.lost.mean() > 0.6
    assert (free.lost >= free.flip).all() and (np.isfinite(free.first_start) == free.by_search).all()
    certain = lost_by_degree(weights, values, keys)
    assert (free.lost >= certain).all()
    told = softmax_rivals(weights, values, keys, degree=certain)  # what is known is not asked again
    for name in ("kept", "by_search", "by_degree", "flip"):
        np.testing.assert_array_equal(getattr(told, name), getattr(free, name))
    with pytest.raises(ValueError, match=r"expected degree \(30,\)"):
        softmax_rivals(weights, values, keys, degree=certain[:5])
    tied = softmax_rivals(
        weights, np.matmul(keys, np.random.default_rng(0).standard_normal((30, 3, 5))), keys
    )
    assert tied.kept.all()
    narrow = softmax_rivals(weights, np.matmul(keys, np.ones((3, 2))), keys)
    assert not narrow.kept.any()  # a map that is not injective on the keys
    fibre = softmax_rivals(weights, values[..., :2], keys)
    assert fibre.lost.all()
    few = softmax_rivals(
        weights[:, :4] / weights[:, :4].sum(axis=1, keepdims=True), values[:, :4], keys[:, :4]
    )
    assert few.kept.all()  # no other weights on the simplex at all
    spare = np.concatenate([values, np.random.default_rng(1).standard_normal((30, 16, 1))], axis=2)
    assert not softmax_rivals(weights, spare, keys).lost.any()
    assert not softmax_rivals(weights, spare, keys).kept.any()
    assert softmax_rivals(weights, spare, keys, density=True).kept.all()


def test_weights_that_are_no_softmax_are_lost_where_some_query_has_their_output() -> None:
    _, values, keys, _ = gaussian(40, 16, 2, 2, seed=10)
    pair = np.zeros((40, 16))
    pair[:, :2] = 0.5
    found = softmax_rivals(pair, values, keys)
    assert not (found.kept & found.lost).any()
    count = softmax_inverse(outputs(pair, values), values, keys, starts=256).count
    assert (count[found.by_search] >= 1).all() and found.lost.any()


def test_a_batch_is_its_trials_and_a_mask_hides() -> None:
    weights, values, keys, _ = gaussian(8, 12, 2, 2, seed=11)
    whole = softmax_rivals(weights, values, keys)
    padded = (
        np.pad(weights, ((0, 0), (0, 3))),
        *(np.pad(rows, ((0, 0), (0, 3), (0, 0))) for rows in (values, keys)),
    )
    mask = np.arange(15) < 12
    hidden = softmax_rivals(padded[0], padded[1], padded[2], mask)
    for b in range(8):
        alone = softmax_rivals(weights[b], values[b], keys[b])
        for name in ("kept", "by_search", "by_degree", "flip", "first_start"):
            assert getattr(alone, name) == getattr(whole, name)[b] == getattr(hidden, name)[b]
