"""The documentation stays true: its code runs as it is written, its glossary is complete, its links exist."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import Answer
from fences import blocks, commands, of_kind

from attnlab.report.asked import kinds
from attnlab.tidy import HEAD, MEASURED, STATUSES, TAIL

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONCEPTS = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
TINY = ("exec=serial", "trials=10", "repeats=2")
HOME_FILE = re.compile(r"# ~/(mine/\S+)\n")


COMMANDS = [(page, line) for page in PAGES[1:] for line in commands(page)] + [
    (PAGES[0], line) for line in commands(PAGES[0]) if "--config-dir" in line
]
"""Those of the README without a folder of one's own are test_readme's."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder and the folder one is in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_files(page: Path, home: Path) -> None:
    """The files under ~/mine that a page shows, as it shows them."""
    for block in (*of_kind(page, "python"), *of_kind(page, "yaml")):
        named = HOME_FILE.match(block)
        if named:
            path = home / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.removeprefix(named[0]))


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=lambda value: getattr(value, "stem", str(value)))
def test_every_command_is_accepted(page: Path, line: str, home: Path, command: Callable[..., Answer]) -> None:
    """One's own things run for real, small; the rest is planned; what looks at results finds two tiny studies."""
    make_files(page, home)
    words = shlex.split(line)[1:]
    action = next((word for word in words if word.startswith("action=")), None)
    if action in ("action=show", "action=compare", "action=report", "action=status"):
        for study in ("recovery", "mine"):
            small = ("experiment=recovery", "inputs.n=8", "weights=hard", "decoder=nearest_value")
            assert command(*small, *TINY, f"study={study}", f"seed={len(study)}").code == 0
    elif "--config-dir" in words and action is None:
        words += TINY
    elif action is None and not any(word.startswith("-") for word in words):
        words += ["action=plan"]
    answer = command(*words)
    if action == "action=compare":
        assert answer.code in (0, 2), answer.err  # 2: two seeds have no cell in common
    else:
        assert answer.code == 0, answer.err
    assert "failed: " not in answer.err, answer.err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_python_block_runs_in_order(page: Path, home: Path) -> None:
    script = home / "page.py"
    shown = [block for block in of_kind(page, "python") if not HOME_FILE.match(block)]
    if importlib.util.find_spec("torch") is None:  # from there on a page has a model
        shown = list(itertools.takewhile(lambda block: "import torch" not in block, shown))
    if shown:
        script.write_text("\n".join(shown))
        run(script, home)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_block_is_of_a_kind_that_nothing_runs(page: Path) -> None:
    for kind, text in blocks(page):
        first = text.splitlines()[0]
        assert kind in ("", "python", "yaml"), kind
        if kind == "yaml":
            assert HOME_FILE.match(text) and yaml.safe_load(text)
        elif kind == "" and first != "attnlab/":  # the plan of the house, which test_readme reads
            assert {line.split(" ")[0] for line in text.splitlines() if line} <= {"attnlab", "make"}, text


def test_no_command_is_lost() -> None:
    """Every line of a page that begins with `attnlab ` is one of those that are run, here or in test_readme."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        written = len(re.findall(r"^attnlab(?: |$)", text, re.MULTILINE))
        here = sum(one == page for one, _ in COMMANDS)
        elsewhere = sum("--config-dir" not in line for line in commands(page)) if page == PAGES[0] else 0
        assert here + elsewhere == written, page.name
    assert len(COMMANDS) >= 20


def test_every_kind_of_figure_and_its_keys_are_told() -> None:
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8").partition("## Figures")[2]
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row[1])}
    fields = {field.name for kind in kinds().values() for field in dataclasses.fields(kind)}
    assert keys == fields | {"kind"}
    (told,) = (row[2] for row in rows if "`kind`" in row[1])
    assert set(re.findall(r"`(\w+)`", told)) == set(kinds())


def test_the_verdict_that_is_shown_is_made(home: Path, command: Callable[..., Answer]) -> None:
    make_files(ROOT / "docs" / "extending.md", home)
    words = ("--config-dir", "~/mine", "experiment=lengths", *TINY)
    assert "draws none" in command(*words, "weights=hard", "inputs.n=range(4,20)").out
    told = command(*words, "experiment.module=lengths_told", "study=told", "inputs.n=range(4,20)")
    assert told.code == 0 and "as long as a value" in told.out


def run(script: Path, folder: Path) -> str:
    plain = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    done = subprocess.run([sys.executable, script], cwd=folder, env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_glossary_has_every_metric_column_status_and_part() -> None:
    told = set(re.findall(r"`([^`]+)`", CONCEPTS))
    pages = [path.stem for path in (ROOT / "experiments").glob("[a-z]*.py")]
    metrics = {
        name for page in pages for name in importlib.import_module(f"attnlab.experiments.{page}").MEASURES
    }
    parts = {path.stem for path in (ROOT / "conf").glob("*/*.yaml") if path.parent.name != "experiment"}
    for names in (metrics, {*HEAD, *TAIL, *MEASURED}, set(STATUSES), parts):
        assert names - told == set()
    groups = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()} - {"experiment"}
    assert groups == set(re.findall(r"^### (\w+)$", CONCEPTS, re.MULTILINE))


def test_the_glossary_names_nothing_that_is_gone() -> None:
    metrics = CONCEPTS.partition("## Metrics")[2].partition("## Parts")[0]
    named = [row.split("|")[1] for row in metrics.splitlines() if row.startswith("| `")]
    told = {name for cell in named for name in re.findall(r"`(\w+)`", cell)}
    pages = [path.stem for path in (ROOT / "experiments").glob("[a-z]*.py")]
    known = {
        name for page in pages for name in importlib.import_module(f"attnlab.experiments.{page}").MEASURES
    }
    assert told <= known, told - known


def test_every_link_leads_somewhere() -> None:
    for page in (*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_contributing_is_ten_lines_and_the_citation_names_no_person() -> None:
    rules = re.findall(r"^\d+\. ", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert len(rules) == 10
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = (ROOT / "pyproject.toml").read_text()
    assert (
        cited["authors"] == [{"name": "attnlab developers"}] and f'version = "{cited["version"]}"' in project
    )
