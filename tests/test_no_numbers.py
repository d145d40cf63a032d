"""What a student may hold in a notebook and is no array of numbers, no seed, no answer: ValueError, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import attnlab
from attnlab.theory.misses import expected_misses

SQUARE = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
HALF = [0.5, 0.0, 0.0, 0.5]
VALUES: dict[str, Callable[[Any], object]] = {
    "attend": lambda given: attnlab.attend([1.0, 0.0], SQUARE, given),
    "collide": attnlab.collide,
    "decode": lambda given: attnlab.decode([0.5, 0.5], given),
    "effective_attention": lambda given: attnlab.effective_attention(HALF, given),
    "fibre_intervals": lambda given: attnlab.fibre_intervals(HALF, given),
    "is_unique": lambda given: attnlab.is_unique(HALF, given),
    "nullity": attnlab.nullity,
    "query_degree": lambda given: attnlab.query_degree([0.5, 0.5], given, SQUARE),
    "same_order_type": lambda given: attnlab.same_order_type(given, SQUARE),
    "softmax_inverse": lambda given: attnlab.softmax_inverse([0.5, 0.5], given, SQUARE),
    "softmax_rivals": lambda given: attnlab.softmax_rivals(HALF, given, SQUARE),
    "top_certified": lambda given: attnlab.top_certified(HALF, given),
}
NO_NUMBERS: dict[str, Any] = {
    "text": np.array(SQUARE).astype(str),
    "a frame of text": pd.DataFrame(SQUARE).astype(str),
    "dates": np.array(SQUARE, dtype=int).astype("datetime64[s]"),
    "beyond the floats": [[10**400, 0], [1, 0], [0, 1], [1, 1]],
    "a series of rows": pd.Series(SQUARE),
}


@pytest.mark.parametrize("call", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("given", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_is_no_number_is_refused(call: Callable[[Any], object], given: Any) -> None:
    with pytest.raises(ValueError, match="as numbers, got"):
        call(given)


@pytest.mark.parametrize("how", ["sparse", "without data"])
def test_a_tensor_without_its_numbers_is_refused(how: str) -> None:
    torch = pytest.importorskip("torch")
    given = torch.tensor(SQUARE).to_sparse() if how == "sparse" else torch.empty(4, 2, device="meta")
    with pytest.raises(ValueError, match="one dense array, got Tensor"):
        attnlab.collide(given)


SEEDED: dict[str, Callable[[Any], object]] = {
    "collide": lambda rng: attnlab.collide(SQUARE, rng=rng),
    "expected_rivals": lambda rng: attnlab.expected_rivals([1.0], [[0.0], [1.0], [3.0]], rng=rng),
    "expected_rivals, e = 2": lambda rng: attnlab.expected_rivals([1.0, 0.0], SQUARE, rng=rng, draws=50),
    "expected_misses": lambda rng: expected_misses([1.0], [[0.0], [1.0], [3.0]], d=2, rng=rng),
}


@pytest.mark.parametrize("call", SEEDED.values(), ids=SEEDED)
@pytest.mark.parametrize("rng", ["x", -1, 1.5, True, np.random.RandomState(0)], ids=str)
def test_what_is_no_seed_is_refused(call: Callable[[Any], object], rng: object) -> None:
    with pytest.raises(ValueError, match="rng: a numpy Generator, or a seed"):
        call(rng)


def test_a_collision_without_a_seed_would_be_another_each_time() -> None:
    with pytest.raises(ValueError, match="or a seed"):
        attnlab.collide(SQUARE, rng=None)  # type: ignore[arg-type]
    one, same = (attnlab.collide(SQUARE, rng=rng).patterns for rng in (3, np.random.default_rng(3)))
    assert np.array_equal(one, same)


@pytest.mark.parametrize("degree", ["x", 1, [True]])
def test_what_the_degree_says_is_true_or_false_whatever_is_found_before(degree: Any) -> None:
    with pytest.raises(ValueError, match="degree"):
        attnlab.softmax_rivals(HALF, SQUARE, SQUARE, degree=degree)
