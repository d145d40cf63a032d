"""Seeds and temperatures at the door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import attnlab


def test_a_seed_does_for_a_generator() -> None:
    query, keys = [0.3, -0.2], [[0.0, 1.0], [1.0, 0.0], [-1.0, 0.5], [0.3, -1.0]]
    by_seed = attnlab.expected_rivals(query, keys, draws=400, rng=3)
    assert by_seed == attnlab.expected_rivals(query, keys, draws=400, rng=np.random.default_rng(3))
    assert by_seed != attnlab.expected_rivals(query, keys, draws=400)
    with pytest.raises(ValueError, match=r"got \(1,\) and \(4, 2\)$"):
        attnlab.expected_rivals(query[:1], keys)


@pytest.mark.parametrize("temperature", [None, "warm", [1.0, 2.0], 0, -1.0, float("nan"), float("inf")])
def test_a_temperature_is_one_positive_number(temperature: Any) -> None:
    with pytest.raises(ValueError, match="temperature"):
        attnlab.attend([1.0], [[1.0], [2.0]], [[1.0], [2.0]], temperature)
