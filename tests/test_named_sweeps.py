"""Sweeps have names: nothing older is hidden, the grid last asked for comes back, results run no code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import Lab

ROOT = Path(__file__).parents[1]
FAST = ("experiment=noop", "exec=serial")


def csv(lab: Lab, study: str = "noop") -> pd.DataFrame:
    return pd.read_csv(lab.results / study / "results.csv")


def page(lab: Lab, study: str = "noop") -> str:
    return (lab.results / study / "report.md").read_text()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_grid_under_one_name_hides_nothing(lab: Lab) -> None:
    lab(*FAST, "level=0,1")
    lab(*FAST, "level=2", "inputs.n=4")
    assert csv(lab)["level"].unique().tolist() == [2]
    told = page(lab)
    assert "Also stored here: 4 records of other grids" in told and "level=0,1` (4 cells" in told
    assert "4 records of other grids" in (lab.results / "noop" / "report.html").read_text()
    answer = lab(*FAST, "level=0,1")
    assert "4 already there, 0 to run" in answer.err
    assert sorted(csv(lab)["level"].unique()) == [0, 1] and "inputs.n=4` (1 cell" in page(lab)


def test_report_rebuilds_the_grid_last_asked_for(lab: Lab) -> None:
    lab(*FAST)
    lab(*FAST, "study=mine", "level=1,3")
    before = files(lab.results / "mine")
    for name in ("results.csv", "report.html", "report.md", "study.json"):
        (lab.results / "mine" / name).unlink()
    for words in (("study=mine",), ("experiment=noop",), ()):
        assert lab("action=report", *words).code == 0
        assert files(lab.results / "mine") == before


def pages_of(folder: Path) -> dict[str, bytes]:
    """All but the memory of what was drawn, which holds a digest of the code in reach."""
    return {name: content for name, content in files(folder).items() if not name.endswith("drawn.json")}


def test_report_without_the_users_folder_imports_nothing_of_it(lab: Lab) -> None:
    """The words of the verdict, the figures and the table are data in the results."""
    lab(*FAST, "study=mine", "level=1,3")
    before = pages_of(lab.results / "mine")
    shutil.rmtree(lab.folder / "mine")
    command = [sys.executable, "-m", "attnlab", f"results={lab.results}"]
    for words in (["action=report", "study=mine"], ["action=report"], ["action=status"]):
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=False, cwd=lab.folder)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
        assert pages_of(lab.results / "mine") == before
    assert "The mean draw is" in page(lab, "mine")


def test_a_results_folder_runs_no_code(lab: Lab) -> None:
    """A module named in its files is never imported, by the index of another study or by action=report."""
    lab(*FAST, "study=mine", "level=1")
    trap = lab.folder / "trap"
    (lab.folder / "mine" / "trapped.py").write_text(f"open({str(trap)!r}, 'w').close()\n")
    for name in ("study.json", "grid.json"):
        path = lab.results / "mine" / name
        told = json.loads(path.read_text())
        told |= {"module": "trapped", "_target_": "trapped.Trap"}
        path.write_text(json.dumps(told))
    lab(*FAST, "level=2")
    lab("action=report")
    lab("action=report", "study=mine")
    lab("action=status")
    assert not trap.exists()


def test_report_takes_the_figures_and_the_verdict_of_today(lab: Lab) -> None:
    lab(*FAST, "study=mine", "level=1,3")
    path = lab.folder / "mine" / "experiment" / "noop.yaml"
    path.write_text(path.read_text().replace("title: Draws", "title: Drawn anew"))
    assert lab("action=report", "study=mine").code == 0
    assert "Drawn anew" in page(lab, "mine")


def test_report_never_changes_what_is_remembered(lab: Lab) -> None:
    """A grid is asked of a run alone; other figures are drawn, and the next report has those of the run again."""
    lab(*FAST, "figures=[{x: level, y: positive, name: mine}]")
    before = files(lab.results)
    for word in ("level=1", "trials=5", "size=full", "experiment.title=Other"):
        answer = lab("action=report", "study=noop", word)
        key, _, value = word.partition("=")
        assert answer.code == 2 and f"{key} = {value}" in answer.err, answer.err
        assert "asks for a grid" in answer.err and "action=plan, run, show and status would" in answer.err
        assert files(lab.results) == before
    assert lab("action=report", "figures=[{x: level, y: draw, name: other}]").code == 0
    assert (lab.results / "noop" / "figures" / "other.svg").exists()
    assert files(lab.results)["noop/grid.json"] == before["noop/grid.json"]
    assert lab("action=report").code == 0
    assert not (lab.results / "noop" / "figures" / "other.svg").exists()
    assert pages_of(lab.results) == {k: v for k, v in before.items() if not k.endswith("drawn.json")}


REFUSED = {
    (): "results = ",
    ("experiment=noop",): "results = ",
    ("study=nowhere",): "results = ",
    ("experiment=noop", "level=9"): "level = 9",
    ("study=nop",): "did you mean noop?",
    ("experiment=phase",): "an experiment with records in",
}


@pytest.mark.parametrize("words", REFUSED)
@pytest.mark.parametrize("action", ["report", "show", "status"])
def test_a_look_is_refused_where_there_is_nothing_to_see(
    lab: Lab, words: tuple[str, ...], action: str
) -> None:
    empty = REFUSED[words] == "results = "
    if not empty:
        lab(*FAST, "level=1")
    before = files(lab.results) if lab.results.exists() else None
    answer = lab(f"action={action}", *words)
    assert "Traceback" not in answer.err
    if empty and action == "status":
        assert answer.code == 0 and answer.out.startswith("no study has records in")
    else:
        assert answer.code == 2 and REFUSED[words] in answer.err, answer.err
    assert (files(lab.results) if lab.results.exists() else None) == before


def test_report_makes_no_page_of_a_study_that_never_ran(lab: Lab) -> None:
    lab(*FAST, "study=mine", "level=1")
    assert lab("action=report").code == 0
    assert [path.parent.name for path in lab.results.glob("*/report.html")] == ["mine"]


def test_pages_without_records_are_left_as_they_are(lab: Lab) -> None:
    """Those of a reference run, whose cells are not committed."""
    lab(*FAST)
    shutil.rmtree(lab.results / "noop" / "cells")
    before = files(lab.results)
    assert lab("action=report").code == 2
    assert files(lab.results) == before


def test_a_grid_that_is_not_remembered_shows_every_record(lab: Lab) -> None:
    lab(*FAST, "level=0,1")
    lab(*FAST, "level=2")
    (lab.results / "noop" / "grid.json").write_text("{torn")
    answer = lab("action=report")
    assert answer.code == 0 and "every record is shown" in answer.err
    assert sorted(csv(lab)["level"].unique()) == [0, 1, 2]


def test_status_lists_every_folder_with_records(lab: Lab) -> None:
    lab(*FAST, "level=0,1")
    lab(*FAST, "study=a-name-of-my-own", "level=2")
    lab(*FAST, "level=3")
    answer = lab("action=status")
    rows = {line.split()[0]: line.split()[1:] for line in answer.out.splitlines()}
    assert rows["noop"][0] == "2" and rows["noop"][-1] == "4"
    assert rows["a-name-of-my-own"][0] == "2"
    assert "a-name-of-my-own" not in lab("action=status", "study=noop").out
    assert "study = nowhere" in lab("action=status", "study=nowhere").err


def test_a_killed_run_is_remembered(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for is written before the first cell runs."""
    from attnlab.harness import launch

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    lab(*FAST, "level=0,1")
    monkeypatch.setattr(launch, "shown", stop)
    assert lab(*FAST, "level=0,1,2").code == 130
    assert "6 cells in all, 2 to run" in lab("action=status").out
    assert lab("action=report").code == 1
    assert (csv(lab)["status"] == "missing").sum() == 2


def test_the_index_names_a_study_by_name_title_and_date(lab: Lab) -> None:
    lab(*FAST, "study=mine", "level=1")
    index = (lab.results / "index.html").read_text()
    assert re.search(r"mine · Noop · \d{4}-\d\d-\d\d", index)
    assert re.search(r"`mine`, \d{4}-\d\d-\d\d", (lab.results / "index.md").read_text())


def test_the_page_says_when_cells_come_from_more_than_one_commit(lab: Lab) -> None:
    lab(*FAST, "level=1", "inputs.n=4,8")
    path = next((lab.results / "noop" / "cells").glob("??/*.json"))
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "code": "0123456789ab (clean)"}))
    assert lab("action=report").code == 0
    assert re.search(r"cells of more than one commit: 1 from .*, 1 from ", page(lab))
    assert "0123456789ab" in page(lab)


@pytest.mark.parametrize(
    "word", ["study=reference", "results=results/reference", "results=results/reference/mine"]
)
@pytest.mark.parametrize("action", ["run", "report"])
def test_the_reference_run_is_made_by_its_own_command_alone(
    lab: Lab, word: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.folder)
    shutil.copytree(ROOT / "tests" / "mine", lab.folder / "results" / "reference" / "noop" / "cells" / "ab")
    (lab.folder / "results" / "reference" / "noop" / "cells" / "ab" / "x.json").write_text("{}")
    before = files(lab.folder)
    answer = lab.command(f"--config-dir={lab.folder / 'mine'}", *FAST, f"action={action}", word)
    assert answer.code == 2 and "Traceback" not in answer.err
    assert action == "report" or "make reference" in answer.err
    assert files(lab.folder) == before


def test_git_ignores_all_results_but_the_reference() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")

    def ignored(path: str) -> bool:
        return subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False).returncode == 0

    for path in ("results/index.html", "results/recovery/report.md", "results/mine/cells/ab/x.json"):
        assert ignored(path)
    assert not ignored("results/reference/recovery/report.md")
    listed = subprocess.run(
        ["git", "ls-files", "results"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout and all(line.startswith("results/reference/") for line in listed.stdout.split())
    assert not re.search(r"/(cells|runs)/|grid\.json", listed.stdout)
