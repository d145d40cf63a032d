"""What parts declare, tested on what they draw: a wrong declaration fails here, for every member in conf/."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from members import exact_examples, member, members

from attnlab.inputs.base import Inputs
from attnlab.parts import Declined
from attnlab.probes.base import OUTPUT
from attnlab.shapes import Array, Sample
from attnlab.weights.softmax import Softmax

SEEDS = range(4)
MANY = 4000
LOW: dict[str, dict[str, object]] = {"low_rank": {"rank": 2}}
"""Settings that fit small sizes."""


def drawn(name: str, trials: int, seed: int, **settings: object) -> tuple[Inputs, Sample]:
    inputs = member("inputs", name, **settings, **LOW.get(name, {}))
    return inputs, inputs(trials, np.random.default_rng(seed))


def in_general_position(values: Array, keys: Array) -> bool:
    """Whether values, keys, the values' squared lengths and the ones are as independent as so many numbers can be.

    A law with a density given the keys makes them so with probability 1; values in a subspace, of one length or
    tied to the keys are not, nor are equal ones. Rank is decided at 1e-9, where rounding is 1e-15.
    """
    lengths = (values**2).sum(axis=1, keepdims=True)
    rows = np.concatenate([np.ones((len(values), 1)), values, lengths, keys], axis=1)
    few = rows[:, : 1 + values.shape[1]]
    whole = bool(np.linalg.matrix_rank(rows / np.abs(rows).max(axis=0), tol=1e-9) == min(rows.shape))
    subsets = itertools.combinations(range(len(values)), few.shape[1])
    return whole and all(abs(np.linalg.det(few[list(subset)])) > 1e-9 for subset in subsets)


@pytest.mark.parametrize("name", members("inputs"))
def test_a_density_puts_values_in_general_position(name: str) -> None:
    inputs, _ = drawn(name, 1, 0, n=8, d=3, e=2)
    general = []
    for seed in SEEDS:
        _, sample = drawn(name, 2, seed, n=8, d=3, e=2)
        general += [in_general_position(v, k) for v, k in zip(sample.values, sample.keys, strict=True)]
    if inputs.density:
        assert all(general)
    if inputs.generic_values:
        assert inputs.density


@pytest.mark.parametrize("name", ["duplicated", "low_rank", "sphere", "tied"])
def test_values_without_a_density_are_found_out(name: str) -> None:
    """The test above can fail: these do not declare a density, and a declaration would not stand."""
    inputs, sample = drawn(name, 3, 0, n=8, d=3, e=3)
    assert not inputs.density
    assert not any(in_general_position(v, k) for v, k in zip(sample.values, sample.keys, strict=True))


@pytest.mark.parametrize("name", members("inputs"))
def test_exchangeable_positions_have_one_law_of_values_and_keys(name: str) -> None:
    """Moments of values, keys and both together are the same at every position, and every draw is fresh."""
    inputs, sample = drawn(name, MANY, 0, n=4, d=4, e=4)
    if not inputs.exchangeable:
        return
    assert len(np.unique(sample.group)) == MANY
    v, k, q = sample.values, sample.keys, sample.queries
    scores = np.einsum("be,bne->bn", q, k)
    norms, sizes = (v**2).sum(axis=2), (k**2).sum(axis=2)
    moments = [norms, norms**2, sizes, scores, scores**2, (v * k).sum(axis=2), norms * scores, norms * sizes]
    for moment in (*moments, *np.moveaxis(v, 2, 0), *np.moveaxis(k, 2, 0)):
        difference = moment - moment.mean(axis=1, keepdims=True)
        error = difference.std(axis=0) / np.sqrt(MANY)
        assert (np.abs(difference.mean(axis=0)) <= 6 * error + 1e-9).all()


@pytest.mark.parametrize("name", members("weights"))
def test_equivariant_weights_go_with_their_positions(name: str) -> None:
    """Permuted positions have permuted weights: exactly, or, where weights are drawn, in law."""
    weights = member("weights", name)
    _, sample = drawn("gaussian", MANY, 1, n=5, d=2, e=3)
    order = np.array([3, 0, 4, 1, 2])
    moved = dataclasses.replace(
        sample, values=sample.values[:, order], keys=sample.keys[:, order], mask=sample.mask[:, order]
    )
    try:
        here, there = (weights(one, np.random.default_rng(2)) for one in (sample, moved))
    except Declined:
        pytest.skip("declines inputs without weights of their own")
    same = np.allclose(here[:, order], there, atol=1e-12)
    drawn_alike = all(
        np.abs((there**power).mean(axis=0) - (here[:, order] ** power).mean(axis=0)).max() < 6 / np.sqrt(MANY)
        for power in (1, 2)
    )
    assert not weights.equivariant or same or drawn_alike


def read_differently(probe: Any, seen: Any, other: Any) -> bool:
    half = np.arange(len(seen)) < len(seen) // 2
    there = np.flatnonzero(~half)
    reader = probe.fit(seen[np.flatnonzero(half)], np.random.default_rng(0))
    return not np.allclose(reader(seen[there]), reader(other[there]), atol=1e-9)


@pytest.mark.parametrize("name", members("probe"))
def test_a_probe_of_the_output_alone_answers_whatever_the_tokens(name: str) -> None:
    probe = member("probe", name)
    _, sample = drawn("tokens", 80, 3, n=4, d=4, e=4)
    weights = Softmax(temperature=0.3)(sample, np.random.default_rng(0))
    seen = exact_examples(weights, sample)
    assert seen.tokens is not None
    try:
        differs = read_differently(probe, seen, dataclasses.replace(seen, tokens=seen.tokens[:, ::-1] + 1.0))
    except Declined:
        pytest.skip("declines these examples")
    assert differs == (probe.reads != OUTPUT)
