"""The law of every construction, over all of conf/collision: exact arithmetic and linear programmes as oracles."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from members import member, members
from scipy.optimize import linprog

from attnlab.attention import logits, softmax_weights
from attnlab.collisions.base import Construction
from attnlab.oracles.exact import confirm_exactly
from attnlab.parts import Declined
from attnlab.shapes import Array, Collision, Sample

ALL = members("collision")


def drawn(n: int, d: int, e: int, trials: int = 4, seed: int = 0, masked: bool = False) -> Sample:
    """Gaussian trials; if masked, of different lengths, from n down."""
    rng = np.random.default_rng(seed)
    length = n - (np.arange(trials) % 3 if masked else np.zeros(trials, dtype=int))
    return Sample(
        rng.standard_normal((trials, e)),
        rng.standard_normal((trials, n, e)),
        rng.standard_normal((trials, n, d)),
        mask=np.arange(n) < length[:, None],
    )


def attend(sample: Sample, temperature: float = 1.0) -> Array:
    return softmax_weights(logits(sample.queries, sample.keys, temperature), sample.mask)


def made(name: str, sample: Sample, weights: Array, seed: int = 0) -> Collision | str:
    """The collision, or the sentence with which the construction declined."""
    part = member("collision", name)
    assert isinstance(part, Construction)
    try:
        return part(weights, sample, np.random.default_rng(seed))
    except Declined as reason:
        assert len(str(reason)) > 20
        return str(reason)


def exact_gap(patterns: Array, values: Array) -> Fraction:
    """The largest squared distance of two outputs over the mean squared size of the values, exactly.

    patterns (r, n), values (r, n, d), all taken as the rational numbers that floats are.
    """
    a = [[Fraction(x) for x in row] for row in patterns.tolist()]
    v = [[[Fraction(x) for x in row] for row in rows] for rows in values.tolist()]
    d = values.shape[2]
    outputs = [
        [sum((w * x[c] for w, x in zip(aj, vj, strict=True)), Fraction(0)) for c in range(d)]
        for aj, vj in zip(a, v, strict=True)
    ]
    size = sum((x * x for rows in v for row in rows for x in row), Fraction(0)) / (len(v) * len(v[0]))
    apart = max(sum(((x - y) ** 2 for x, y in zip(o, outputs[0], strict=True)), Fraction(0)) for o in outputs)
    return apart / size if size else apart


def require_law(pair: Collision, sample: Sample) -> None:
    """The law of the base class, recomputed exactly; and that found patterns really differ."""
    for b in np.flatnonzero(pair.found):
        patterns, mask = pair.patterns[b], sample.mask[b]
        assert np.isfinite(patterns).all()
        assert patterns.min() >= 0 and not patterns[:, ~mask].any()
        for row in patterns.tolist():
            assert abs(sum((Fraction(x) for x in row), Fraction(-1))) <= 1e-12
        assert exact_gap(patterns, pair.values[b]) <= Fraction(pair.tolerance) ** 2
        assert np.abs(patterns[0] - patterns[1]).sum() > 1e-9
        if pair.constraint == "softmax":
            assert pair.tolerance <= 1e-12
        elif "bit-identical" not in pair.verified:
            assert pair.tolerance <= 1e-9
    assert np.isnan(pair.patterns[~pair.found]).all()


def in_the_fibre(pair: Collision, b: int) -> bool:
    """Whether linprog, which knows only the first pattern, gets as far towards the second one as it is."""
    a, other = pair.patterns[b, 0], pair.patterns[b, 1]
    values = pair.values[b, 0] - pair.values[b, 0].mean(axis=0)
    rows = np.vstack([values.T / max(np.abs(values).max(initial=0.0), 1e-300), np.ones(len(a))])
    solved = linprog(a - other, A_eq=rows, b_eq=rows @ a, bounds=(0, None))
    assert solved.fun is not None, solved.message
    return bool(-solved.fun >= (other - a) @ other - 1e-9)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("n", "d", "e"), [(14, 3, 3), (12, 2, 4), (40, 4, 4)])
@pytest.mark.parametrize("masked", [False, True])
def test_law(name: str, n: int, d: int, e: int, masked: bool) -> None:
    sample = drawn(n, d, e, masked=masked)
    pair = made(name, sample, attend(sample))
    assert isinstance(pair, Collision), pair
    assert pair.found.any()
    require_law(pair, sample)
    shared = np.array_equal(pair.values[:, 0], pair.values[:, 1])
    if pair.constraint == "simplex" and shared and pair.tolerance <= 1e-9:
        for b in np.flatnonzero(pair.found):
            assert in_the_fibre(pair, int(b))


@pytest.mark.parametrize("name", ALL)
def test_the_same_stream_gives_the_same_collision(name: str) -> None:
    sample = drawn(14, 3, 3)
    one, two = made(name, sample, attend(sample), seed=3), made(name, sample, attend(sample), seed=3)
    assert isinstance(one, Collision) and isinstance(two, Collision)
    np.testing.assert_array_equal(one.patterns, two.patterns)


@pytest.mark.parametrize("name", ALL)
def test_shift_and_scale_of_the_values_do_not_matter(name: str) -> None:
    sample = drawn(14, 3, 3)
    for scale, offset in ((1e-8, 0.0), (1e6, 0.0), (1.0, 1e4)):
        moved = Sample(sample.queries, sample.keys, scale * sample.values + offset)
        pair = made(name, moved, attend(sample))
        if isinstance(pair, Collision):  # a format has a range: rounded may decline
            require_law(pair, moved)
        else:
            assert "normal numbers" in pair


@pytest.mark.parametrize("name", ALL)
def test_exact_on_rational_values(name: str) -> None:
    rng = np.random.default_rng(1)
    whole = Sample(
        rng.standard_normal((6, 2)),
        rng.standard_normal((6, 12, 2)),
        rng.integers(-4, 5, (6, 12, 2)).astype(float),
    )
    pair = made(name, whole, attend(whole))
    assert isinstance(pair, Collision), pair
    if pair.constraint == "softmax":
        with pytest.raises(ValueError, match="rational"):
            confirm_exactly(pair)
    elif "bit-identical" not in pair.verified:
        assert confirm_exactly(pair).verified == "exact rational arithmetic"


def degenerate() -> dict[str, Sample]:
    """Inputs at the edge of what a sample can be."""
    rng = np.random.default_rng(2)
    q, k, v = rng.standard_normal((3, 2)), rng.standard_normal((3, 9, 2)), rng.standard_normal((3, 9, 2))
    single = np.zeros((3, 9), dtype=bool)
    single[:, 4] = True
    few = np.arange(9) < np.array([[1], [2], [9]])
    return {
        "duplicates": Sample(q, k, np.repeat(v[:, :3], 3, axis=1)),
        "duplicated words": Sample(q, np.repeat(k[:, :3], 3, axis=1), np.repeat(v[:, :3], 3, axis=1)),
        "all equal": Sample(q, k, np.full((3, 9, 2), 0.1)),
        "zero values": Sample(q, k, np.zeros((3, 9, 2))),
        "zero variance in one direction": Sample(q, k, v * [1.0, 0.0]),
        "equal keys": Sample(q, np.ones((3, 9, 2)), v),
        "zero query": Sample(0 * q, k, v),
        "one position": Sample(q, k[:, :1], v[:, :1]),
        "two positions": Sample(q, k[:, :2], v[:, :2]),
        "no value dimension": Sample(q, k, v[:, :, :0]),
        "huge logits": Sample(1e4 * q, k, v),
        "huge values": Sample(q, k, 1e200 * v),
        "tiny values": Sample(q, k, 1e-200 * v),
        "one visible": Sample(q, k, v, mask=single),
        "different lengths": Sample(q, k, v, mask=few),
        "nearly equal": Sample(q, k, 1.0 + 1e-15 * v),
        "independent": Sample(q, k, rng.standard_normal((3, 9, 12))),
    }


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", degenerate())
def test_degenerate_inputs_decline_or_keep_the_law(name: str, kind: str) -> None:
    sample = degenerate()[kind]
    for weights in (attend(sample), sample.mask / sample.mask.sum(axis=1, keepdims=True), one_hot(sample)):
        pair = made(name, sample, weights)
        if isinstance(pair, Collision):
            require_law(pair, sample)


@pytest.mark.parametrize("name", ALL)
def test_weights_off_the_simplex_are_refused(name: str) -> None:
    sample = drawn(9, 2, 2, masked=True)
    part, good, rng = member("collision", name), attend(sample), np.random.default_rng(0)
    hidden = np.full_like(good, 1 / 9)
    for bad in (np.full_like(good, np.nan), good * 1.1, good[:, :5], np.where(good > 0, -good, 0), hidden):
        with pytest.raises(ValueError, match="expected"):
            part(bad, sample, rng)


def test_not_a_number_is_no_sample() -> None:
    values = np.zeros((1, 4, 2))
    values[0, 1, 1] = np.nan
    with pytest.raises(ValueError, match="finite values"):
        Sample(np.ones((1, 2)), np.ones((1, 4, 2)), values)


def one_hot(sample: Sample) -> Array:
    """All weight on the first visible position."""
    return np.where(np.arange(sample.n) == sample.mask.argmax(axis=1)[:, None], 1.0, 0.0)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_small_whole_numbers(data: st.DataObject) -> None:
    """Ties, repeated rows and faces abound here: the law holds, and exactly."""
    n, d = data.draw(st.integers(1, 7)), data.draw(st.integers(0, 3))
    whole = data.draw(st.lists(st.integers(-2, 2), min_size=n * d, max_size=n * d))
    mass = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n).filter(any))
    rng = np.random.default_rng(data.draw(st.integers(0, 3)))
    values = np.array(whole, dtype=float).reshape(1, n, d)
    sample = Sample(rng.standard_normal((1, 2)), rng.standard_normal((1, n, 2)), values)
    weights = np.array([mass], dtype=float) / sum(mass)
    for name in ALL:
        pair = made(name, sample, weights)
        if isinstance(pair, Collision):
            require_law(pair, sample)
            if pair.constraint == "simplex" and pair.tolerance <= 1e-9:
                confirm_exactly(pair)
