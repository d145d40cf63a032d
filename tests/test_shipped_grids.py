"""The grids in conf/experiment: axes that are shares of other axes, and settings that mean what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hydra import initialize_config_dir

from attnlab.harness.cells import Cell
from attnlab.harness.composition import Share
from attnlab.harness.configs import BASE, Configs
from attnlab.harness.grid import plans
from attnlab.harness.overrides import parse, yaml_axis
from attnlab.parts import SettingError

Expand = Callable[..., Sequence[Cell]]
EIGHTHS = range(1, 9)


@pytest.fixture
def expand() -> Iterator[Expand]:
    """`expand("experiment=phase", ...)`: the cells of one study."""

    def cells(*words: str) -> Sequence[Cell]:
        return plans(parse(words, Configs()), Configs())[0].cells

    with initialize_config_dir(str(Path(__file__).parents[1] / "conf"), **BASE):
        yield cells


def sizes(cells: Sequence[Cell], inputs: str) -> set[tuple[int, int, int]]:
    """(n, d, k) of the cells with these inputs."""
    rows = [cell.settings() for cell in cells if cell.settings()["inputs"] == inputs]
    return {(row["inputs.n"], row["inputs.d"], row["weights.support"]) for row in rows}


def by_hand(dimensions: Mapping[int, Sequence[int]]) -> set[tuple[int, int, int]]:
    """(n, d, k) for these n and d, and k = d/8, 2d/8, ... d."""
    return {(n, d, j * d // 8) for n, widths in dimensions.items() for d in widths for j in EIGHTHS}


def test_the_supports_of_phase_are_eighths_of_d_and_its_d_are_eighths_of_n(expand: Expand) -> None:
    def eighths(*lengths: int) -> dict[int, Sequence[int]]:
        return {n: [j * n // 8 for j in range(1, 8)] for n in lengths}

    four = {64: (8, 16, 32, 48)}
    quick, full = expand("experiment=phase"), expand("experiment=phase", "size=full")
    assert sizes(quick, "gaussian") == by_hand({32: (8, 16, 24), **eighths(64, 128)})
    assert sizes(full, "gaussian") == by_hand({32: (8, 16, 24), **eighths(64, 128, 256, 512)})
    for inputs in ("sphere", "positional", "low_rank"):
        assert sizes(quick, inputs) == by_hand(four)
        assert sizes(full, inputs) == by_hand(eighths(64, 256))
    assert len(quick) == 360 and len(full) == 1032


def test_a_share_follows_the_command_line_to_whole_numbers(expand: Expand) -> None:
    found = sizes(expand("experiment=phase", "inputs=gaussian", "inputs.n=20", "inputs.d=4"), "gaussian")
    assert found == {(20, 4, k) for k in (1, 2, 3, 4)}  # none is 0, and 2.5 and 3.5 go to even ones


def test_a_share_is_of_a_number_that_is_there(expand: Expand) -> None:
    assert yaml_axis("b", {"of": "a", "shares": ["1/2", 1]}, Configs()).values == (
        Share("a", Fraction(1, 2)),
        Share("a", Fraction(1)),
    )
    assert Share("part.a", Fraction(3, 8)).within({"part": {"a": 16}}) == 6
    for config in ({}, {"a": "${b}"}, {"a": None}):
        with pytest.raises(SettingError, match="a number, of which the study's grid takes 1/2"):
            Share("a", Fraction(1, 2)).within(config)
    for wrong in ({"of": "a"}, {"shares": [1]}, {"of": "a", "shares": ["half"]}, {"of": "a", "shares": 3}):
        with pytest.raises(SettingError, match="shares:"):
            yaml_axis("b", wrong, Configs())


def test_the_inputs_of_width_have_as_many_value_dimensions_as_the_projection_keeps(expand: Expand) -> None:
    rows = [cell.settings() for cell in expand("experiment=width")]
    assert {row["projection.width"] for row in rows} == {1, 2, 4, 8, 16}
    assert all(row["inputs.d"] == row["projection.width"] and row["inputs.e"] == 16 for row in rows)
