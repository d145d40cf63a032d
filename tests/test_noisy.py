"""Hard attention through Gaussian noise: the exact laws against figures, closed forms, draws and their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from members import member, members
from scipy.special import ndtr

from attnlab.shapes import Array, Sample
from attnlab.theory.noisy import noisy_accuracy, noisy_bits, noisy_bits_bound

CASES = ((2, 1, 1.0), (16, 4, 1.0), (64, 4, 0.3), (16, 1, 0.1), (12, 16, 2.0), (8, 8, 10.0))


def drawn(n: int, d: int, sigma: float, trials: int = 20_000) -> tuple[Array, Array]:
    """By definition, of every trial: whether the nearest value is the attended one; its posterior's bits."""
    rng = np.random.default_rng(n + d)
    hits, bits = [], []
    for _ in range(20):
        values = rng.standard_normal((trials // 20, n, d))
        outputs = values[:, 0] + sigma * rng.standard_normal((trials // 20, d))
        squares = ((values - outputs[:, None]) ** 2).sum(axis=2)
        score = -squares / (2 * sigma**2)
        top = score.max(axis=1, keepdims=True)
        posterior = np.exp(score - top)[:, 0] / np.exp(score - top).sum(axis=1)
        hits.append((squares.argmin(axis=1) == 0).astype(float))
        bits.append(math.log2(n) + np.log2(np.maximum(posterior, 1e-300)))
    return np.concatenate(hits), np.concatenate(bits)


def test_the_figures_of_the_literature_of_this_project() -> None:
    assert noisy_accuracy(128, 4, 0.3) == pytest.approx(0.7173, abs=1e-4)
    assert noisy_accuracy(16, 4, 1.0) == pytest.approx(0.4367, abs=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_laws_are_those_of_draws(case: tuple[int, int, float]) -> None:
    for law, found in zip((noisy_accuracy, noisy_bits), drawn(*case), strict=True):
        assert abs(law(*case) - found.mean()) < 4 * found.std() / math.sqrt(found.size), law


def test_two_values_are_told_apart_as_two_points_are() -> None:
    """`E Phi(|v_1 - v_2| / 2 sigma)`; in one dimension it is `1/2 + atan(1 / (sigma sqrt 2)) / pi`."""
    for d in (1, 2, 5, 16):
        apart = np.random.default_rng(d).chisquare(d, 400_000) * 2  # |v_1 - v_2|^2
        for sigma in (0.1, 1.0, 4.0):
            exact = ndtr(np.sqrt(apart) / (2 * sigma)).mean()
            assert noisy_accuracy(2, d, sigma) == pytest.approx(exact, abs=1e-3)
    for sigma in (1e-3, 0.1, 1.0, 10.0, 100.0, 1e5):
        exact = 0.5 + math.atan(1 / (sigma * math.sqrt(2))) / math.pi
        assert noisy_accuracy(2, 1, sigma) == pytest.approx(exact, abs=2e-7)


@pytest.mark.parametrize(("n", "d"), [(2, 1), (16, 4), (7, 64), (1000, 300)])
def test_no_noise_leaves_all_and_much_noise_a_guess(n: int, d: int) -> None:
    for sigma in (0.0, 1e-9):
        assert noisy_accuracy(n, d, sigma) == pytest.approx(1.0, abs=1e-7)
        assert noisy_bits(n, d, sigma) == pytest.approx(math.log2(n), abs=1e-6)
    for law, least in ((noisy_accuracy, 1 / n), (noisy_bits, 0.0)):
        assert law(n, d, 1e6) == pytest.approx(least, abs=2e-5)
        curve = [law(n, d, sigma) for sigma in (0.05, 0.2, 0.8, 3.0, 30.0)]
        assert max(np.diff(curve)) <= 1e-8
    assert noisy_accuracy(1, d, 3.0) == 1.0 and noisy_bits(1, d, 3.0) == 0.0


@pytest.mark.parametrize("case", [*CASES, (2, 256, 3.0), (10**6, 8, 0.5), (10**9, 1024, 2.0), (64, 2, 1e4)])
def test_information_keeps_its_bounds_and_pays_for_its_accuracy(case: tuple[int, int, float]) -> None:
    """No more than n positions have or d noisy channels carry; no less than Fano asks of that accuracy."""
    n, bits, accuracy = case[0], noisy_bits(*case), noisy_accuracy(*case)
    assert 0 <= bits <= noisy_bits_bound(*case) + 1e-12 <= math.log2(n) + 1e-12
    assert 1 / n - 1e-7 <= accuracy <= 1
    missed = 1 - accuracy
    spread = -sum(p * math.log2(p) for p in (missed, accuracy) if 0 < p < 1)
    assert bits >= math.log2(n) - spread - missed * math.log2(max(n - 1, 1)) - 1e-6


def test_only_numbers_in_the_range_of_the_laws() -> None:
    for wrong in (
        (0, 1, 1.0),
        (2, 0, 1.0),
        (2, 1, -1.0),
        (2, 1, math.nan),
        (2.0, 1, 1.0),
        (2, 2000, 1.0),
        (2, 1, 1e7),
    ):
        for law in (noisy_accuracy, noisy_bits, noisy_bits_bound):
            with pytest.raises(ValueError, match="expected"):
                law(*wrong)


@pytest.mark.parametrize(("n", "d", "sigma"), [(16, 4, 1.0), (32, 8, 0.3)])
def test_no_decoder_beats_the_law_and_the_nearest_value_reaches_it(n: int, d: int, sigma: float) -> None:
    trials, law = 800, noisy_accuracy(n, d, sigma)
    width = 4 * math.sqrt(law * (1 - law) / trials)
    rng = np.random.default_rng(0)
    values = rng.standard_normal((trials, n, d))
    sample = Sample(np.zeros((trials, 1)), np.zeros((trials, n, 1)), values)
    arrived = values[:, 0] + sigma * rng.standard_normal((trials, d))
    for name in members("decoder"):
        if member("decoder", name).knows != "the output and V":
            continue  # keys of zeros have nothing to say
        found = member("decoder", name)(arrived, sample).weights
        rate = (found.argmax(axis=1) == 0).mean()
        assert rate <= law + width, name
        if member("decoder", name).assumes == "one-hot":
            assert abs(rate - law) <= width, name
