"""What docs/concepts.md says of Q3 is what is counted: both of its lines, on drawn problems."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from attnlab.attention import output
from attnlab.identifiability import is_unique, nullity, softmax_inverse, softmax_rivals
from attnlab.inputs.gaussian import Gaussian
from attnlab.metrics import total_variation
from attnlab.shapes import Array, Sample
from attnlab.weights.softmax import Softmax
from attnlab.weights.uniform_support import UniformSupport

CONCEPTS = (Path(__file__).parents[1] / "docs" / "concepts.md").read_text(encoding="utf-8")
FORM = "is it the only one of the form `softmax(K q' / tau)`?"
NONE = "where none does, Q3 asks whether any softmax weights over the keys have the output (all that do are"


def drawn(n: int, seed: int) -> Sample:
    return Gaussian(n=n, d=2, e=2)(60, np.random.default_rng(seed))


def solutions(weights: Array, sample: Sample) -> list[Array]:
    """For each trial the softmax weights over the keys that have the output, as many as a search finds."""
    o = output(weights, sample.values)
    found = softmax_inverse(o, sample.values, sample.keys, starts=256)
    for trial, count in enumerate(found.count):
        own = found.weights[trial, :count]
        assert np.allclose(own @ sample.values[trial], o[trial], atol=1e-8, rtol=0)
    return [found.weights[trial, :count] for trial, count in enumerate(found.count)]


def test_the_only_one_of_the_form() -> None:
    """Kept: the given weights are all the search finds. Lost: it finds others of that form with that output."""
    assert FORM in CONCEPTS
    for n, tied in ((3, False), (10, False), (10, True)):
        sample = drawn(n, n)
        if tied:
            sample = Sample(sample.queries, sample.keys, sample.keys @ np.array([[2.0, 1.0], [0.0, 1.0]]))
        weights = Softmax()(sample, np.random.default_rng(0))
        found, every = softmax_rivals(weights, sample.values, sample.keys), solutions(weights, sample)
        assert found.of_keys.all() and (found.kept.all() if tied or n == 3 else found.lost.mean() > 0.5)
        for trial, own in enumerate(every):
            others = total_variation(own, weights[trial]) > 1e-6
            assert not (found.kept[trial] and others.any())
            assert others.any() or not found.lost[trial]
            assert (~others).sum() == 1, "and the given ones are of that form"


def test_weights_that_no_query_gives() -> None:
    """Kept: no softmax weights have the output. Lost: some have it, and all of them are others."""
    assert NONE in CONCEPTS
    sample = drawn(10, 0)
    weights = UniformSupport(support=2)(sample, np.random.default_rng(0))
    found, every = softmax_rivals(weights, sample.values, sample.keys), solutions(weights, sample)
    assert not found.of_keys.any() and found.kept.any() and found.lost.any()
    for trial, own in enumerate(every):
        # What a search finds within rounding of the weights is on the way to them: their zeros are at infinity.
        others = total_variation(own, weights[trial]) > 1e-6
        assert not (found.kept[trial] and others.any()) and (others.any() or not found.lost[trial])


def test_q1_is_yes_up_to_d_plus_1_and_no_beyond() -> None:
    assert '`n = d + 1` positions in general position, Q1 is "yes"; beyond, it is "no"' in " ".join(
        CONCEPTS.split()
    )
    for n in range(1, 8):
        sample = drawn(n, 20 + n)
        alone = nullity(sample.values).affine_null == 0
        assert (alone == (n <= 3)).all()
        weights = Softmax()(sample, np.random.default_rng(0))
        assert (is_unique(weights, sample.values).unique == (n <= 3)).all()
