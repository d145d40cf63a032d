"""The law of every kind of weights, over all of conf/weights, and the definitions of those that have one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hydra.errors import InstantiationException
from hypothesis import given, settings
from hypothesis import strategies as st
from members import member, members
from scipy.stats import beta, kstest

from attnlab.metrics import entropy_bits
from attnlab.parts import Declined, SettingError
from attnlab.shapes import Array, Sample
from attnlab.weights.base import Scored, Weights

SCORED = [name for name in members("weights") if isinstance(member("weights", name), Scored)]


def sample(seed: int, trials: int, n: int, size: float = 1.0, padded: bool = False) -> Sample:
    """Gaussian problems with queries of this size; if padded, some positions of some trials are masked."""
    rng = np.random.default_rng(seed)
    keys, values = rng.standard_normal((trials, n, 3)), rng.standard_normal((trials, n, 2))
    lengths = rng.integers(1, n + 1, size=(trials, 1)) if padded else np.full((trials, 1), n)
    mask = rng.permuted(np.arange(n) < lengths, axis=1)
    return Sample(size * rng.standard_normal((trials, 3)), keys, values, mask=mask)


def require_law(weights: Array, given: Sample) -> None:
    assert weights.shape == given.mask.shape
    assert np.all(weights >= 0)
    assert np.all(weights[~given.mask] == 0)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=0, atol=1e-12)


def drawn(part: Weights, given: Sample, seed: int = 0) -> Array:
    try:
        return part(given, np.random.default_rng(seed))
    except Declined as reason:
        assert len(str(reason)) > 10
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", members("weights"))
@pytest.mark.parametrize("n", [1, 4, 40])
@pytest.mark.parametrize("size", [0.0, 1.0, 1e4, 1e150])
@pytest.mark.parametrize("padded", [False, True])
def test_law(name: str, n: int, size: float, padded: bool) -> None:
    part, given = member("weights", name), sample(n, 20, n, size, padded)
    weights = drawn(part, given)
    require_law(weights, given)
    np.testing.assert_array_equal(weights, drawn(part, given))


def allowed(name: str, field: str, value: float) -> bool:
    try:
        member("weights", name, **{field: value})
    except InstantiationException as refused:
        assert isinstance(refused.__cause__, SettingError)
        return False
    return True


EXTREMES = [
    (name, field, value)
    for name in members("weights")
    for field, default in dataclasses.asdict(member("weights", name)).items()
    if isinstance(default, float)
    for value in (1e-300, 1e-3, 1e3, 1e300)
    if allowed(name, field, value)
]


@pytest.mark.parametrize(("name", "field", "value"), EXTREMES)
def test_law_at_extreme_settings(name: str, field: str, value: float) -> None:
    given = sample(0, 20, 30, padded=True)
    require_law(drawn(member("weights", name, **{field: value}), given), given)


@pytest.mark.parametrize("name", SCORED)
@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=12), st.floats(0.05, 20))
def test_scores_decide_alone_and_in_order(name: str, scores: list[float], temperature: float) -> None:
    part = member("weights", name, temperature=temperature)
    keys = np.array(scores)[None, :, None]  # e = 1, q = 1: the scores are the keys, tau the temperature
    values = np.zeros((1, len(scores), 1))
    given = Sample(np.ones((1, 1)), keys, values)
    weights = drawn(part, given)
    require_law(weights, given)
    order = np.argsort(scores)
    assert np.all(np.diff(weights[0, order]) >= -1e-14)
    shifted = drawn(part, Sample(np.ones((1, 1)), keys + 7.0, values))
    # the shift rounds each score by 1e-14, which the temperature magnifies
    np.testing.assert_allclose(shifted, weights, atol=1e-12)


@pytest.mark.parametrize("name", SCORED)
def test_temperature_goes_from_the_largest_score_to_uniform(name: str) -> None:
    given = sample(1, 50, 12, padded=True)
    cold, hot = (drawn(member("weights", name, temperature=t), given) for t in (1e-9, 1e9))
    scores = np.where(given.mask, np.matmul(given.keys, given.queries[..., None])[..., 0], -np.inf)
    np.testing.assert_allclose(cold.max(axis=1), 1.0, atol=1e-12)
    np.testing.assert_array_equal(cold.argmax(axis=1), scores.argmax(axis=1))
    np.testing.assert_allclose(hot, given.mask / given.mask.sum(axis=1, keepdims=True), atol=1e-7)
    entropies = [entropy_bits(drawn(member("weights", name, temperature=t), given)) for t in (0.1, 0.3, 1, 3)]
    assert np.all(np.diff(entropies, axis=0) >= -1e-12)


@pytest.mark.parametrize("name", SCORED)
def test_temperature_one_is_usual_attention_at_every_key_dimension(name: str) -> None:
    narrow = sample(2, 30, 9)
    repeated = Sample(np.tile(narrow.queries, 4) / 2, np.tile(narrow.keys, 4), narrow.values)
    # q.K grows by 4/2, sqrt(e) by 2: the same scores from keys of four times the dimension
    np.testing.assert_allclose(
        drawn(member("weights", name), repeated), drawn(member("weights", name), narrow), atol=1e-12
    )


def link(name: str, weights: Array) -> Array:
    """The function of the weights that is an affine function of the scores on the support."""
    links: dict[str, Callable[[Array], Array]] = {
        "softmax": np.log, "sparsemax": lambda a: a, "entmax15": lambda a: 2 * np.sqrt(a)
    }  # fmt: skip
    return links[name](weights)


@pytest.mark.parametrize("name", ["softmax", "sparsemax", "entmax15"])
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 40), st.sampled_from([0.2, 1.0, 4.0]))
def test_optimality_conditions(name: str, seed: int, n: int, temperature: float) -> None:
    """Each maximises a.s plus an entropy: the conditions of that convex problem hold, so it is the maximum."""
    given = sample(seed, 6, n, padded=True)
    weights = drawn(member("weights", name, temperature=temperature), given)
    scores = np.matmul(given.keys, given.queries[..., None])[..., 0] / (np.sqrt(3) * temperature)
    for a, s, visible in zip(weights, scores, given.mask, strict=True):
        level = s[a > 0] - link(name, a[a > 0])
        np.testing.assert_allclose(level, level[0], atol=1e-9 if name == "sparsemax" else 1e-6)
        assert np.all(s[visible & (a == 0)] <= level[0] + 1e-6)


def test_known_values() -> None:
    pair = Sample(np.ones((1, 1)), np.array([[[0.5], [0.0]]]), np.zeros((1, 2, 1)))
    np.testing.assert_allclose(drawn(member("weights", "sparsemax"), pair), [[0.75, 0.25]])
    np.testing.assert_allclose(drawn(member("weights", "softmax"), pair)[0, 0], 1 / (1 + np.exp(-0.5)))
    # sqrt(p) - sqrt(1 - p) = s / 2 gives p = (1 + sqrt(1 - (1 - s^2/4)^2)) / 2
    np.testing.assert_allclose(
        drawn(member("weights", "entmax15"), pair)[0, 0], (1 + np.sqrt(1 - (1 - 0.0625) ** 2)) / 2
    )


@pytest.mark.parametrize("k", [1, 3, 10])
def test_uniform_support_draws_every_visible_position_alike(k: int) -> None:
    given = dataclasses.replace(sample(3, 6000, 12), mask=np.tile(np.arange(12) < 10, (6000, 1)))
    weights = drawn(member("weights", "uniform_support", support=k), given)
    assert np.all((weights == 1 / k).sum(axis=1) == k) and np.all((weights > 0).sum(axis=1) == k)
    rates = (weights > 0).mean(axis=0)[:10]
    assert np.all(np.abs(rates - k / 10) <= 4.5 * np.sqrt(k / 10 * (1 - k / 10) / 6000))


def test_a_support_larger_than_what_is_visible_is_declined() -> None:
    mask = np.ones((5, 6), dtype=bool)
    mask[2, 3:] = False
    given = dataclasses.replace(sample(3, 5, 6), mask=mask)
    with pytest.raises(Declined, match="a support of 4 positions needs as many visible ones, found 3"):
        member("weights", "uniform_support", support=4)(given, np.random.default_rng(0))


def test_hard_draws_every_visible_position_alike() -> None:
    given = dataclasses.replace(sample(4, 6000, 8), mask=np.tile(np.arange(8) < 5, (6000, 1)))
    weights = drawn(member("weights", "hard"), given)
    assert np.all(np.sort(weights, axis=1)[:, -2:] == [0, 1])
    assert np.all(np.abs(weights.mean(axis=0)[:5] - 0.2) <= 4.5 * np.sqrt(0.2 * 0.8 / 6000))


@pytest.mark.parametrize("concentration", [0.1, 1.0, 7.0])
def test_dirichlet_margins_are_beta(concentration: float) -> None:
    weights = drawn(member("weights", "dirichlet", concentration=concentration), sample(5, 3000, 6))
    assert kstest(weights[:, 2], beta(concentration, 5 * concentration).cdf).pvalue > 1e-4


@pytest.mark.parametrize("kind", ["softmax", "sparsemax", "entmax15"])
@pytest.mark.parametrize("effective", [1.01, 3.0, 19.0])
def test_equal_entropy_is_met_by_every_map(kind: str, effective: float) -> None:
    part, given = member("weights", "equal_entropy", map=kind, effective=effective), sample(6, 40, 20)
    weights = drawn(part, given)
    require_law(weights, given)
    np.testing.assert_allclose(entropy_bits(weights), np.log2(effective), atol=1e-7)
    scores = np.matmul(given.keys, given.queries[..., None])[..., 0]
    np.testing.assert_array_equal(weights.argmax(axis=1), scores.argmax(axis=1))


def test_entropy_that_cannot_be_met_is_declined() -> None:
    part = member("weights", "equal_entropy", effective=6.0)
    with pytest.raises(Declined, match="6 effective positions need more visible ones, found 6"):
        part(sample(0, 3, 6), np.random.default_rng(0))
    with pytest.raises(Declined, match="all equal"):
        part(sample(0, 3, 9, size=0.0), np.random.default_rng(0))
