"""Counts are whole numbers, positions too: nothing is rounded, and what is refused says what was expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import attnlab
from attnlab.identifiability import softmax_scenario
from attnlab.theory.angles import external_angle, internal_angle, intrinsic_volumes
from attnlab.theory.antipodal import antipodal_probability, collision_probability

SQUARE = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
FLAT = [0.25] * 4
COUNTS: dict[str, tuple[Callable[[Any], object], int]] = {
    "unique n": (lambda x: attnlab.unique_probability(x, 2, 1), 5),
    "unique d": (lambda x: attnlab.unique_probability(6, x, 1), 2),
    "unique k": (lambda x: attnlab.unique_probability(6, 2, x), 1),
    "orthant n": (lambda x: attnlab.orthant_probability(x, 2, 1), 5),
    "orthant d": (lambda x: attnlab.orthant_probability(6, x, 1), 2),
    "orthant k": (lambda x: attnlab.orthant_probability(6, 2, x), 1),
    "antipodal n": (lambda x: antipodal_probability(x, 2), 5),
    "antipodal d": (lambda x: antipodal_probability(6, x), 2),
    "collision n": (lambda x: collision_probability(x, 2), 5),
    "internal k": (lambda x: internal_angle(x, 4), 2),
    "internal l": (lambda x: internal_angle(1, x), 2),
    "external l": (lambda x: external_angle(x, 4), 2),
    "external n": (lambda x: external_angle(1, x), 2),
    "volumes n": (lambda x: intrinsic_volumes(x, 1), 3),
    "volumes k": (lambda x: intrinsic_volumes(3, x), 1),
    "volumes sizes": (lambda x: intrinsic_volumes(5, 1, [x]), 2),
    "draws": (lambda x: attnlab.expected_rivals([0.5, 0.5], SQUARE, draws=x), 200),
    "starts": (lambda x: attnlab.softmax_inverse([0.5, 0.5], SQUARE, SQUARE, starts=x), 2),
    "most": (lambda x: attnlab.same_order_type(SQUARE, SQUARE, most=x), 10),
    "first": (lambda x: softmax_scenario(x, 3, SQUARE, SQUARE), 0),
    "positions": (lambda x: attnlab.fibre_intervals(FLAT, SQUARE, positions=[x]), 3),
}


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_count_is_a_whole_number(name: str) -> None:
    ask, good = COUNTS[name]
    here = repr(ask(good))
    for same in (np.int64(good), np.int32(good), np.uint8(good), np.array(good)):
        assert repr(ask(same)) == here
    for bad in (good + 0.5, float(good), -1, True, np.True_, "2", None, np.nan, 2 + 0j):
        with pytest.raises(ValueError, match=r"expected .*, got "):
            ask(bad)
    assert repr(ask(good)) == here


@pytest.mark.parametrize(
    "name", sorted(name for name in COUNTS if name not in ("most", "first", "antipodal d"))
)
def test_none_of_what_there_must_be_one_of(name: str) -> None:
    if name == "positions":
        return
    with pytest.raises(ValueError, match=r">= [12], a whole number, got 0"):
        COUNTS[name][0](0)
