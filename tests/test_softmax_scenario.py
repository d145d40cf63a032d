"""The asker's scenario under the softmax: what is found is confirmed, and below what the simplex allows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from attnlab.identifiability import softmax_inverse, softmax_scenario


@pytest.mark.parametrize(("n", "d", "e"), [(6, 1, 1), (8, 2, 2), (12, 2, 4), (12, 3, 3)])
def test_two_queries_reach_what_is_found(n: int, d: int, e: int) -> None:
    rng = np.random.default_rng(n)
    values, keys = rng.standard_normal((6, n, d)), rng.standard_normal((6, n, e))
    scenario = softmax_scenario(0, 1, values, keys)
    assert (scenario.found <= scenario.bound + 1e-9).all()
    assert (scenario.found > 0).any()
    for b in np.flatnonzero(scenario.found > 0):
        one, other = softmax(scenario.queries[b] @ keys[b].T, axis=1)
        assert min(one[0], other[1]) == pytest.approx(scenario.found[b], rel=1e-6)
        np.testing.assert_allclose(one @ values[b], other @ values[b], atol=1e-10)
        assert np.abs(one - other).sum() > 1e-6


def test_equal_values_let_the_softmax_reach_one_as_the_simplex_does() -> None:
    keys = np.array([[-1.0], [1.0], [0.2]])
    values = np.array([[1.0], [1.0], [0.0]])
    scenario = softmax_scenario(0, 1, values, keys)
    assert scenario.bound == pytest.approx(1) and 0.9 < scenario.found < 1


def test_tied_keys_allow_no_such_pair_and_positions_are_asked_for() -> None:
    rng = np.random.default_rng(0)
    keys = rng.standard_normal((3, 10, 2))
    assert not softmax_scenario(0, 1, keys, keys).found.any()
    with pytest.raises(ValueError, match="different positions"):
        softmax_scenario(1, 1, keys, keys)
    with pytest.raises(ValueError, match="positions from 0 to 9"):
        softmax_scenario(0, 10, keys, keys)


def test_no_pair_of_queries_of_a_dense_search_does_better() -> None:
    """Two key dimensions: 4,000 first queries a trial, each with all the second ones that a search finds."""
    rng = np.random.default_rng(3)
    values, keys = rng.standard_normal((8, 6, 2)), rng.standard_normal((8, 6, 2))
    scenario = softmax_scenario(0, 1, values, keys)
    assert (scenario.found > 0.5).any() and (scenario.bound < scenario.simplex).any()
    for b in range(8):
        queries = rng.standard_normal((4000, 2)) * rng.choice([1.0, 3.0, 9.0], (4000, 1))
        first = softmax(queries @ keys[b].T, axis=1)
        first = first[first[:, 0] > scenario.found[b]][:100]
        second = softmax_inverse(first @ values[b], values[b], keys[b], starts=24).weights[..., 1]
        both = np.minimum(first[:, :1], np.nan_to_num(second))
        assert both.max(initial=0.0) <= max(scenario.found[b], 0.5) * 1.01


def test_no_query_gives_an_inner_word_more_than_its_keys_allow() -> None:
    rng = np.random.default_rng(3)
    keys = np.concatenate([[[0.1, 0.0]], 2 * rng.standard_normal((9, 2))])
    values = rng.standard_normal((10, 2))
    scenario = softmax_scenario(0, 4, values, keys)
    queries = rng.standard_normal((20000, 2)) * 3
    most = softmax(queries @ keys.T, axis=1)[:, 0].max()
    assert scenario.bound == pytest.approx(min(float(scenario.simplex), most), rel=0.02)


def test_two_queries_may_agree_in_up_to_twice_their_dimensions() -> None:
    rng = np.random.default_rng(4)
    keys = rng.standard_normal((12, 10, 2))
    found = [softmax_scenario(0, 1, rng.standard_normal((12, 10, d)), keys).found for d in (2, 3, 5)]
    assert (found[0] > 0).any() and (found[1] > 0).any() and not found[2].any()


def test_a_batch_is_its_trials_and_a_mask_hides_words() -> None:
    rng = np.random.default_rng(5)
    values, keys = rng.standard_normal((2, 5, 9, 2))
    whole = softmax_scenario(0, 1, values, keys)
    longer, wider = (np.pad(rows, ((0, 0), (0, 2), (0, 0))) for rows in (values, keys))
    hidden = softmax_scenario(0, 1, longer, wider, np.arange(11) < 9)
    for b in range(5):
        alone = softmax_scenario(0, 1, values[b], keys[b])
        for other in (hidden.found[b], alone.found):
            assert other == pytest.approx(whole.found[b], abs=1e-6)
