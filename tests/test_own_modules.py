"""A folder of one's own: its modules may be called anything, and replace nobody else's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Lab

from attnlab.harness import own

EXPERIMENT = '''"""Named: does its name matter?"""
import {helper}
import statistics as python_statistics
from attnlab.verdicts import Verdict
VERSION = 1


def trial(inputs, trials, rng):
    assert python_statistics.mean([1, 3]) == 2
    return {{"mine": {helper}.DRAW + 0 * rng("inputs").standard_normal(trials)}}


def verdict(table):
    return Verdict(("It is mine.",))
'''


def ask_for(lab: Lab, module: str) -> None:
    """An experiment `named` whose module has this name, beside a helper of its own."""
    mine = lab.folder / "mine"
    (mine / "mine_helper.py").write_text("DRAW = 7.0\n")
    path = mine / f"{module.replace('.', '/')}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(EXPERIMENT.format(helper="mine_helper"))
    if "." in module:
        (path.parent / "__init__.py").write_text("")
    text = f"experiment: {{module: {module}, grids: {{quick: {{a: {{inputs.n: '4,5,6'}}}}}}}}\n"
    (mine / "experiment" / "named.yaml").write_text(f"# @package _global_\n{text}")


@pytest.mark.parametrize("module", ["statistics", "json", "numpy", "queue", "random.thing"])
def test_a_module_may_have_the_name_of_another(lab: Lab, module: str) -> None:
    ask_for(lab, module)
    answer = lab("experiment=named", "exec=serial", "trials=4")
    assert answer.code == 0, answer.err
    assert "mine,mean,7.0" in (lab.results / "named" / "results.csv").read_text()


def test_in_workers_too(lab: Lab) -> None:
    """Through the real command, from another folder, with two workers and a fresh interpreter."""
    ask_for(lab, "statistics")
    words = [f"--config-dir={lab.folder / 'mine'}", f"results={lab.results}", "exec.workers=2", "trials=4"]
    code = "import sys; from attnlab.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "experiment=named", *words],
        cwd=lab.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "mine,mean,7.0" in (lab.results / "named" / "results.csv").read_text()


def test_a_folder_goes_to_the_end_and_leaves_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = [place for place in sys.path if place not in own.folders()]
    own.reach([str(tmp_path)])
    assert sys.path == [*before, str(tmp_path)] and own.folders() == (str(tmp_path),)
    own.reach([])
    assert sys.path == before and own.folders() == ()
