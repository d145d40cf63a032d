"""Equal rows of a smaller float type are equal: float32 copies that differ by their rounding are no two values."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from attnlab.arrays import EPS
from attnlab.identifiability import fibre_intervals, is_unique, nullity, top_certified
from attnlab.inputs.gaussian import Gaussian
from attnlab.seeds import Streams
from attnlab.shapes import Array, Sample
from attnlab.solvers.copies import merged
from attnlab.weights.uniform_support import UniformSupport
from experiments import fibre, phase

RNG = np.random.default_rng(0)
N, D = 12, 6
KINDS = {"float32": np.float32, "float16": np.float16}


def copies(kind: Any, trials: int = 20, offset: float = 0.0) -> Array:
    """Rows 3 and 7 are one row, computed in two orders: the second is a rounding or two away."""
    tokens, maps = RNG.standard_normal((trials, N, 40)), RNG.standard_normal((trials, 40, D))
    tokens[:, 7] = tokens[:, 3]
    made = (tokens.astype(kind)[..., None] * maps.astype(kind)[:, None] / kind(6)).astype(kind)
    rows = made.cumsum(axis=2, dtype=kind)[:, :, -1] + kind(offset)
    rows[:, 7] = made[:, 7, ::-1].cumsum(axis=1, dtype=kind)[:, -1] + kind(offset)
    return rows


def hard(position: int, trials: int = 20) -> Array:
    return np.broadcast_to(np.eye(N)[position], (trials, N))


@pytest.mark.parametrize("offset", [0.0, 1000.0])
@pytest.mark.parametrize("kind", KINDS)
def test_all_weight_on_a_copy_is_not_unique(kind: str, offset: float) -> None:
    v = copies(KINDS[kind], offset=offset if kind == "float32" else 0.0)
    apart = np.abs(v[:, 3].astype(float) - v[:, 7].astype(float)).max(axis=1) > 0
    assert apart.any(), "the two orders round differently"
    assert (nullity(v).affine_null == N - D - 1).all()
    assert is_unique(hard(3), v).not_unique.all() and is_unique(hard(7), v).not_unique.all()
    as_given = is_unique(hard(3), v, precision="float64")
    assert as_given.unique[apart].any(), "taken as they are, some are vertices"
    bounds = fibre_intervals(hard(3), v)
    np.testing.assert_allclose(bounds[:, [3, 7]], np.broadcast_to([0.0, 1.0], (20, 2, 2)), atol=1e-9)
    assert top_certified(hard(3), v).refuted.all()


def test_named_precision_is_the_arrays_own() -> None:
    """Cast to float64 on the way: name it, and the answer is that of the float32 arrays."""
    v = copies(np.float32)
    for ask in (
        lambda x, **how: is_unique(hard(3), x, **how).unique,
        lambda x, **how: fibre_intervals(hard(3), x, **how),
    ):
        np.testing.assert_array_equal(ask(v.astype(float), precision="float32"), ask(v))


def test_other_rows_are_left_as_they_are() -> None:
    """Generic float32 rows, shared values and masks: the same answers as in float64; near is not equal."""
    v = RNG.standard_normal((30, N, D)).astype(np.float32)
    assert merged(v.astype(float), EPS["float32"]) is not None
    np.testing.assert_array_equal(merged(v.astype(float), EPS["float32"]), v)
    for position in range(3):
        a = hard(position, 30)
        np.testing.assert_array_equal(is_unique(a, v).unique, is_unique(a, v, precision="float64").unique)
    v[:, 7] = v[:, 3] + np.float32(1e-4)
    np.testing.assert_array_equal(merged(v.astype(float), EPS["float32"]), v)
    double = v.astype(float)
    double[:, 7] = double[:, 3] * (1 + 1e-15)
    assert merged(double, EPS["float64"]) is double


def test_shared_values_and_masks() -> None:
    """A hidden copy is no rival, and one array of values serves all rows of weights."""
    v = copies(np.float32, 1)[0]
    a = np.eye(N)
    assert is_unique(a, v).not_unique[[3, 7]].all()
    mask = np.arange(N) != 7
    seen = is_unique(a[:7], v, mask)
    np.testing.assert_array_equal(seen.unique, is_unique(a[:7, mask], v[mask]).unique)


def test_rows_in_a_chain_become_the_first() -> None:
    rows = np.ones((1, 4, 2))
    rows[0, :, 0] += np.array([0.0, 3.0, 6.0, 40.0]) * EPS["float32"]
    found = merged(rows, EPS["float32"])
    assert (found[0, :3] == rows[0, 0]).all() and (found[0, 3] == rows[0, 3]).all()


def test_studies_judge_at_the_precision_of_their_sample() -> None:
    """A user's float32 inputs whose rows come twice: a hard pattern on one of them is not said to be certain."""
    v = copies(np.float32, 40)

    @dataclass(frozen=True)
    class Twice(Gaussian):
        def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
            return dataclasses.replace(super().__call__(trials, rng), values=v[:trials])

    @dataclass(frozen=True)
    class OnThird(UniformSupport):
        def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
            return hard(3, sample.trials)

    inputs = Twice(n=N, d=D, e=D)
    assert not phase.trial(inputs, OnThird(support=1), 40, Streams(0))["unique"].any()
    row = fibre.trial(inputs, OnThird(support=1), 40, Streams(0))
    assert not row["unique"].any() and not row["certified"].any()
