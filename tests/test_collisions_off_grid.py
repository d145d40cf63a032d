"""Off the shipped grids: every construction on every kind of values, at any scale, masked, repeated, few.

It finds a valid certified collision or declines with a sentence; it does not crash, hang or warn. And the order
of the positions plays no part.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from members import member, members
from test_collisions_laws import attend, exact_gap, require_law

from attnlab.collisions.base import Construction
from attnlab.metrics import total_variation
from attnlab.parts import Declined
from attnlab.shapes import Array, Collision, Mask, Sample

D = 3
TRIALS = 3
FEWER = {"reachable": {"starts": 3}, "farthest": {"starts": 3}}
"""Searches that are as good a test with less effort."""


def construction(name: str) -> Construction:
    part = member("collision", name, **FEWER.get(name, {}))
    assert isinstance(part, Construction)
    return part


def drawn(inputs: str, n: int, seed: int = 0) -> Sample:
    settings = {"rank": 2} if inputs == "low_rank" else {}
    sample = member("inputs", inputs, n=n, d=D, e=D, **settings)(TRIALS, np.random.default_rng(seed))
    assert isinstance(sample, Sample)
    return sample


def with_values(sample: Sample, values: Array, mask: Mask | None = None) -> Sample:
    return Sample(sample.queries, sample.keys, values, mask=sample.mask if mask is None else mask > 0)


def situations(inputs: str) -> Iterator[tuple[str, Sample]]:
    for asked in (1, 2, D + 1, D + 2, 13):
        sample = drawn(inputs, asked)
        v, n = sample.values, sample.n  # some find their sizes out
        near = np.random.default_rng(1).standard_normal(v.shape)
        half = np.arange(n) // 2 * 2  # positions 1, 3, 5 become copies of 0, 2, 4
        few = np.arange(n) < np.array([[1], [(n + 1) // 2], [n]])
        yield f"n={n}", sample
        yield f"n={n} scale 1e-12", with_values(sample, 1e-12 * v)
        yield f"n={n} scale 1e12", with_values(sample, 1e12 * v)
        yield f"n={n} offset 1e6", with_values(sample, v + 1e6)
        yield f"n={n} duplicates", with_values(sample, v[:, half])
        yield f"n={n} near-duplicates", with_values(sample, v[:, half] + 1e-9 * near)
        yield f"n={n} nearer", with_values(sample, v[:, half] + 1e-13 * near)
        yield f"n={n} masked", with_values(sample, v, few)
        yield f"n={n} uneven", with_values(sample, v * 10.0 ** np.resize([-7, 5, 0], sample.d))


def require_close_to_the_spread(pair: Collision) -> None:
    """An offset hides nothing: the outputs agree to the promise relative to the spread of the values too."""
    for b in np.flatnonzero(pair.found):
        values = pair.values[b, :1]
        size, spread = np.abs(values).max(), np.abs(values - values[:, :1]).max()
        slack = 1e-9 + 1e-14 * size / (spread if spread > 0 else size)
        assert exact_gap(pair.patterns[b], np.repeat(values - values[:, :1], 2, axis=0)) <= slack**2


@pytest.mark.parametrize("inputs", members("inputs"))
@pytest.mark.parametrize("name", members("collision"))
def test_a_valid_collision_or_a_reason(name: str, inputs: str) -> None:
    part = construction(name)
    for words, sample in situations(inputs):
        for temperature in (0.05, 1.0):
            try:
                pair = part(attend(sample, temperature), sample, np.random.default_rng(0))
            except Declined as reason:
                assert len(str(reason)) > 20, words
                continue
            require_law(pair, sample)
            shared = np.array_equal(pair.values[:, 0], pair.values[:, 1])
            if shared and pair.patterns.shape[1] == 2 and pair.tolerance <= 1e-9:
                require_close_to_the_spread(pair)


@pytest.mark.parametrize("decay", [0.0, 4.0, 12.0])
@pytest.mark.parametrize("name", ["null_step", "radon", "caratheodory", "farthest", "extreme", "rounded"])
def test_values_of_falling_variance(name: str, decay: float) -> None:
    """The least of 16 deviations is 3e-15 of the largest at decay 12: dependent or not, as rounding has it."""
    sample = member("inputs", "anisotropic", n=64, d=16, e=16, decay=decay)(4, np.random.default_rng(0))
    pair = construction(name)(attend(sample, 4.0), sample, np.random.default_rng(0))
    assert pair.found.all() or name == "extreme"
    require_law(pair, sample)


@pytest.mark.parametrize("n", [10, 64])
def test_a_rounded_pair_does_not_hang_on_the_order_of_the_coordinates(n: int) -> None:
    """Beyond d + 1 positions too, where many directions leave the output as it is: it is one example of them."""
    sample = member("inputs", "gaussian", n=n, d=16, e=16)(40, np.random.default_rng(0))
    order = np.random.default_rng(1).permutation(16)
    moved = dataclasses.replace(sample, values=sample.values[:, :, order])
    one, other = (
        construction("rounded")(attend(each, 1.0), each, np.random.default_rng(2)) for each in (sample, moved)
    )
    np.testing.assert_array_equal(one.found, other.found)
    here, there = (total_variation(*np.moveaxis(pair.patterns, 1, 0)) for pair in (one, other))
    assert one.found.all() and (here > 0).all()
    np.testing.assert_allclose(there, here, rtol=1e-6)


@pytest.mark.parametrize("name", ["null_step", "radon", "caratheodory", "farthest", "rounded"])
def test_hilbert_like_values(name: str) -> None:
    i, j = np.arange(64)[:, None], np.arange(16)
    values = np.broadcast_to(1.0 / (i + j + 1), (2, 64, 16))
    rng = np.random.default_rng(0)
    sample = Sample(rng.standard_normal((2, 16)), rng.standard_normal((2, 64, 16)), values)
    pair = construction(name)(attend(sample, 4.0), sample, np.random.default_rng(0))
    assert pair.found.all()
    require_law(pair, sample)


def test_patterns_that_differ_by_rounding_are_no_collision() -> None:
    values = np.array([[[0.0], [1.0], [2.0], [2.0]]])
    a = np.array([0.25, 0.25, 0.25, 0.25])
    for step, accepted in ((1e-16, False), (1e-10, False), (1e-8, True)):
        patterns = np.stack([a, a + step * np.array([0.0, 0.0, 1.0, -1.0])])[None]
        if accepted:
            assert Collision(patterns, values, "simplex").found.all()
        else:
            with pytest.raises(ValueError, match="at least 1e-09 apart"):
                Collision(patterns, values, "simplex")


def test_a_pair_of_three_that_are_alike_is_no_collision() -> None:
    values = np.zeros((1, 3, 1))
    patterns = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]])
    with pytest.raises(ValueError, match="apart"):
        Collision(patterns, values, "simplex")


class Carried:
    """Random numbers that belong to the positions: those of the first order, put in another order."""

    def __init__(self, seed: int, n: int, order: Any) -> None:
        self.rng, self.n, self.order = np.random.default_rng(seed), n, order

    def _moved(self, drawn: Array) -> Array:
        for axis in range(1, drawn.ndim):
            if drawn.shape[axis] == self.n:
                drawn = np.take(drawn, self.order, axis=axis)
        return drawn

    def random(self, shape: tuple[int, ...]) -> Array:
        return self._moved(self.rng.random(shape))

    def standard_normal(self, shape: tuple[int, ...]) -> Array:
        return self._moved(self.rng.standard_normal(shape))

    def integers(self, *among: int, size: tuple[int, ...]) -> Any:
        return self.rng.integers(*among, size=size)  # type: ignore[call-overload]  # low, or low and high


@pytest.mark.parametrize("inputs", ["gaussian", "duplicated", "low_rank", "clustered"])
@pytest.mark.parametrize("name", [name for name in members("collision") if name != "reachable"])
@pytest.mark.parametrize("n", [D, 13])
def test_the_order_of_the_positions_plays_no_part(name: str, inputs: str, n: int) -> None:
    """With the random numbers carried along, the patterns are those of the first order, in the other order.

    The searches may end at another pattern; then it is as far.
    """
    sample = drawn(inputs, n)
    order = np.random.default_rng(5).permutation(n)
    other = Sample(sample.queries, sample.keys[:, order], sample.values[:, order])
    a = attend(sample)
    try:
        first = construction(name)(a, sample, Carried(3, n, np.arange(n)))  # type: ignore[arg-type]
    except Declined:
        with pytest.raises(Declined):
            construction(name)(a[:, order], other, Carried(3, n, order))  # type: ignore[arg-type]
        return
    second = construction(name)(a[:, order], other, Carried(3, n, order))  # type: ignore[arg-type]
    np.testing.assert_array_equal(first.found, second.found)
    apart = [np.abs(pair.patterns[:, 0] - pair.patterns[:, 1]).sum(axis=1) for pair in (first, second)]
    np.testing.assert_allclose(apart[0], apart[1], rtol=0, atol=1e-6)
    if name not in ("tverberg", "transplant"):
        np.testing.assert_allclose(first.patterns[:, :, order], second.patterns, rtol=0, atol=1e-6)
