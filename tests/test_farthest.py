"""The farthest weights with one output: against the list of all vertices, and where values nearly coincide."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from members import member
from test_collisions_laws import attend, require_law

from attnlab.attention import softmax_weights
from attnlab.collisions.farthest import Farthest
from attnlab.metrics import jsd_bits, total_variation
from attnlab.oracles.vertices import fibre_vertices
from attnlab.parts import Declined
from attnlab.shapes import DIFFERENT, Array, Sample

SIZES = ((6, 2), (8, 3), (10, 2), (10, 4), (12, 3), (12, 6), (14, 4), (14, 8))


def cases(seed: int) -> Iterator[tuple[Sample, Array]]:
    """Gaussian values of small sizes, from one-hot to nearly uniform weights."""
    rng = np.random.default_rng(seed)
    for n, d in SIZES:
        for temperature in (0.1, 0.5, 1.0, 3.0):
            keys, query, values = (rng.standard_normal((12, *shape)) for shape in ((n, d), (d,), (n, d)))
            scores = np.einsum("bne,be->bn", keys, query) / (temperature * np.sqrt(d))
            yield Sample(query, keys, values), softmax_weights(scores, np.ones((12, n), dtype=bool))


def shortfalls(part: Farthest, seed: int) -> Array:
    """How far below the maximum the search ends, relatively, wherever the maximum is a collision."""
    short = []
    for sample, a in cases(seed):
        reached = part(a, sample, np.random.default_rng(0)).reached
        assert reached is not None
        for b in range(sample.trials):
            listed = fibre_vertices(a[b], sample.values[b])
            divergence = jsd_bits(np.broadcast_to(a[b], listed.shape), listed)
            if total_variation(a[b], listed[divergence.argmax()]) >= 100 * DIFFERENT:
                short.append(1 - reached[b] / divergence.max())
    return np.array(short)


def test_the_search_meets_the_maximum_in_small_sizes() -> None:
    short = shortfalls(member("collision", "farthest"), seed=4)
    assert len(short) > 330
    assert np.abs(short).max() <= 1e-6  # neither below the farthest vertex nor beyond it


def test_fewer_starts_miss_what_the_docstring_says_they_miss() -> None:
    short = shortfalls(Farthest(starts=8), seed=0)
    met = (short <= 1e-6).mean()
    said = f"{100 * met:.1f} % of {len(short)} with 8 (at worst {100 * short.max():.1f} % below)"
    assert said in " ".join((Farthest.__doc__ or "").split())


@pytest.mark.parametrize("near", [1e-7, 1e-9, 1e-11])
@pytest.mark.parametrize("temperature", [0.02, 0.1, 1.0])
def test_values_that_nearly_coincide(near: float, temperature: float) -> None:
    rng = np.random.default_rng(5)
    for n, d in ((16, 4), (32, 8), (64, 16)):
        values = rng.standard_normal((10, n, d))[:, np.arange(n) // 2 * 2]
        values = values + near * rng.standard_normal(values.shape)
        sample = Sample(rng.standard_normal((10, d)), rng.standard_normal((10, n, d)), values)
        try:
            pair = Farthest()(attend(sample, temperature), sample, np.random.default_rng(0))
        except Declined:
            continue
        require_law(pair, sample)
        if temperature == 1.0:
            assert pair.found.all()


def test_a_face_is_searched_like_any_polytope() -> None:
    """Weights on d + 3 of 20 positions: what is reached is no nearer than among these positions alone."""
    rng = np.random.default_rng(6)
    sample = Sample(
        rng.standard_normal((8, 3)), rng.standard_normal((8, 20, 3)), rng.standard_normal((8, 20, 3))
    )
    weights = np.zeros((8, 20))
    weights[:, :6] = rng.dirichlet(np.ones(6), 8)
    part = Farthest()(weights, sample, rng)
    few = Sample(sample.queries, sample.keys[:, :6], sample.values[:, :6])
    alone = Farthest()(weights[:, :6], few, rng)
    assert part.found.all() and part.reached is not None and alone.reached is not None
    assert (part.reached >= alone.reached - 1e-6).all()
