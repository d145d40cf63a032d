"""Online codes, usable information and calibration against hand-computed cases and closed forms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from members import exact_examples

from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.tokens import Tokens
from attnlab.probes.base import Reader, uniform
from attnlab.probes.code import FRACTIONS, online_code
from attnlab.probes.controls import frequency
from attnlab.probes.information import linear_gaussian_bits, usable_bits
from attnlab.probes.pointer import Pointer
from attnlab.probes.power_calibration import power_calibration
from attnlab.probes.scores import bits, brier, calibration_error, top_recall
from attnlab.shapes import Array, Examples
from attnlab.weights.softmax import Softmax


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def data(goal: Array) -> Examples:
    sample = Gaussian(n=goal.shape[1], d=2, e=1)(len(goal), rng())
    return exact_examples(goal, sample, "distribution")


def know_nothing(train: Examples, rng: np.random.Generator) -> Reader:
    return lambda held: uniform(held.mask)


@pytest.mark.parametrize("mask", ["none", "causal"])
@pytest.mark.parametrize("n", [3, 7, 10])
def test_a_uniform_predictor_compresses_exactly_once(n: int, mask: str) -> None:
    sample = Tokens(n=n, d=4, e=4, m=4, mask=mask)(137, rng())  # type: ignore[arg-type]
    code = online_code(know_nothing, exact_examples(Softmax()(sample, rng()), sample), rng())
    assert code.compression == 1.0


def test_online_code_of_a_hand_computed_case() -> None:
    # Eight goals, all on position 0 of four; blocks end at 2, 4 and 8. The first block costs 2 x 2 bits. The
    # reader that counts, (seen + 1/4) / (seen + 1) for position 0 after `seen` examples, then sends two goals
    # at 2.25/3 = 3/4 and four at 4.25/5 = 17/20.
    everything = data(np.tile([1.0, 0, 0, 0], (8, 1)))
    code = online_code(lambda train, _: frequency(train), everything, rng(), (0.25, 0.5, 1.0))
    assert code.uniform == 16.0
    assert code.online == pytest.approx(4 - 2 * np.log2(3 / 4) - 4 * np.log2(17 / 20), rel=1e-14)


def test_blocks_never_cut_a_group_and_each_is_sent_by_those_before_it() -> None:
    everything = data(np.eye(3)[rng().integers(3, size=60)])
    grouped = Examples(
        everything.outputs,
        None,
        everything.weights,
        everything.goal,
        everything.mask,
        np.repeat(np.arange(6), 10),
    )
    seen: list[set[int]] = []

    def fit(train: Examples, rng: np.random.Generator) -> Reader:
        met = set(train.group.tolist())
        seen.append(met)

        def read(examples: Examples) -> Array:
            assert not met & set(examples.group.tolist())
            return uniform(examples.mask)

        return read

    online_code(fit, grouped, rng())
    assert seen
    assert all(earlier < later for earlier, later in pairwise(seen))
    assert len(seen) < len(FRACTIONS)


def test_a_probe_with_something_to_read_compresses_and_shuffled_labels_do_not() -> None:
    sample = Tokens(n=8, d=8, e=8, m=8)(600, rng())
    everything = exact_examples(Softmax(temperature=0.1)(sample, rng()), sample)
    assert online_code(Pointer().fit, everything, rng()).compression > 2
    order = rng(1).permutation(600)
    mixed = Examples(
        everything.outputs,
        everything.tokens,
        everything.weights[order],
        everything.goal[order],
        everything.mask,
        everything.group,
    )
    # what labels without information save is overfitting's mercy: at most 2 % here
    assert online_code(Pointer().fit, mixed, rng()).compression < 1.02


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.95])
def test_usable_information_of_the_gaussian_linear_case(correlation: float) -> None:
    # y = w.x + noise with R^2 = correlation^2: -1/2 log2(1 - R^2) bits. The standard error of the mean of
    # 4e6 information densities is R / sqrt(4e6) nats = 7e-4 bits at most, so the seed is fixed, as it must be.
    draws = 4_000_000
    generator = rng(3)
    direction = np.array([0.6, 0.8])
    x = generator.standard_normal((2 * draws, 2))
    y = correlation * x @ direction + np.sqrt(1 - correlation**2) * generator.standard_normal(2 * draws)
    found = linear_gaussian_bits(
        x[:draws], y[:draws, None], x[draws:], y[draws:, None], np.arange(draws)
    ).mean()
    assert found == pytest.approx(-np.log2(1 - correlation**2) / 2, abs=1e-3)


def test_a_target_that_never_varies_carries_no_information() -> None:
    x = rng().standard_normal((50, 2))
    still = np.ones((50, 1))
    np.testing.assert_array_equal(linear_gaussian_bits(x, still, x, still, np.arange(50)), 0.0)


def test_bits_and_usable_bits() -> None:
    goal = np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0]])
    probabilities = np.array([[0.5, 0.25, 0.25, 0], [0.5, 0.125, 0.25, 0.125]])
    np.testing.assert_allclose(bits(probabilities, goal), [1.0, 2.0])
    # Saved by the reader itself: 1 and 0 bits. The second example leaves the odds for the first at 1, the first
    # doubles those for the second.
    saved = usable_bits(probabilities, np.full((2, 4), 0.25), data(goal))
    np.testing.assert_allclose(saved, [np.log2(0.5 + 0.5 * 2), np.log2(1 / 3 + 2 / 3)], atol=1e-15)
    assert bits(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])) == np.inf


def test_brier_and_recall() -> None:
    np.testing.assert_allclose(
        brier(np.array([[0.5, 0.5], [1, 0]]), np.array([[1.0, 0], [0, 1]])), [0.5, 2.0]
    )
    weights = np.array([[0.4, 0.3, 0.2, 0.1]])
    assert top_recall(np.array([[0.4, 0.1, 0.3, 0.2]]), weights, 2) == 0.5
    assert top_recall(weights, weights, 9) == 1.0


def test_calibration_error() -> None:
    # 1000 readings that say 0.8 and are right 800 times are calibrated; saying 0.6 they are off by 0.2
    goal = np.eye(2)[np.repeat([0, 1], [800, 200])][rng().permutation(1000)]
    assert calibration_error(np.tile([0.8, 0.2], (1000, 1)), goal, bins=1) == pytest.approx(0.0, abs=1e-12)
    assert calibration_error(np.tile([0.6, 0.4], (1000, 1)), goal, bins=1) == pytest.approx(0.2)


def test_sharpening_finds_the_exponent_that_made_the_goals() -> None:
    estimate = rng().dirichlet(np.ones(4), size=3000)
    wanted = estimate**2.5 / (estimate**2.5).sum(axis=1, keepdims=True)
    read = power_calibration(estimate, data(wanted))(estimate, np.ones((3000, 4), dtype=bool))
    np.testing.assert_allclose(read, wanted, atol=2e-3)  # hedging leaves 1/3001 of the uniform distribution
