"""Softmax inversion: from its one start it converges where Levenberg-Marquardt does."""

from __future__ import annotations

import numpy as np

from attnlab.attention import output
from attnlab.decoders.softmax_inverse import SoftmaxInverse
from attnlab.inputs.gaussian import Gaussian
from attnlab.metrics import relative_gap
from attnlab.solvers.exponential_family import fit
from attnlab.weights.softmax import Softmax


def test_it_converges_where_newton_stops_short_and_says_so_only_then() -> None:
    """n = 32, e = d = 8, temperature 1: Newton alone .73, with Levenberg-Marquardt .88 and more."""
    sample = Gaussian(n=32, d=8, e=8)(100, np.random.default_rng(0))
    weights = Softmax()(sample, np.random.default_rng(0))
    o = output(weights, sample.values)
    alone = fit(sample.keys, sample.values, o, sample.mask).converged
    found = SoftmaxInverse()(o, sample)
    assert found.converged.mean() >= 0.85 > alone.mean()
    assert (found.converged >= alone).all()
    gap = relative_gap(output(found.weights, sample.values), o, sample.values, sample.mask)
    assert (gap[found.converged] <= 1e-9).all()
    narrow = Gaussian(n=32, d=2, e=4)(20, np.random.default_rng(1))
    there = SoftmaxInverse()(output(Softmax()(narrow, np.random.default_rng(1)), narrow.values), narrow)
    np.testing.assert_allclose(there.weights.sum(axis=1), 1)
