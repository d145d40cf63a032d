"""The Newton solver against convexity, an independent optimiser and the exponential-family theorem."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from scipy.stats import entropy

from attnlab.attention import logits, output, softmax_weights
from attnlab.shapes import Array
from attnlab.solvers.exponential_family import fit


def problems(seed: int, trials: int, n: int, d: int, sharpness: float) -> tuple[Array, Array]:
    """Values and softmax weights of independent Gaussian keys: (B, n, d), (B, n)."""
    rng = np.random.default_rng(seed)
    scores = sharpness * rng.standard_normal((trials, n))
    return rng.standard_normal((trials, n, d)), softmax_weights(scores, np.ones((trials, n), dtype=bool))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31), st.integers(1, 24), st.integers(1, 6), st.sampled_from([0.3, 1.0, 5.0, 20.0, 1e4])
)
@example(29, 4, 4, 1e4)  # rounding puts the output of a vertex outside the hull: the dual has no minimum
@example(5, 6, 5, 1e4)
def test_maximum_entropy_explains_the_output_and_no_explanation_has_more_entropy(
    seed: int, n: int, d: int, sharpness: float
) -> None:
    values, weights = problems(seed, 8, n, d, sharpness)
    found = fit(values, values, output(weights, values))
    assert found.converged.all(), found.residual
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0, atol=1e-12)
    assert np.all(entropy(found.weights, axis=1) >= entropy(weights, axis=1) - 1e-6)


def test_parameters_make_the_weights_and_agree_with_an_independent_optimiser() -> None:
    values, weights = problems(0, 6, 20, 3, 1.5)
    outputs = output(weights, values)
    found = fit(values, values, outputs)
    np.testing.assert_allclose(softmax(logits(found.parameters, values), axis=1), found.weights, atol=1e-13)
    for v, o, w in zip(values, outputs, found.parameters, strict=True):

        def dual(x: Array, v: Array = v, o: Array = o) -> tuple[float, Array]:
            return float(logsumexp(v @ x) - x @ o), softmax(v @ x) @ v - o

        reference = minimize(dual, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-9})
        # BFGS stops at a gradient of 1e-9; the covariance turns that into about 1e-7 in w
        np.testing.assert_allclose(w, reference.x, atol=1e-6)


@pytest.mark.parametrize("n", [2, 9, 64, 300])
@pytest.mark.parametrize("d", [8, 12])
def test_keys_that_the_values_determine_give_the_query_back_at_every_n(n: int, d: int) -> None:
    rng = np.random.default_rng(n)
    keys, queries = rng.standard_normal((20, n, 8)), rng.standard_normal((20, 8)) / np.sqrt(8)
    values = np.matmul(keys, rng.standard_normal((20, 8, d))) + rng.standard_normal((20, 1, d))
    weights = softmax(logits(queries, keys), axis=1)
    found = fit(keys, values, output(weights, values))
    assert found.converged.all()
    np.testing.assert_allclose(found.weights, weights, atol=1e-10)
    if n > 8:  # enough key differences to span the query space
        np.testing.assert_allclose(found.parameters, queries, atol=1e-8)


def test_start_at_a_solution_stays_there() -> None:
    rng = np.random.default_rng(3)
    keys, values = rng.standard_normal((30, 40, 6)), rng.standard_normal((30, 40, 6))
    queries = rng.standard_normal((30, 6))
    outputs = output(softmax(logits(queries, keys), axis=1), values)
    found = fit(keys, values, outputs, start=queries)
    np.testing.assert_allclose(found.parameters, queries, atol=1e-9)
    assert found.residual.max() < 1e-13


def test_one_unreachable_output_stops_nobody_else() -> None:
    values, weights = problems(4, 12, 16, 4, 1.0)
    outputs = output(weights, values)
    alone = fit(values, values, outputs)
    outputs[5] = 1e3  # far outside the hull
    together = fit(values, values, outputs)
    others = np.arange(12) != 5
    assert not together.converged[5] and together.converged[others].all()
    assert np.isfinite(together.weights).all()
    np.testing.assert_allclose(together.weights[others], alone.weights[others], atol=1e-12)


@pytest.mark.parametrize(
    ("n", "d", "sharpness"), [(8, 4, 30.0), (32, 8, 10.0), (64, 16, 3.0), (64, 16, 10.0)]
)
def test_maximum_entropy_gets_everywhere(n: int, d: int, sharpness: float) -> None:
    """Sharp weights leave a solution far out, with logits in the thousands and plateaus on the way."""
    values, weights = problems(8, 400, n, d, sharpness)
    assert fit(values, values, output(weights, values)).converged.all()


def test_border_weights_are_reached_in_the_limit() -> None:
    for n, d, k in ((32, 8, 4), (8, 4, 1)):
        values, _ = problems(5, 500, n, d, 1.0)
        weights = np.zeros((500, n))
        weights[:, :k] = 1 / k
        assert fit(values, values, output(weights, values)).converged.all()


def test_scale_offset_and_repeated_columns_change_nothing() -> None:
    values, weights = problems(6, 10, 12, 3, 1.0)
    plain = fit(values, values, output(weights, values))
    mixed = np.concatenate([1e6 * values, 1e-3 * values[..., :1], np.ones((10, 12, 1))], axis=2) + 50.0
    awkward = fit(mixed, mixed, output(weights, mixed))
    assert awkward.converged.all()
    np.testing.assert_allclose(awkward.weights, plain.weights, atol=1e-9)


def test_masked_rows_are_as_if_absent() -> None:
    values, weights = problems(7, 10, 9, 3, 1.0)
    outputs = output(weights, values)
    padded = np.concatenate([values, 1e3 * np.ones((10, 4, 3))], axis=1)
    mask = np.arange(13) < np.full((10, 1), 9)
    found = fit(padded, padded, outputs, mask)
    assert np.all(found.weights[:, 9:] == 0)
    np.testing.assert_allclose(found.weights[:, :9], fit(values, values, outputs).weights, atol=1e-12)


@pytest.mark.parametrize("values", [np.zeros((3, 5, 2)), np.ones((3, 5, 2)), np.zeros((3, 5, 0))])
def test_values_that_say_nothing_give_uniform_weights(values: Array) -> None:
    found = fit(values, values, output(np.full((3, 5), 0.2), values))
    assert found.converged.all()
    np.testing.assert_allclose(found.weights, 0.2, atol=1e-14)
