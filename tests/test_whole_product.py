"""A command's whole product is what is run: no combination of choices is dropped, none in silence."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import Lab

from attnlab.harness.blocks import Expansion, Written, chosen, homes, products, written
from attnlab.harness.cells import arguments
from attnlab.harness.choices import Choices
from attnlab.harness.command import ask, reachable
from attnlab.harness.configs import Configs, conf
from attnlab.harness.grid import Plan
from attnlab.harness.overrides import Axis
from attnlab.parts import SettingErrors

EXPERIMENTS = sorted(path.stem for path in (conf() / "experiment").glob("*.yaml"))


def plan(*words: str) -> Plan:
    (found,) = ask(words).plans()
    return found


def taken(choices: Choices, group: str, options: Sequence[str]) -> tuple[str, ...]:
    """The choices of a group that a study's trial takes; the others are refused, each by its name."""
    found = []
    for option in options:
        try:
            choices.template({group: option})
        except SettingErrors as error:
            assert f"{group}={option!r}" in str(error)
        else:
            found.append(option)
    assert found
    return tuple(found)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_pair_of_choices_that_is_asked_for_is_planned(name: str) -> None:
    """For all pairs of groups of every study, all variants: asked at once, and each alone."""
    configs = Configs()
    with reachable(()):
        words = (f"experiment={name}",)
        base = configs.compose(*words)
        names = (*arguments(base.experiment.module), "seed", "repeats")
        choices = Choices(base.experiment.module, words, names, configs)
        grid, usual = written(base, configs), base.hydra.runtime.choices
        groups = [group for group in names if configs.options(group)]
        assert groups
        for pair in itertools.combinations(groups, min(2, len(groups))):
            every = [taken(choices, group, configs.options(group)) for group in pair]
            axes = [Axis(group, values, True) for group, values in zip(pair, every, strict=True)]
            made = [Expansion(name, choices, axes).block(block) for block in chosen(grid, axes, usual)]
            planned = {
                tuple(one.choices[group] for group in pair) for block in made for one, _ in block.choices
            }
            assert planned == set(itertools.product(*every))
            for one in itertools.product(*every):
                axes = [Axis(group, (value,), True) for group, value in zip(pair, one, strict=True)]
                homes_of = chosen(grid, axes, usual)
                assert homes_of and all(axis in block.axes for block in homes_of for axis in axes)


def test_a_product_over_blocks_is_whole_whatever_the_order_of_the_words() -> None:
    words = ("weights=dirichlet,hard", "inputs=sphere,gaussian", "decoder=simplex")
    found = plan("experiment=recovery", *words)
    told = {(cell.settings()["inputs"], cell.settings()["weights"]) for cell in found.cells}
    assert told == set(itertools.product(("sphere", "gaussian"), ("dirichlet", "hard")))
    other = plan("experiment=recovery", *reversed(words))
    assert {cell.key for cell in other.cells} == {cell.key for cell in found.cells}
    alone = [
        plan("experiment=recovery", f"weights={one}", f"inputs={two}", "decoder=simplex")
        for one, two in itertools.product(("dirichlet", "hard"), ("sphere", "gaussian"))
    ]
    assert {cell.key for cell in found.cells} == {cell.key for one in alone for cell in one.cells}


def test_a_choice_keeps_the_settings_that_it_has_and_says_which_it_has_not() -> None:
    found = plan("experiment=alignment", "inputs=sphere")
    sizes = {(cell.settings()["inputs.n"], cell.settings()["inputs.d"]) for cell in found.cells}
    assert sizes == {(32, 2), (32, 4), (9, 2)}
    assert any("inputs.noise=0.0,0.01" in words and "inputs=sphere" in words for words in found.left)
    assert any("few, dimensions, eight" in words for words in found.left)


def test_a_setting_that_some_choices_lack_is_told() -> None:
    found = plan("experiment=fibre", "weights=softmax,hard", "weights.temperature=0.1,1", "inputs.n=8")
    assert any("weights.temperature=0.1,1: no setting of weights=hard" in words for words in found.left)
    assert plan("experiment=fibre", "weights=softmax", "weights.temperature=2").left == (
        "block maps: not with weights=softmax",
    )


def test_a_group_that_one_study_does_not_use_leaves_its_blocks_alone() -> None:
    words = ("experiment=phase,recovery", "decoder=nearest_value")
    phase, _ = ask(words).plans()
    assert {cell.key for cell in phase.cells} == {cell.key for cell in plan("experiment=phase").cells}


@pytest.mark.parametrize("study", ["recovery", "fibre", "four_questions", "probing"])
def test_what_a_plan_says_of_a_block_is_its_cells(study: str) -> None:
    words = ["weights=hard,softmax", "weights.temperature=0.1,1", "inputs.n=7,24"]
    words += ["channel=noise,exact", "channel.sigma=0.5"] if study != "fibre" else []
    found = plan(f"experiment={study}", *words)
    for block in found.blocks:
        told = []
        for count, axes in block.products():
            every = list(itertools.product(*(axis.values for axis in axes)))
            assert len(every) == count
            told += [{axis.key: value for axis, value in zip(axes, one, strict=True)} for one in every]
        cells = [cell.settings() for cell in block.cells()]
        assert len(told) == block.count == len(cells)
        for one in told:
            assert any(all(cell[key] == value for key, value in one.items()) for cell in cells)
            assert ("weights.temperature" in one) == (one["weights"] == "softmax")


def test_a_group_that_a_study_does_not_use_is_told() -> None:
    fibre, _ = ask(("experiment=fibre,recovery", "channel=noise", "channel.sigma=0.5")).plans()
    assert {
        "channel=noise: no setting of this experiment",
        "channel.sigma=0.5: no setting of this experiment",
    } <= set(fibre.left)


def test_where_a_combination_belongs() -> None:
    base = {"a": "x", "b": "x"}
    grid = [
        [Axis("a", ("x", "y"), True)],
        [Axis("a", ("z",), True), Axis("b", ("z",), True)],
        [Axis("b", ("y",), True)],
        [],
    ]
    made = written_of(grid)
    cases = [
        ({"a": "y"}, [0]),  # the block that has it
        ({"a": "x"}, [0, 2, 3]),  # those that have it by default, too
        ({"a": "w"}, [2, 3]),  # those that say nothing of it
        ({"a": "z", "b": "z"}, [1]),
        ({"a": "z", "b": "y"}, [2]),  # only a is open
        ({"a": "z", "b": "w"}, [3]),
    ]
    for choice, places in cases:
        assert [place for place, _ in homes(made, choice, base)] == places
    assert [place for place, _ in homes(made[:2], {"a": "w"}, base)] == [0]  # none leaves it open: the first


def written_of(grid: Sequence[Sequence[Axis]]) -> list[Written]:
    return [Written(str(place), tuple(axes)) for place, axes in enumerate(grid)]


def test_combinations_are_a_union_of_products() -> None:
    every = list(itertools.product("ab", "xyz", "12"))
    for some in (every, every[:5], every[3:8] + every[9:10], every[::3], [()]):
        made = products(some)
        spread = [one for product in made for one in itertools.product(*product)]
        assert sorted(spread) == sorted(some) and len(set(spread)) == len(spread)
    assert products(every) == [(("a", "b"), ("x", "y", "z"), ("1", "2"))]


def test_what_is_left_out_is_told_before_and_while_it_runs(lab: Lab) -> None:
    words = ("experiment=noop", "level=0", "inputs.n=4", "inputs=gaussian,tied", "inputs.noise=0.5")
    planned = lab(*words, "action=plan")
    assert "left out: inputs.noise=0.5: no setting of inputs=gaussian" in planned.out
    ran = lab(*words, "exec=serial")
    assert ran.code == 0 and "left out: inputs.noise=0.5: no setting of inputs=gaussian" in ran.out + ran.err
    assert Path(lab.results / "noop" / "results.csv").exists()
