"""The law of the value projections over all of conf/projection, and what the learned one is for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from members import exact_examples, member, members

from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.tokens import Tokens
from attnlab.parts import Declined
from attnlab.probes.scores import hit
from attnlab.shapes import Array, Examples, Sample
from attnlab.weights.softmax import Softmax

PROJECTIONS = members("projection")
M = 10


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def mixtures(trials: int = 200, seed: int = 0) -> tuple[Sample, Array, Examples]:
    sample = Tokens(n=6, d=1, e=8, m=M)(trials, rng(seed))
    assert sample.tokens is not None
    a = Softmax(temperature=0.3)(sample, rng())
    return sample, a, exact_examples(a, dataclasses.replace(sample, values=sample.tokens))


@pytest.mark.parametrize("name", PROJECTIONS)
@pytest.mark.parametrize("width", [1, 4, M])
def test_law(name: str, width: int) -> None:
    projection, (_, _, data) = member("projection", name, width=width), mixtures()
    kept = projection.fit(data, rng(1))
    assert kept.shape == (M, width)
    np.testing.assert_allclose(kept.T @ kept, np.eye(width), atol=1e-12)
    np.testing.assert_array_equal(kept, projection.fit(data, rng(1)))


@pytest.mark.parametrize("name", PROJECTIONS)
def test_more_dimensions_than_the_tokens_have_are_declined(name: str) -> None:
    with pytest.raises(Declined, match="token dimensions"):
        member("projection", name, width=M + 1).fit(mixtures()[2], rng())


def test_the_components_keep_the_most_variance() -> None:
    _, _, data = mixtures()
    variance = {
        name: float((data.outputs @ member("projection", name, width=3).fit(data, rng(1))).var(axis=0).sum())
        for name in PROJECTIONS
    }
    singular = np.linalg.svd(data.outputs - data.outputs.mean(axis=0), compute_uv=False)
    assert variance["pca"] == pytest.approx((singular[:3] ** 2).sum() / len(data), rel=1e-10)
    assert max(variance, key=lambda name: variance[name]) == "pca"


def test_the_learned_projection_finds_the_one_direction_that_tells_the_position() -> None:
    # Every token is loud noise but for its last coordinate, a quiet label of the position. One dimension is
    # enough for whoever finds it; components look for variance, chance does not look.
    trials, n = 600, 4
    sample = Tokens(n=n, d=1, e=1, m=M)(trials, rng())
    assert sample.tokens is not None
    tokens = sample.tokens.copy()
    tokens[:, :, -1] = np.linspace(-0.3, 0.3, n)
    a = np.eye(n)[rng(1).integers(n, size=trials)]
    data = exact_examples(a, dataclasses.replace(sample, tokens=tokens, values=tokens))
    found = {}
    for name, more in (("learned_value", {"readout": "position"}), ("pca", {}), ("random", {})):
        kept = member("projection", name, width=1, **more).fit(data, rng(2))
        seen = dataclasses.replace(sample, tokens=tokens, values=tokens @ kept)
        held = exact_examples(a, seen)
        reader = member("probe", "output_neighbours").fit(held[np.arange(400)], rng(3))
        found[name] = hit(reader(held[np.arange(400, trials)]), held.goal[400:]).mean()
    assert found["learned_value"] > 0.9
    assert max(found["pca"], found["random"]) < 0.5


def test_a_pointer_readout_needs_tokens() -> None:
    sample = Gaussian(n=5, d=M, e=3)(50, rng())
    data = exact_examples(Softmax()(sample, rng()), sample)
    with pytest.raises(Declined, match="token vectors"):
        member("projection", "learned_value", width=2).fit(data, rng())
