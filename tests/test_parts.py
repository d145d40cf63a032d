"""Settings: what an annotation allows, in words, and what it makes of a whole number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from attnlab.parts import Count, Fraction, NonNegative, Part, Positive, SettingError, declared, refusal


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Count, [1, 7], [0, -1, 1.5, "1", True, None]),
        (Positive, [0.1, 3], [0, -1.0, "x", float("nan"), float("inf"), None]),
        (NonNegative, [0, 0.5], [-1e-9, True]),
        (Fraction, [0, 0.5, 1], [-0.1, 1.1, "0.5"]),
        (Literal["a", "b"], ["a"], ["c", None, 1]),
        (Count | None, [None, 3], [0, "x"]),
        (bool, [True], [1, "true"]),
        (str, ["x"], [1, None]),
        (list[int], [[1]], ["1", None]),
        (Any, [None, 1, "x"], []),
    ],
)
def test_an_annotation_says_what_is_allowed(kind: Any, good: list[object], bad: list[object]) -> None:
    for value in good:
        assert refusal(kind, value) is None
    for value in bad:
        assert refusal(kind, value), value


@dataclass(frozen=True)
class Scaled(Part):
    count: Count = 1
    scale: Positive = 1.0
    limit: Positive | None = None


def test_a_whole_number_for_a_real_setting_is_a_float() -> None:
    part = Scaled(count=2, scale=3, limit=4)
    assert (type(part.count), type(part.scale), type(part.limit)) == (int, float, float)
    assert part == Scaled(2, 3.0, 4.0) and Scaled().limit is None
    assert declared(Fraction, 1) == 1.0 and type(declared(Fraction, 1)) is float
    assert type(declared(Count, 1)) is int and type(declared(int | float, 1)) is int
    assert declared(bool, True) is True and declared(Any, 1) == 1


def test_a_refused_setting_is_named() -> None:
    with pytest.raises(SettingError, match=r"scale=-1: expected a finite number > 0"):
        Scaled(scale=-1)
