"""Any part of any study may be replaced by any other of its group: planned, or refused for what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Lab
from hydra import initialize_config_dir

from attnlab.harness import own
from attnlab.harness.cells import arguments, renew
from attnlab.harness.configs import BASE, Configs, conf
from attnlab.harness.grid import plans
from attnlab.harness.overrides import parse
from attnlab.parts import SettingError, SettingErrors

EXPERIMENTS = sorted(path.stem for path in (conf() / "experiment").glob("*.yaml"))
BARE = '''
from dataclasses import dataclass
from attnlab.channels.exact import Exact
from attnlab.decoders.simplex import Simplex
from attnlab.inputs.gaussian import Gaussian
from attnlab.probes.output_linear import OutputLinear
from attnlab.projections.pca import Pca
from attnlab.weights.hard import Hard


@dataclass(frozen=True)
class Spread(Gaussian):
    """One setting of its own, all with defaults."""

    n: int = 6
    d: int = 3
    e: int = 3
    breadth: float = 1.0
'''
MINE = {
    "inputs": ("Spread", "breadth: 2.0"),
    "weights": ("Hard", ""),
    "decoder": ("Simplex", ""),
    "probe": ("OutputLinear", ""),
    "channel": ("Exact", ""),
    "projection": ("Pca", "width: 2"),
}
"""Parts of one's own, some without most of the settings that the others of their group have."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a part of one's own in several groups, in reach."""
    place = tmp_path / "mine"
    place.mkdir()
    (place / "bare_parts.py").write_text(BARE)
    for group, (kind, settings) in MINE.items():
        (place / group).mkdir()
        (place / group / "my_own.yaml").write_text(f"_target_: bare_parts.{kind}\n{settings}\n")
    renew()
    own.reach([str(place)])
    with initialize_config_dir(str(conf()), **BASE):
        yield place
    own.reach([])


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_part_is_replaced_or_refused_by_its_own_name(name: str, folder: Path) -> None:
    configs = Configs((str(folder),))
    module = str(configs.compose(f"experiment={name}").experiment.module)
    groups = {group: configs.options(group) for group in arguments(module) if configs.options(group)}
    planned = 0
    for group, options in groups.items():
        for option in options:
            command = parse((f"experiment={name}", f"{group}={option}"), configs)
            try:
                (plan,) = plans(command, configs)
            except SettingErrors as error:
                for problem in error.problems:
                    assert (problem.setting, problem.value) == (group, option), str(problem)
                    assert problem.allowed.startswith("one of "), str(problem)
                continue
            except SettingError as error:
                assert option == "my_own" and error.setting.startswith(f"{group}."), str(error)
                assert "the yaml of the part has to give it" in str(error), str(error)
                continue
            planned += 1
            assert plan.cells and {cell.choices[group] for cell in plan.cells} == {option}
            assert all(not cell.problems() for cell in plan.cells[:1])
    assert planned >= len(groups)


def test_what_a_study_says_of_a_part_falls_away_with_it_or_is_kept(folder: Path) -> None:
    configs = Configs((str(folder),))

    def first(*words: str) -> dict[str, object]:
        return plans(parse(words, configs), configs)[0].cells[0].settings()

    found = first("experiment=probing", "inputs=gaussian", "weights=hard", "probe=my_own")
    assert (found["inputs.n"], found["inputs.d"]) == (16, 16), "the study's sizes are kept"
    assert "inputs.m" not in found and "weights.temperature" not in found
    found = first("experiment=probing", "inputs=my_own", "probe=output_linear")
    assert (found["inputs.n"], found["inputs.breadth"]) == (16, 2.0), "also where the file does not name them"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("inputs=gaussian", "inputs.m=3"), ("inputs.m = 3", "inputs.n")),
        (("inputs=gaussian", "++inputs.m=3"), ("inputs.m = 3", "n, d, e")),
        (
            ("weights=hard", "weights.temperature=2"),
            ("weights.temperature = 2", "weights.temperature (softmax)"),
        ),
    ],
)
def test_what_was_typed_never_falls_away(lab: Lab, words: tuple[str, ...], told: tuple[str, ...]) -> None:
    answer = lab("experiment=probing", "probe=output_linear", *words)
    assert answer.code == 2, answer.out
    for part in told:
        assert part in answer.err
    assert not lab.results.exists()


def test_what_a_file_says_of_itself_never_falls_away(lab: Lab) -> None:
    """A slip in a yaml of one's own is refused: the study's own choice, and the file of a choice."""
    mine = lab.folder / "mine"
    (mine / "weights").mkdir()
    (mine / "weights" / "slip.yaml").write_text("_target_: attnlab.weights.hard.Hard\nhardness: 3\n")
    answer = lab("experiment=recovery", "decoder=simplex", "weights=slip")
    assert answer.code == 2 and "weights.hardness = 3" in answer.err
    path = mine / "experiment" / "noop.yaml"
    path.write_text(path.read_text() + "inputs: {breadth: 3}\n")
    answer = lab("experiment=noop")
    assert answer.code == 2 and "inputs.breadth = 3" in answer.err
    assert lab("experiment=noop", "inputs=sphere", "action=plan").code == 0


def test_a_part_of_another_kind_is_refused_with_those_that_fit(lab: Lab) -> None:
    answer = lab("experiment=asker", "collision=radon")
    assert answer.code == 2 and "collision = radon" in answer.err
    assert "expected one of extreme (" in answer.err and "_target_" not in answer.err
    answer = lab("experiment=phase", "weights=softmax,hard,uniform_support")
    assert answer.code == 2 and "weights = softmax" in answer.err
    assert "expected one of uniform_support (" in answer.err
    assert not lab.results.exists()
