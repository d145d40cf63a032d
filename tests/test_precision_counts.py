"""Where a function takes the precision of its numbers, naming one changes what it answers."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import attnlab

TAKERS = [
    name
    for name in dir(attnlab)
    if callable(getattr(attnlab, name))
    and "precision" in inspect.signature(getattr(attnlab, name)).parameters
]


def numbers(answer: Any) -> list[np.ndarray]:
    """What an answer holds: an array, or the fields of a verdict."""
    return [answer] if isinstance(answer, np.ndarray) else [np.asarray(x) for x in vars(answer).values()]


@pytest.mark.parametrize("name", TAKERS)
def test_a_precision_that_is_named_counts(name: str) -> None:
    """Two rows that float16 does not tell apart, all the weight on one of them, and three that it does."""
    values = np.array([[0.0, 1.0, 0.0], [0.0, 1.0 + 1e-4, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    weights, ask = np.array([0.5, 0.0, 0.3, 0.2]), getattr(attnlab, name)
    given = (values,) if "weights" not in inspect.signature(ask).parameters else (weights, values)
    fine, coarse = (numbers(ask(*given, precision=kind)) for kind in ("float64", "float16"))
    assert any((one != other).any() for one, other in zip(fine, coarse, strict=True))
    for one, other in zip(fine, numbers(ask(*given)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_several_take_one() -> None:
    assert len(TAKERS) > 3
