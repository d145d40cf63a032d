"""Two figures that differ in a logarithmic axis alone: the earlier is drawn, unless they show different things."""

from __future__ import annotations

from typing import Any

import pytest
from test_odd_pages import shares

from attnlab.report.shown import all_once

SAME = "it would show the same as Figure 1, but for the spacing of an axis"
CLOSE = {(4, 2): 0.2, (8, 2): 0.5, (400, 2): 0.9}
FAR = {(4, 2): 0.001, (8, 2): 0.5, (400, 2): 0.9}
NONE = {(4, 2): 0.0, (8, 2): 0.5, (400, 2): 0.9}
LINES: dict[str, Any] = {"kind": "lines", "x": "inputs.n", "y": "width"}
POINTS: dict[str, Any] = {**LINES, "kind": "points"}
MAP: dict[str, Any] = {"kind": "heat", "x": "inputs.n", "y": "inputs.d", "value": "width"}


def problems(spec: dict[str, Any], other: dict[str, Any], values: dict[tuple[int, int], float]) -> list[str]:
    """Why each of two figures is not drawn; whichever is the first is."""
    table = shares(values)
    first, second = all_once([{"name": "one", **spec}, {"name": "two", **spec, **other}], table, "figures")
    second_first = all_once([{"name": "two", **spec, **other}, {"name": "one", **spec}], table, "figures")
    assert first.files and second_first[0].files and second_first[1].problem == second.problem
    return [first.problem, second.problem]


@pytest.mark.parametrize("values", [CLOSE, FAR, NONE])
def test_a_curve_along_a_logarithmic_x_has_the_same_marks(values: dict[tuple[int, int], float]) -> None:
    assert problems(LINES, {"logx": True}, values) == ["", SAME]


@pytest.mark.parametrize("spec", [LINES, POINTS])
def test_values_of_one_power_of_ten_are_seen_alike_and_no_others(spec: dict[str, Any]) -> None:
    """On a linear axis a value of 0.001 lies on 0; on a logarithmic one 0 has no place."""
    assert problems(spec, {"logy": True}, CLOSE) == ["", SAME]
    for values in (FAR, NONE):
        assert problems(spec, {"logy": True}, values) == ["", ""]


def test_a_map_has_its_cells_on_either_axis() -> None:
    squares = {(n, d): 0.1 for n in (4, 8, 64) for d in (2, 3, 5)}
    for other in ({"logx": True}, {"logy": True}, {"logx": True, "logy": True}):
        assert problems(MAP, other, squares) == ["", SAME]


def test_what_differs_in_more_is_drawn() -> None:
    assert problems(LINES, {"logx": True, "col": "inputs.d"}, {**CLOSE, (4, 3): 0.3}) == ["", ""]
