"""A cell's identity covers the code and the files it comes from: nothing stale is ever returned."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import Lab

from attnlab.harness import source
from attnlab.harness.cells import Cell
from attnlab.parts import DataFile, refusal

DECODER = '''
from dataclasses import dataclass
import numpy as np
from attnlab.decoders.base import Decoder
from attnlab.shapes import Estimate
import lean_helper


@dataclass(frozen=True)
class Lean(Decoder):
    """Puts all weight on the position whose value agrees most with the output."""

    def __call__(self, outputs, sample):
        scores = lean_helper.SIGN * np.einsum("bnd,bd->bn", sample.values, outputs)
        weights = np.zeros_like(scores)
        weights[np.arange(len(scores)), scores.argmax(axis=1)] = 1.0
        return Estimate(weights, np.ones(len(outputs)), np.ones(len(outputs), dtype=bool))
'''
TABLE = '''
from dataclasses import dataclass
import numpy as np
from attnlab.inputs.base import Inputs
from attnlab.parts import DataFile
from attnlab.shapes import Sample


@dataclass(frozen=True)
class Table(Inputs):
    """Values read from a file, one position a line."""

    path: DataFile = "values.txt"

    def __call__(self, trials, rng):
        values = np.broadcast_to(np.loadtxt(self.path, ndmin=2), (trials, self.n, self.d))
        return Sample(rng.standard_normal((trials, self.e)), rng.standard_normal((trials, self.n, self.e)), values)
'''
WORDS = ("experiment=recovery", "weights=hard", "inputs.n=8", "trials=5", "repeats=1")


def write(path: Path, text: str) -> None:
    """Write a module anew; a time of its own, so that no compiled copy passes for it."""
    path.write_text(text)
    stamp = max(path.stat().st_mtime, getattr(write, "last", 0.0)) + 2
    write.last = stamp  # type: ignore[attr-defined]
    os.utime(path, (stamp, stamp))


@pytest.fixture
def lean(lab: Lab) -> Path:
    """A decoder of the user's own with a module beside it."""
    mine = lab.folder / "mine"
    (mine / "decoder").mkdir()
    (mine / "decoder" / "lean.yaml").write_text("_target_: lean.Lean\n")
    write(mine / "lean.py", DECODER)
    write(mine / "lean_helper.py", "SIGN = +1\n")
    return mine


def top1(lab: Lab) -> list[float]:
    """The decoder's hits in the cells that the page shows, newest last."""
    keys = {key for block in _grid(lab)["cells"] for key in block["cells"]}
    return [_record(lab, key)["metrics"]["top1"]["value"] for key in keys]


def _grid(lab: Lab) -> dict[str, Any]:
    return json.loads((lab.results / "recovery" / "grid.json").read_text())


def _record(lab: Lab, key: str) -> dict[str, Any]:
    return json.loads((lab.results / "recovery" / "cells" / key[:2] / f"{key}.json").read_text())


@pytest.mark.parametrize("way", ["exec=serial", "exec.workers=2"])
@pytest.mark.parametrize(
    ("file", "text"),
    [("lean.py", DECODER.replace("lean_helper.SIGN *", "-")), ("lean_helper.py", "SIGN = -1\n")],
)
def test_a_changed_decoder_or_helper_runs_again(lab: Lab, lean: Path, way: str, file: str, text: str) -> None:
    words = (*(word for word in WORDS if word != "inputs.n=8"), "decoder=lean", "inputs.n=8,9", way)
    assert lab(*words).code == 0
    first = top1(lab)
    assert "2 already there, 0 to run" in lab(*words).err
    write(lean / file, text)
    assert "0 already there, 2 to run" in lab(*words).err
    assert all(value < min(first) for value in top1(lab))


def test_a_changed_experiment_runs_again_and_other_files_do_not_count(lab: Lab) -> None:
    words = ("experiment=noop", "exec=serial", "level=1")
    lab(*words)
    (lab.folder / "mine" / "notes.txt").write_text("not code")
    assert "2 already there, 0 to run" in lab(*words).err
    path = lab.folder / "mine" / "noop.py"
    write(path, path.read_text().replace("+ level", "- level"))
    assert "0 already there, 2 to run" in lab(*words).err


def test_a_part_that_reads_a_file_follows_its_content(lab: Lab) -> None:
    mine = lab.folder / "mine"
    (mine / "inputs").mkdir()
    (mine / "inputs" / "table.yaml").write_text("_target_: tabled.Table\nn: 3\nd: 2\ne: 2\npath: ???\n")
    write(mine / "tabled.py", TABLE)
    for name, last in (("a", "0 1"), ("same", "0 1"), ("other", "0 2")):
        (lab.folder / name).write_text(f"1 0\n1 1\n{last}\n")
    words = [
        "experiment=recovery",
        "inputs=table",
        "weights=softmax",
        "decoder=simplex",
        "trials=5",
        "inputs.n=3",
    ]
    words = [*words, "weights.temperature=1", "exec=serial", "repeats=1"]
    assert lab(*words, f"inputs.path={lab.folder / 'a'}").code == 0
    assert "1 already there, 0 to run" in lab(*words, f"inputs.path={lab.folder / 'same'}").err
    assert "1 to run" in lab(*words, f"inputs.path={lab.folder / 'other'}").err
    (lab.folder / "a").write_text("1 0\n1 1\n5 5\n")
    assert "1 to run" in lab(*words, f"inputs.path={lab.folder / 'a'}").err
    answer = lab(*words, "inputs.path=/no/such/file")
    assert answer.code == 2 and "names a file that can be read" in answer.err


def test_a_data_file_may_be_left_out(tmp_path: Path) -> None:
    assert refusal(DataFile | None, None) is None
    assert refusal(DataFile, str(tmp_path)) == "text that names a file that can be read (this is a folder)"
    absent = str(tmp_path / "absent.npz")
    assert refusal(DataFile, absent) == "text that names a file that can be read (there is no such file)"
    os.mkfifo(tmp_path / "fifo")
    assert "(this is no regular file)" in str(refusal(DataFile, str(tmp_path / "fifo")))
    assert refusal(DataFile, 3) is not None


def test_the_name_of_an_experiment_is_not_where_it_lies(lab: Lab) -> None:
    from attnlab.harness.command import ask

    (plan,) = ask(["experiment=recovery", "inputs.n=4", "decoder=simplex"]).plans()
    for cell in plan.cells:
        moved = Cell(cell.study, f"experiments.{cell.module.rpartition('.')[2]}", cell.config, cell.choices)
        assert moved.key == cell.key
        assert cell.code == {}, "attnlab's own code has versions"
        assert dataclasses.replace(cell, module="attnlab.experiments.phase").key != cell.key


def test_a_folder_without_end_is_refused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_FILES", 3)
    for name in "abc":
        (lab.folder / "mine" / f"{name}.py").write_text("")
    answer = lab("experiment=noop", "exec=serial")
    assert answer.code == 2 and "at most 3 .py files" in answer.err and not lab.results.exists()


def test_hidden_folders_and_other_peoples_code_do_not_count(tmp_path: Path) -> None:
    for place in (".venv/lib", "site-packages", "__pycache__", "sub"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "x.py").write_text("1\n")
    assert [str(path.relative_to(tmp_path)) for path in source._files(tmp_path)] == ["sub/x.py"]
