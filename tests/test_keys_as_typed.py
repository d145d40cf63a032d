"""A refusal names a key as it was typed: on the command line in short or in full, in a yaml as it stands there."""

from __future__ import annotations

import pytest
from conftest import Lab

HEAD = "# @package _global_\nlevel: 0\nmood: fine\n"
GOOD = {"module": "noop", "title": "Own", "grids": "{quick: {a: {level: 1}}}"}
FIGURE = "{name: x, kind: lines, x: level, y: draw}"


def own(lab: Lab, text: str) -> str:
    """What is told of a command over an experiment with this yaml; nothing is written."""
    (lab.folder / "mine" / "experiment" / "mine.yaml").write_text(HEAD + text)
    answer = lab("experiment=mine", "exec=serial")
    assert answer.code == 2 and not lab.results.exists() and "Traceback" not in answer.err
    return answer.err


@pytest.mark.parametrize(
    ("key", "value", "told", "wanted"),
    [
        ("figures", "3", "figures = 3", "a list of figures"),
        ("figures", "[{kind: lins, x: level, y: draw}]", "figures[0].kind = lins", "did you mean lines"),
        ("figures", f"[{FIGURE}, {FIGURE.replace('x: level', 'x: levl')}]", "figures[1].x = levl", "level"),
        ("grids", "3", "grids = 3", "grids by their size"),
        ("grids", "{quick: 4}", "grids.quick = 4", "blocks, each"),
        ("grids", "'???'", "grids = ???", "grids by their size"),
        ("module", "noopp", "module = noopp", "did you mean noop?"),
        ("module", "3", "module = 3", "the name of a module"),
        ("module", "'???'", "module = ???", "the name of a module"),
        ("module", "os", "module = os", "a module with `trial`"),
        ("title", "[1]", "title = [1]", "a few words"),
        ("titel", "Own", "titel = Own", "did you mean title?"),
    ],
)
def test_a_key_of_a_yaml_is_named_as_it_stands_there(
    lab: Lab, key: str, value: str, told: str, wanted: str
) -> None:
    body = ", ".join(f"{name}: {said}" for name, said in {**GOOD, key: value}.items())
    said = own(lab, f"experiment: {{{body}}}\n")
    assert f"\n  {told}\n" in said and "experiment." not in said.partition("you typed")[0]
    assert "in experiment/mine.yaml" in said and wanted in said


def test_figures_beside_the_heading_are_told_where_they_belong(lab: Lab) -> None:
    body = ", ".join(f"{name}: {said}" for name, said in GOOD.items())
    assert "under `experiment:`" in own(lab, f"experiment: {{{body}}}\nfigures: []\n")


@pytest.mark.parametrize(
    "value", ["3", "{name: a}", "[3]", "[{kind: lins, x: level, y: draw}]", "[{x: levl, y: draw}]"]
)
@pytest.mark.parametrize("key", ["figures", "experiment.figures"])
def test_a_key_of_the_command_line_is_named_as_it_was_typed(lab: Lab, key: str, value: str) -> None:
    answer = lab("experiment=noop", f"{key}={value}")
    assert answer.code == 2 and f"\n  {key}" in answer.err and "yaml" not in answer.err
    (named,) = {line.split("[")[0].split(" ")[2] for line in answer.err.splitlines() if " = " in line[:40]}
    assert named == key


@pytest.mark.parametrize(
    "word", ["experiment.grids=3", "experiment.grids.quick=3", "experiment.module=noopp"]
)
def test_a_key_in_full_stays_in_full(lab: Lab, word: str) -> None:
    answer = lab("experiment=noop", word)
    assert answer.code == 2 and f"\n  {word.replace('=', ' = ')}\n" in answer.err
