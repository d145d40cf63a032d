"""Numbers near the smallest a float holds: refused at the door, in one sentence that names the argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from members import member

import attnlab
from attnlab.decoders.base import decode

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
EVEN = np.full(4, 0.25)
ASK: dict[str, Callable[[Any, Any], Any]] = {
    "is_unique": lambda v, k: attnlab.is_unique(EVEN, v),
    "fibre_intervals": lambda v, k: attnlab.fibre_intervals(EVEN, v),
    "top_certified": lambda v, k: attnlab.top_certified(EVEN, v),
    "nullity": lambda v, k: attnlab.nullity(v),
    "softmax_rivals": lambda v, k: attnlab.softmax_rivals(EVEN, v, k),
    "query_degree": lambda v, k: attnlab.query_degree(EVEN @ SQUARE, v, k),
    "simplex": lambda v, k: decode(member("decoder", "simplex"), EVEN @ v, v),
    "least_squares": lambda v, k: decode(member("decoder", "least_squares"), EVEN @ v, v),
}
OF_KEYS = ("softmax_rivals", "query_degree")


@pytest.mark.parametrize("name", ASK)
def test_what_is_too_small_is_refused_and_named(name: str) -> None:
    few = r"expected values all 0, or one of size at least 1e-300 in every problem, got 1e-310 at most"
    for values in (1e-310 * SQUARE, -1e-310 * SQUARE, np.stack([SQUARE, 1e-310 * SQUARE])):
        with pytest.raises(ValueError, match=few):
            ASK[name](values, SQUARE)
    if name in OF_KEYS:
        with pytest.raises(ValueError, match=few.replace("values", "keys")):
            ASK[name](SQUARE, 1e-310 * SQUARE)


@pytest.mark.parametrize("name", ASK)
def test_zeros_and_what_is_just_large_enough_are_taken(name: str) -> None:
    ASK[name](1e-299 * SQUARE, 1e-299 * SQUARE if name in OF_KEYS else SQUARE)
    ASK[name](0 * SQUARE, SQUARE)
