"""A part that was renamed: its older records stay on disk as another variant, are told and stop nothing."""

from __future__ import annotations

import json
import re

from conftest import Lab
from members import CONF
from test_habits import AMERICAN

import attnlab
from attnlab.harness.store import Store

FEW = ("experiment=noop", "level=1", "inputs.n=4", "exec=serial")


def test_records_of_a_part_that_is_gone_are_shown(lab: Lab) -> None:
    assert lab(*FEW).code == 0
    folder = lab.results / "noop"
    (path,) = (folder / "cells").glob("*/*.json")
    older = path.stem[::-1]  # its key hashed the older name

    def renamed(text: str) -> str:
        for new, old in {
            "inputs.gaussian.Gaussian": "inputs.normals.Normals",
            '"gaussian"': '"normals"',
            '"n":': '"length":',
            'inputs.n"': 'inputs.length"',
            path.stem: older,
        }.items():
            text = text.replace(new, old)
        return text

    record = json.loads(renamed(path.read_text()))
    assert record["config"]["inputs"]["_target_"] == "attnlab.inputs.normals.Normals"
    path.unlink()
    Store(folder).write(record)
    (folder / "grid.json").write_text(renamed((folder / "grid.json").read_text()))

    study = attnlab.load(folder)
    assert study.counts == {"done": 1}
    assert set(study.table["inputs"]) == {"normals"} and set(study.table["inputs.length"]) == {4}
    for action in ("status", "report"):
        answer = lab(f"action={action}", "study=noop")
        assert answer.code == 0, answer.err
    assert "normals" in (folder / "report.md").read_text()

    assert lab(*FEW).code == 0  # under the new name it is another cell; the older record stays beside it
    assert Store(folder).count() == 2
    assert "1 record of other grids or versions" in (folder / "report.md").read_text()


def test_names_on_the_command_line_have_one_spelling() -> None:
    """Config groups, their members and every leaf: what a user types."""
    paths = list(CONF.rglob("*.yaml"))
    names = {str(path.relative_to(CONF)) for path in paths}
    names |= {key for path in paths for key in re.findall(r"^ *(\w+):", path.read_text(), re.MULTILINE)}
    assert {"probe/output_neighbours.yaml", "neighbours"} <= names
    assert not {name for name in names if AMERICAN.search(name.replace("_", " "))}
