"""Questions about the tool itself: an answer or a refusal, never a traceback, and nothing written."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from conftest import Lab

ANSWERS = {
    "--version": ("attnlab",),
    "--version experiment=nonsense": ("attnlab",),
    "--help": ("experiment=recovery", "decoder: ", "simplex", "--version"),
    "-h": ("decoder: ",),
    "-h decoder": ("simplex", "max_entropy"),
    "-h=weights": ("dirichlet", "weights.concentration"),
    "-h experiment": ("recovery", "noop"),
    "--cfg job": ("inputs:", "action: run"),
    "-c job experiment=noop level=1,2 decoder=glob(*)": ("level: 1", "_target_"),
    "--cfg job experiment=recovery --package weights": ("# @package weights", "temperature"),
    "--cfg job experiment=recovery --resolve": ("title: Recovery",),
    "--cfg all experiment=noop": ("hydra:", "level: 0"),
    "--cfg hydra": ("hydra:",),
    "--info": ("inputs: gaussian",),
    "--info defaults-tree": ("inputs: gaussian",),
    "-i defaults experiment=noop": ("experiment/noop",),
    "--info searchpath": ("mine", "conf"),
    "--info plugins": ("Hydra Plugins",),
    "--hydra-help": ("Hydra",),
    "-sc install=bash": ("complete",),
}
REFUSALS = {
    "-h decoders": ("--help = decoders", "did you mean decoder?"),
    "-h simplex": ("--help = simplex", "did you mean decoder?"),
    "-h experiment=nonsense": ("experiment = nonsense", "noop"),
    "--cfg": ("--cfg = ''", "one of job, hydra, all"),
    "--cfg jobb": ("--cfg = jobb", "did you mean job?"),
    "--cfg job experiment=recovry": ("experiment = recovry", "did you mean recovery?"),
    "--cfg job decoder=simplx": ("decoder = simplx", "did you mean simplex?"),
    "--cfg job inputs.nn=3": ("inputs.nn = 3", "did you mean inputs.n?"),
    "--cfg job nope=1": ("nope = 1", "a setting"),
    "--cfg job inputs.n=[1,2": ("inputs.n = [1,2", "grammar"),
    "--cfg job noop": ("noop", "did you mean experiment=noop?"),
    "--cfg job --package wieghts": ("--package = wieghts", "did you mean weights?"),
    "--cfg job --package": ("--package", "the name of a node"),
    "--cfg job --colour": ("--colour", "key=value"),
    "--cfg job experiment=torn": ("torn.yaml, line", "yaml that can be read"),
    "--info defaults-tre": ("--info = defaults-tre", "did you mean defaults-tree"),
    "--info config experiment=recovry": ("experiment = recovry", "did you mean recovery?"),
    "--info all experiment=torn": ("torn.yaml, line",),
    "-sc install=tcl": ("--shell-completion", "bash, fish, zsh"),
    "-sc": ("--shell-completion", "install=SHELL"),
}


@pytest.fixture
def two(lab: Lab) -> tuple[str, str]:
    """Two folders of one's own, one of them with a broken yaml."""
    (lab.folder / "other" / "experiment").mkdir(parents=True)
    (lab.folder / "other" / "experiment" / "torn.yaml").write_text("a: {b: [\n")
    return f"--config-dir={lab.folder / 'mine'}", f"--config-dir={lab.folder / 'other'}"


@pytest.mark.parametrize("words", ANSWERS)
def test_a_question_is_answered(lab: Lab, two: tuple[str, str], words: str) -> None:
    answer = lab.command(*words.split(), *(() if words.startswith("-sc") else two))
    assert answer.code == 0, answer.err
    for part in ANSWERS[words]:
        assert part in answer.out
    assert {path.name for path in lab.folder.iterdir()} == {"mine", "other"}


@pytest.mark.parametrize("words", REFUSALS)
def test_a_wrong_question_is_refused(lab: Lab, two: tuple[str, str], words: str) -> None:
    answer = lab.command(*two, *words.split())
    assert answer.code == 2
    for part in REFUSALS[words]:
        assert part in answer.err
    assert "Traceback" not in answer.err and "earch path" not in answer.err
    assert {path.name for path in lab.folder.iterdir()} == {"mine", "other"}


def test_the_command_itself_answers(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "attnlab", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"attnlab {version('attnlab')}\n", "")


def test_completion_may_be_read_by_halves() -> None:
    line = f"{sys.executable} -m attnlab -sc install=bash | head -c 1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.stdout and "Traceback" not in done.stderr
