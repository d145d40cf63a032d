"""The law of Choices: every choice of every group, in every experiment, as Hydra itself composes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Lab
from hydra import initialize_config_dir

from attnlab.harness import own
from attnlab.harness.cells import arguments
from attnlab.harness.choices import Choices
from attnlab.harness.composition import template
from attnlab.harness.configs import BASE, Configs, conf

EXPERIMENTS = sorted(path.stem for path in (conf() / "experiment").glob("*.yaml"))


def choices(name: str, configs: Configs) -> Choices:
    words = (f"experiment={name}",)
    module = str(configs.compose(*words).experiment.module)
    return Choices(module, words, (*arguments(module), "seed", "repeats"), configs)


@pytest.fixture(scope="module", autouse=True)
def initialised() -> Iterator[None]:
    with initialize_config_dir(str(conf()), **BASE):
        yield


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_choice_is_what_hydra_composes(name: str) -> None:
    """The first choices of all groups at once, then the second ones, ...; keys in the same order, too."""
    configs = Configs()
    mine = choices(name, configs)
    groups = {group: configs.options(group) for group in mine.names if configs.options(group)}
    for place in range(max(map(len, groups.values()))):
        chosen = {group: options[place % len(options)] for group, options in groups.items()}
        words = [f"{group}={option}" for group, option in chosen.items()]
        expected = template(mine.module, Configs().compose(*mine.words, *words), mine.names)
        made = mine.as_composed(chosen)
        assert repr(made.config) == repr(expected.config) and made.choices == expected.choices
    assert len(configs._composed) == 1, "the recipe holds: Hydra composed once"


UNUSUAL = {
    "packaged": "# @package inputs\n_target_: attnlab.inputs.gaussian.Gaussian\nn: 3\nd: 2\ne: 2\n",
    "elsewhere": "# @package _global_\ninputs: {_target_: attnlab.inputs.gaussian.Gaussian, n: 3, d: 2, e: 2}\n",
    "based": "defaults: [gaussian]\nn: 3\n",
    "nested": "_target_: attnlab.inputs.gaussian.Gaussian\nn: 3\nd: 2\ne: ${.d}\nmore: {a: 1, b: [1, 2]}\n",
    "empty": "",
}


@pytest.mark.parametrize("kind", UNUSUAL)
@pytest.mark.parametrize("over", ["", "inputs: {n: 9}\n", "inputs: {n: 9, more: {b: 3, c: 4}}\n"])
def test_files_that_do_more_are_left_to_hydra(lab: Lab, kind: str, over: str) -> None:
    mine = lab.folder / "mine"
    (mine / "inputs").mkdir()
    (mine / "inputs" / "unusual.yaml").write_text(UNUSUAL[kind])
    path = mine / "experiment" / "noop.yaml"
    path.write_text(path.read_text() + over)
    own.reach([str(mine)])
    made = choices("noop", Configs((str(mine),)))
    for option in ("unusual", "tied"):
        composed = Configs((str(mine),)).compose(*made.words, f"inputs={option}")
        expected = template(made.module, composed, made.names)
        assert repr(made.as_composed({"inputs": option}).config) == repr(expected.config)


def test_a_choice_from_a_folder_of_ones_own(lab: Lab) -> None:
    mine = Path(lab.folder / "mine")
    (mine / "size").mkdir()
    (mine / "size" / "odd.yaml").write_text(
        "# @package _global_\nsize: {grid: quick}\nrepeats: 1\ninputs: {d: 5}\n"
    )
    own.reach([str(mine)])
    configs = Configs((str(mine),))
    words = ("size=odd", "experiment=noop")
    made = Choices("noop", words, ("inputs", "level", "seed", "repeats"), configs)
    expected = template("noop", Configs((str(mine),)).compose(*words, "inputs=tied"), made.names)
    assert made.as_composed({"inputs": "tied"}).config == expected.config
