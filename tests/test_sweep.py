"""From a command line to cells: Hydra's grammar, the blocks of a grid, interpolations, identity."""

from __future__ import annotations

import dataclasses
import itertools
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hydra
import pytest
from conftest import Lab
from hydra import initialize_config_dir

from attnlab.harness import own
from attnlab.harness.cells import Cell, renew
from attnlab.harness.configs import BASE, Configs
from attnlab.harness.grid import plans
from attnlab.harness.overrides import parse

Expand = Callable[..., list[Cell]]
CONF = str(Path(__file__).parents[1] / "conf")


@pytest.fixture
def expand(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Expand]:
    """`expand("experiment=noop", ...)`: the cells of a command line."""
    folder = str(lab.folder / "mine")
    monkeypatch.setattr(sys, "path", list(sys.path))
    renew()
    own.reach([folder])

    def cells(*words: str) -> list[Cell]:
        configs = Configs((folder,))
        return [cell for plan in plans(parse(words, configs), configs) for cell in plan.cells]

    with initialize_config_dir(CONF, **BASE):
        yield cells


def settings(cells: list[Cell], *names: str) -> list[tuple[object, ...]]:
    return [tuple(cell.settings()[name] for name in names) for cell in cells]


def test_the_default_grid_is_a_product(expand: Expand) -> None:
    assert settings(expand("experiment=noop"), "level", "inputs.n") == list(
        itertools.product(range(4), (4, 8))
    )


@pytest.mark.parametrize(
    ("words", "levels"),
    [
        ("level=7", [7]),
        ("level=1,2,3", [1, 2, 3]),
        ("level=choice(5,6)", [5, 6]),
        ("level=range(2,8,3)", [2, 5]),
        ("level=sort(3,1,2)", [1, 2, 3]),
        ("level=2,2", [2]),
        ("++level=7", [7]),
        ("++level=7,8", [7, 8]),
        ("level=range(1,3,1.0)", [1, 2]),
    ],
)
def test_the_command_line_replaces_an_axis(expand: Expand, words: str, levels: list[int]) -> None:
    assert [row[0] for row in settings(expand("experiment=noop", "inputs.n=4", words), "level")] == levels


def test_groups_sweep_by_choice_and_glob(expand: Expand) -> None:
    cells = expand("experiment=noop", "inputs=gaussian,tied", "inputs.n=4", "level=0")
    assert [row[0] for row in settings(cells, "inputs")] == ["gaussian", "tied"]
    assert {row[0] for row in settings(expand("experiment=noop", "inputs=glob(*)"), "inputs")} >= {
        "gaussian",
        "tied",
    }


def test_an_interpolation_follows_the_leaf_it_names(expand: Expand) -> None:
    cells = expand("experiment=noop", "inputs.d=2,5", "level=0", "inputs.n=4")
    assert settings(cells, "inputs.d", "inputs.e") == [(2, 2), (5, 5)]
    cells = expand("experiment=noop", "inputs.d=2,5", "inputs.e=3", "level=0", "inputs.n=4")
    assert settings(cells, "inputs.d", "inputs.e") == [(2, 3), (5, 3)]


def test_an_interpolation_on_the_command_line_follows_the_cell(expand: Expand) -> None:
    cells = expand("experiment=noop", "inputs.d=2,5", "inputs.n=${inputs.d}", "level=${inputs.n}")
    assert settings(cells, "inputs.d", "inputs.n", "level") == [(2, 2, 2), (5, 5, 5)]


def test_a_number_has_one_form(expand: Expand) -> None:
    """4 and 4.0 are the same setting, so the same cell with the same draws."""
    one = expand("experiment=recovery", "weights=softmax", "weights.temperature=1")
    assert [cell.key for cell in one] == [
        cell.key for cell in expand("experiment=recovery", "weights=softmax", "weights.temperature=1.0")
    ]
    assert len(expand("experiment=noop", "level=4,4.0", "inputs.n=4")) == 1


def test_the_yaml_of_a_grid_takes_plain_values_and_lists(expand: Expand, lab: Lab) -> None:
    path = lab.folder / "mine" / "experiment" / "listed.yaml"
    grid = """{mood: ["a b", "c,d"], level: 3, inputs.n: "range(2,4)", inputs.d: "${inputs.n}"}"""
    path.write_text(
        "# @package _global_\nlevel: 0\nmood: fine\n"
        f"experiment: {{module: noop, grids: {{quick: {{a: {grid}}}}}}}\n"
    )
    found = settings(expand("experiment=listed"), "mood", "level", "inputs.n", "inputs.d")
    assert found == [(mood, 3, n, n) for mood in ("a b", "c,d") for n in (2, 3)]


def test_a_folder_of_configs_may_have_any_name(lab: Lab) -> None:
    odd = (lab.folder / "mine").rename(lab.folder / "it's mine, really")
    answer = lab.command("--config-dir", str(odd), "experiment=noop", "action=plan", "results=/no/where")
    assert answer.code == 0 and "8 cells in all" in answer.out


def test_blocks_are_narrowed_by_a_choice(expand: Expand) -> None:
    every = expand("experiment=recovery")
    only = expand("experiment=recovery", "weights=uniform_support")
    assert {cell.key for cell in only} < {cell.key for cell in every}
    assert {row[0] for row in settings(only, "weights")} == {"uniform_support"}


def test_a_choice_no_block_has_takes_the_first_block(expand: Expand) -> None:
    cells = expand("experiment=recovery", "weights=dirichlet", "decoder=simplex")
    assert cells and {row[0] for row in settings(cells, "weights")} == {"dirichlet"}


def test_identity_is_the_science_alone(expand: Expand) -> None:
    keys = [cell.key for cell in expand("experiment=noop")]
    for words in (
        ["results=/elsewhere"],
        ["exec=serial"],
        ["exec.workers=1"],
        ["study=other"],
        ["exec.workers=3", "exec.timeout=9"],
    ):
        assert [cell.key for cell in expand("experiment=noop", *words)] == keys
    for words in (["seed=1"], ["trials=9"], ["repeats=6"], ["inputs.d=9"], ["mood=slow"]):
        assert not set(keys) & {cell.key for cell in expand("experiment=noop", *words)}


def test_the_order_of_the_grid_changes_no_key(expand: Expand) -> None:
    values = list(range(6))
    random.Random(0).shuffle(values)
    shuffled = expand("experiment=noop", "level=" + ",".join(map(str, values)), "inputs.n=8,4")
    plain = expand("experiment=noop", "level=range(6)", "inputs.n=4,8")
    assert [cell.key for cell in shuffled] != [cell.key for cell in plain]
    assert {cell.key for cell in shuffled} == {cell.key for cell in plain}


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("attnlab.inputs.gaussian.Gaussian", "version"),
        ("noop", "VERSION"),
        ("attnlab.harness.cells", "SCHEMA"),
    ],
)
def test_a_higher_version_makes_new_cells(
    expand: Expand, place: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {cell.key for cell in expand("experiment=noop")}
    monkeypatch.setattr(own.attribute(place), name, 99)
    assert not before & {cell.key for cell in expand("experiment=noop")}


def test_the_name_of_a_choice_is_a_label(expand: Expand) -> None:
    cell, *_ = expand("experiment=noop")
    assert dataclasses.replace(cell, choices={"inputs": "called otherwise"}).key == cell.key


def test_every_experiment_composes(expand: Expand) -> None:
    """At size=full; that the quick ones compose, the test of what planning loads shows."""
    cells = expand("size=full")
    assert {cell.study for cell in cells} == set(Configs().options("experiment")) | {"noop"}
    assert len({cell.key for cell in cells}) == len(cells)


def test_ten_thousand_cells_are_planned_from_few_composes(
    expand: Expand, monkeypatch: pytest.MonkeyPatch
) -> None:
    from attnlab.harness import configs

    composes = []
    original = hydra.compose

    def counted(*a: Any, **k: Any) -> Any:
        composes.append(1)
        return original(*a, **k)

    monkeypatch.setattr(configs, "compose", counted)
    assert len(expand("experiment=noop", "level=range(2500)", "inputs.n=2,3,4,5")) == 10_000
    assert len(composes) == 1
