"""The law of every decoder, over all of conf/decoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from members import member, members

from attnlab.attention import logits, output, softmax_weights
from attnlab.decoders.base import Decoder
from attnlab.parts import Declined
from attnlab.shapes import Array, Estimate, Mask, Sample

DECODERS = members("decoder")
D = 8


def problem(
    decoder: Decoder, seed: int, n: int, trials: int = 30, sharpness: float = 1.0
) -> tuple[Sample, Array]:
    """Gaussian problems with n positions in D dimensions, and weights of the kind the decoder assumes."""
    rng = np.random.default_rng(seed)
    sample = Sample(
        queries=sharpness * rng.standard_normal((trials, 3)),
        keys=rng.standard_normal((trials, n, 3)),
        values=rng.standard_normal((trials, n, D)),
    )
    kinds = {
        "nothing": rng.dirichlet(np.full(n, 0.3), size=trials),
        "softmax": softmax_weights(logits(sample.queries, sample.keys), sample.mask),
        "one-hot": np.eye(n)[rng.integers(n, size=trials)],
    }
    return sample, kinds[decoder.assumes]


def decoded(decoder: Decoder, weights: Array, sample: Sample) -> Estimate:
    """The estimate from the exact output, or a skip with the decoder's reason."""
    return read(decoder, output(weights, sample.values), sample)


def read(decoder: Decoder, outputs: Array, sample: Sample) -> Estimate:
    try:
        found = decoder(outputs, sample)
    except Declined as reason:
        assert len(str(reason)) > 10
        pytest.skip(str(reason))
    assert found.weights.shape == sample.mask.shape
    assert np.isfinite(found.weights).all()
    assert np.all(found.weights[~sample.mask] == 0)
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0, atol=1e-9)
    missed = np.linalg.norm(output(found.weights, sample.values) - outputs, axis=1)
    size = np.linalg.norm(outputs, axis=1)
    np.testing.assert_allclose(found.residual, missed / np.where(size > 0, size, 1.0), rtol=1e-9, atol=1e-14)
    return found


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("n", [1, 2, 5, D, D + 1])
def test_law(name: str, n: int) -> None:
    """Up to d + 1 affinely independent values, the true weights come back."""
    decoder = member("decoder", name)
    sample, weights = problem(decoder, n, n)
    found = decoded(decoder, weights, sample)
    assert found.converged.all()
    # d + 1 Gaussian values are now and then nearly dependent: 1e-8 is rounding times their condition number
    np.testing.assert_allclose(found.weights, weights, atol=1e-8)


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize(("scale", "offset"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 100.0)])
def test_law_holds_at_every_scale_and_offset(name: str, scale: float, offset: float) -> None:
    decoder = member("decoder", name)
    sample, weights = problem(decoder, 0, 6)
    moved = replace(sample, values=scale * sample.values + offset)
    np.testing.assert_allclose(decoded(decoder, weights, moved).weights, weights, atol=1e-8)


def padded(sample: Sample, weights: Array, mask: Mask) -> tuple[Sample, Array]:
    """The problem with masked positions put in: every other one would explain the output alone, the rest are
    large."""
    trials, n = mask.shape
    rng = np.random.default_rng(9)
    keys, values = 1e3 * rng.standard_normal((trials, n, 3)), 1e3 * rng.standard_normal((trials, n, D))
    values[:, ::2] = output(weights, sample.values)[:, None]
    spread = np.zeros(mask.shape)
    keys[mask], values[mask] = sample.keys.reshape(-1, 3), sample.values.reshape(-1, D)
    spread[mask] = weights.ravel()
    return Sample(sample.queries, keys, values, mask=mask), spread


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("n", [1, 6, D + 1])
def test_masked_positions_are_left_out_before_anything_else(name: str, n: int) -> None:
    decoder = member("decoder", name)
    sample, weights = problem(decoder, n, n)
    mask = np.random.default_rng(1).permuted(np.arange(2 * D + 4) < np.full((sample.trials, 1), n), axis=1)
    longer, spread = padded(sample, weights, mask)
    np.testing.assert_allclose(decoded(decoder, spread, longer).weights, spread, atol=1e-8)


@pytest.mark.parametrize("name", DECODERS)
def test_only_what_the_observer_knows_is_read(name: str) -> None:
    decoder = member("decoder", name)
    sample, weights = problem(decoder, 2, 20)
    found = decoded(decoder, weights, sample)
    other = replace(sample, queries=sample.queries + 1.0)
    if "K" not in decoder.knows:
        other = replace(other, keys=sample.keys + 1.0)
    np.testing.assert_array_equal(decoded(decoder, weights, other).weights, found.weights)


@pytest.mark.parametrize("name", DECODERS)
def test_a_trial_is_decoded_as_if_it_were_alone(name: str) -> None:
    decoder = member("decoder", name)
    sample, weights = problem(decoder, 3, 20, trials=12)
    outputs = output(weights, sample.values)
    outputs[4] = 1e3  # no explanation: outside the hull
    together = read(decoder, outputs, sample)
    for row in (0, 5, 11):
        one = slice(row, row + 1)
        alone = Sample(sample.queries[one], sample.keys[one], sample.values[one])
        found = read(decoder, outputs[one], alone)
        np.testing.assert_allclose(together.weights[row], found.weights[0], atol=1e-9)


def shaped(kind: str, rng: np.random.Generator, n: int) -> Array:
    """Values (B, n, D) that no generic argument covers."""
    plain = rng.standard_normal((10, n, D))
    kinds = {
        "equal": np.repeat(plain[:, :1], n, axis=1),
        "zero": np.zeros_like(plain),
        "repeated": plain[:, np.arange(n) % max(1, n // 3)],
        "nearly repeated": plain[:, np.arange(n) % max(1, n // 3)] + 1e-9 * plain,
        "one dimension": plain[..., :1] * np.ones(D),
        "grid": np.round(plain),
        "far away": plain + 1e8,
        "one outlier": plain * np.where(np.arange(n) == 0, 1e8, 1.0)[:, None],
    }
    return kinds[kind]


KINDS = ["equal", "zero", "repeated", "nearly repeated", "one dimension", "grid", "far away", "one outlier"]


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 30])
@pytest.mark.parametrize("sharpness", [1.0, 1e4])
def test_degenerate_values_give_weights_that_sum_to_one(
    name: str, kind: str, n: int, sharpness: float
) -> None:
    decoder = member("decoder", name)
    sample, weights = problem(decoder, 4, n, trials=10, sharpness=sharpness)
    sample = replace(sample, values=shaped(kind, np.random.default_rng(5), n))
    decoded(decoder, weights, sample)
