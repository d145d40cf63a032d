"""A fresh clone: nothing that is run changes a tracked file; on another Python one sentence, nothing installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from attnlab.harness.terminal import lacking
from attnlab.report.study import Study

ROOT = Path(__file__).parents[1]
SMALL = ("exec=serial", "repeats=1", "trials=12", "inputs.n=8", "inputs.d=2", "inputs=gaussian")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout as it stands, committed, in a repository of its own."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    place = tmp_path_factory.mktemp("clone") / "attnlab"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    for name in listed.stdout.split("\n"):
        if name and (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place / name)
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    for words in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "--message", "all"]):
        subprocess.run(["git", *words], cwd=place, check=True, capture_output=True)
    return place


def run(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(clone)}
    return subprocess.run(
        [sys.executable, "-m", "attnlab", *words], cwd=clone, env=environment, capture_output=True, text=True
    )


def changed(clone: Path) -> str:
    return subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True).stdout


def test_report_in_a_fresh_clone_changes_nothing_and_says_so(clone: Path) -> None:
    done = run(clone, "action=report")
    assert done.returncode == 2 and "holds no record" in done.stderr and "Traceback" not in done.stderr
    assert changed(clone) == "" and not list((clone / "results").glob("*.html"))


def test_a_run_and_every_look_at_it_leave_git_clean(clone: Path) -> None:
    """Into the clone's own results/, as `make tour` does."""
    study = (
        "experiment=recovery",
        "weights=softmax",
        "weights.temperature=1",
        "decoder=simplex,least_squares",
    )
    assert run(clone, *study, *SMALL).returncode == 0
    assert run(clone, *study, *SMALL, "study=mine", "seed=1").returncode == 0
    for words in (
        ["action=report"],
        ["action=status"],
        ["action=show"],
        ["action=compare", "a=recovery", "b=mine"],
    ):
        done = run(clone, *words)
        assert done.returncode == 0, done.stderr
    assert (clone / "results" / "recovery" / "report.html").exists()
    assert changed(clone) == ""


@pytest.mark.parametrize("version", ["3.10", "3.15"])
@pytest.mark.parametrize("goal", ["tour", "test"])
def test_make_refuses_a_python_it_does_not_run_on(
    clone: Path, tmp_path: Path, version: str, goal: str
) -> None:
    """One sentence before anything is installed; the python on the path is this one, under another version."""
    fake = tmp_path / "python3"
    told = f"import sys; sys.version_info = ({version.replace('.', ', ')}, 0)"
    fake.write_text(f'#!/bin/sh\n[ "$1" = -c ] || exit 9\nexec {sys.executable} -c "{told}; $2"\n')
    fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["make", goal], cwd=clone, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stdout.strip() == f"attnlab needs Python 3.11 to 3.14; try: make {goal} PYTHON=python3.13"
    assert not (clone / ".venv").exists() and changed(clone) == ""


def test_a_tour_that_lacks_a_library_says_how_many_ran_and_what_adds_the_rest() -> None:
    fine, lack = (
        Study(
            name,
            name,
            "",
            counts={status: 2},
            problems=[("x", status, "needs torch: make tour EXTRAS=torch", 1)],
        )
        for name, status in (("fine", "done"), ("lack", "unavailable"))
    )
    assert lacking([fine, lack]) == ["1 of 2 studies ran; not lack: needs torch: make tour EXTRAS=torch"]
    assert lacking([fine]) == lacking([lack]) == lacking([fine, fine]) == []


def test_the_library_that_is_missing_is_named_with_the_command_that_adds_it() -> None:
    from attnlab.projections.models.trained_attention import EXTRA

    assert "EXTRAS=torch" in EXTRA
