"""What the decoders give back, against the exact facts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnlab.attention import logits, output, softmax_weights
from attnlab.decoders.least_squares import LeastSquares
from attnlab.decoders.max_entropy import MaxEntropy
from attnlab.decoders.nearest_value import NearestValue
from attnlab.decoders.simplex import Simplex
from attnlab.decoders.softmax_inverse import SoftmaxInverse
from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.tied import Tied
from attnlab.metrics import total_variation
from attnlab.shapes import Array, Sample
from attnlab.weights.softmax import Softmax


def gaussian(
    seed: int, trials: int, n: int, d: int, e: int, temperature: float = 1.0
) -> tuple[Sample, Array]:
    rng = np.random.default_rng(seed)
    sample = Gaussian(n=n, d=d, e=e)(trials, rng)
    return sample, Softmax(temperature=temperature)(sample, rng)


def with_ones(values: Array) -> Array:
    return np.concatenate([values, np.ones((*values.shape[:2], 1))], axis=2)


@pytest.mark.parametrize("d", [1, 4, 16])
def test_linear_equations_suffice_up_to_d_plus_one_and_never_beyond(d: int) -> None:
    for n in (d, d + 1, d + 2, 2 * d + 3):
        sample, weights = gaussian(n, 60, n, d, 3)
        distance = total_variation(weights, LeastSquares()(output(weights, sample.values), sample).weights)
        assert distance.max() < 1e-8 if n <= d + 1 else distance.min() > 1e-8


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 14), st.integers(1, 6), st.integers(1, 6))
def test_least_squares_is_effective_attention(seed: int, n: int, d: int, rank: int) -> None:
    """Brunner et al. 2020, with the sum constraint: `a_eff = U U^+ a`, U = [V 1]; rank-deficient V as well."""
    rng = np.random.default_rng(seed)
    values = np.matmul(rng.standard_normal((4, n, rank)), rng.standard_normal((4, rank, d)))
    sample = Sample(np.zeros((4, 1)), np.zeros((4, n, 1)), values)
    weights = rng.dirichlet(np.ones(n), size=4)
    found = LeastSquares()(output(weights, values), sample).weights
    spanned = with_ones(values)
    projector = np.matmul(spanned, np.linalg.pinv(spanned, rcond=1e-10))
    np.testing.assert_allclose(found, np.matmul(projector, weights[..., None])[..., 0], atol=1e-7)
    np.testing.assert_allclose(output(found, values), output(weights, values), atol=1e-9)
    again = LeastSquares()(output(found, values), sample).weights
    np.testing.assert_allclose(again, found, atol=1e-9)
    if n <= min(rank, d) + 1:
        np.testing.assert_allclose(found, weights, atol=1e-6)


def test_least_squares_may_be_signed_and_is_never_longer_than_the_truth() -> None:
    sample, weights = gaussian(0, 200, 30, 4, 4, temperature=0.2)
    found = LeastSquares()(output(weights, sample.values), sample).weights
    assert found.min() < -0.01
    assert np.all(np.linalg.norm(found, axis=1) <= np.linalg.norm(weights, axis=1) + 1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 30), st.integers(1, 8), st.sampled_from([0.0, 0.1, 3.0, 1e3]))
def test_simplex_is_optimal_inside_and_outside_the_hull(seed: int, n: int, d: int, noise: float) -> None:
    """The duality gap `g.b - min g` of the gradient g bounds how far `|V^T b - o|^2 / 2` is from its minimum."""
    rng = np.random.default_rng(seed)
    sample, weights = gaussian(seed, 6, n, d, 2)
    outputs = output(weights, sample.values) + noise * rng.standard_normal((6, d))
    found = Simplex()(outputs, sample).weights
    assert np.all(found >= 0)
    gradient = np.matmul(sample.values, (output(found, sample.values) - outputs)[..., None])[..., 0]
    gap = (gradient * found).sum(axis=1) - gradient.min(axis=1)
    assert np.all(gap <= 1e-10 * (1 + (outputs**2).sum(axis=1)))
    assert np.all((found > 0).sum(axis=1) <= d + 1)


@pytest.mark.parametrize("n", [4, 9, 64, 512])
@pytest.mark.parametrize("temperature", [0.1, 1.0, 10.0])
def test_tied_keys_give_the_weights_back_at_every_n(n: int, temperature: float) -> None:
    """The exponential-family theorem: with V = K M both exponential families contain the true weights."""
    rng = np.random.default_rng(n)
    sample = Tied(n=n, d=8, e=8)(20, rng)
    weights = Softmax(temperature=temperature)(sample, rng)
    outputs = output(weights, sample.values)
    for decoder in (SoftmaxInverse(), MaxEntropy()):
        found = decoder(outputs, sample)
        assert found.converged.all()
        np.testing.assert_allclose(found.weights, weights, atol=1e-10)


def test_noise_on_tied_values_breaks_it() -> None:
    rng = np.random.default_rng(0)
    sample = Tied(n=64, d=8, e=8, noise=0.2)(40, rng)
    weights = Softmax()(sample, rng)
    found = MaxEntropy()(output(weights, sample.values), sample).weights
    assert total_variation(weights, found).min() > 1e-3


def test_spare_value_dimensions_leave_one_query() -> None:
    """Dimension theorem: at d >= 2 e + 1 softmax weights of independent keys are identifiable, all at once."""
    sample, weights = gaussian(1, 300, 40, 9, 4)
    found = SoftmaxInverse()(output(weights, sample.values), sample)
    assert found.converged.mean() > 0.5
    np.testing.assert_allclose(found.weights[found.converged], weights[found.converged], atol=1e-7)


def test_as_many_key_as_value_dimensions_leave_several_queries() -> None:
    sample, weights = gaussian(2, 300, 40, 8, 8)
    found = SoftmaxInverse()(output(weights, sample.values), sample)
    other = found.converged & (total_variation(weights, found.weights) > 1e-3)
    assert other.any() and found.residual[other].max() < 1e-9


def test_maximum_entropy_weights_are_an_exponential_family_of_the_values() -> None:
    sample, weights = gaussian(3, 20, 30, 5, 5)
    found = MaxEntropy()(output(weights, sample.values), sample).weights
    for b, v in zip(found, with_ones(sample.values), strict=True):
        _, residual, _, _ = np.linalg.lstsq(v, np.log(b))
        assert residual.sum() < 1e-16


def test_repeated_values_keep_their_sum_and_share_it() -> None:
    """Of d + 1 distinct values, each twice, the output tells the sum of every pair and nothing else."""
    rng = np.random.default_rng(4)
    words = rng.standard_normal((30, 5, 4))
    values = np.concatenate([words, words], axis=1)
    keys, queries = rng.standard_normal((30, 10, 3)), rng.standard_normal((30, 3))
    weights = softmax_weights(logits(queries, keys), np.ones((30, 10), dtype=bool))
    sample = Sample(queries, keys, values)
    pairs = weights[:, :5] + weights[:, 5:]
    for decoder in (LeastSquares(), MaxEntropy(), Simplex()):
        found = decoder(output(weights, values), sample).weights
        np.testing.assert_allclose(found[:, :5] + found[:, 5:], pairs, atol=1e-8)
    even = MaxEntropy()(output(weights, values), sample).weights
    np.testing.assert_allclose(even[:, :5], even[:, 5:], atol=1e-10)


@pytest.mark.parametrize(("n", "d", "sigma", "accuracy"), [(128, 4, 0.3, 0.7173), (16, 4, 1.0, 0.4367)])
def test_nearest_value_through_noise_has_the_exact_accuracy(
    n: int, d: int, sigma: float, accuracy: float
) -> None:
    """`Acc = E[(1 - F)^(n-1)]`, F the probability that another Gaussian value is nearer to the noisy output."""
    rng = np.random.default_rng(5)
    sample = Gaussian(n=n, d=d, e=1)(3000, rng)
    target = rng.integers(n, size=3000)
    outputs = sample.values[np.arange(3000), target] + sigma * rng.standard_normal((3000, d))
    hits = NearestValue()(outputs, sample).weights.argmax(axis=1) == target
    assert abs(hits.mean() - accuracy) < 4 * np.sqrt(accuracy * (1 - accuracy) / 3000)


@pytest.mark.parametrize("n", [2, 20, 400])
def test_nearest_value_is_exact_for_one_hot_weights_at_every_n(n: int) -> None:
    sample, _ = gaussian(6, 50, n, 2, 1)
    weights = np.eye(n)[np.random.default_rng(7).integers(n, size=50)]
    found = NearestValue()(output(weights, sample.values), sample)
    np.testing.assert_array_equal(found.weights, weights)
    assert found.residual.max() == 0.0
