"""Softmax inversion where its search finds no query: maximum entropy, said not to be converged, and no rival."""

from __future__ import annotations

import numpy as np

from attnlab.attention import output
from attnlab.channels.exact import Exact
from attnlab.decoders.max_entropy import MaxEntropy
from attnlab.decoders.softmax_inverse import SoftmaxInverse
from attnlab.inputs.gaussian import Gaussian
from attnlab.metrics import total_variation
from attnlab.seeds import Streams
from attnlab.weights.softmax import Softmax
from attnlab.weights.uniform_support import UniformSupport
from experiments import recovery


def test_a_failed_search_answers_with_maximum_entropy() -> None:
    sample = Gaussian(n=16, d=4, e=4)(60, np.random.default_rng(0))
    weights = UniformSupport(support=2)(sample, np.random.default_rng(1))
    outputs = output(weights, sample.values)
    found, guess = SoftmaxInverse()(outputs, sample), MaxEntropy()(outputs, sample)
    failed = ~found.converged
    assert 10 < failed.sum() < 60
    np.testing.assert_array_equal(found.weights[failed], guess.weights[failed])
    assert (total_variation(found.weights, guess.weights)[~failed] > 1e-3).any()


def test_a_guess_is_no_rival() -> None:
    """Maximum entropy has the output, but is no softmax of the keys: no loss is shown by it."""
    row = recovery.trial(
        Gaussian(n=16, d=4, e=4), UniformSupport(support=2), Exact(), SoftmaxInverse(), 60, Streams(0)
    )
    failed = ~np.asarray(row["converged"], dtype=bool)
    assert failed.any() and not np.asarray(row["rival"])[failed].any()
    sharp = recovery.trial(
        Gaussian(n=16, d=4, e=4), Softmax(temperature=0.3), Exact(), SoftmaxInverse(), 60, Streams(0)
    )
    assert np.asarray(sharp["rival"]).any()
