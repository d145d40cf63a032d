"""The tour where torch is not installed: it ends well, and says everywhere what it lacks and what adds it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from attnlab.projections.models.trained_attention import EXTRA

ROOT = Path(__file__).parents[1]
ABSENT = 'raise ModuleNotFoundError("No module named \'torch\'", name="torch")\n'
SMALL = ("exec=serial", "repeats=1", "trials=4", "decoder=nearest_value", "probe=pointer", "trained=1.0")
GRID = ("experiment=recovery,training", "weights=hard", "inputs.n=4", "task=majority")
ADDS = "make tour EXTRAS=torch"


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The results of a small tour in a process that has no torch, and what it printed."""
    place = tmp_path_factory.mktemp("bare")
    (place / "torch").mkdir()
    (place / "torch" / "__init__.py").write_text(ABSENT)
    path = os.pathsep.join([str(place), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "attnlab", f"results={place / 'results'}", *GRID, *SMALL],
        env={**os.environ, "PYTHONPATH": path},
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    return place / "results", done.stdout


def said(path: Path) -> str:
    """The words of a page, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8"))))


def test_the_terminal_says_how_many_ran_and_what_adds_the_rest(toured: tuple[Path, str]) -> None:
    results, told = toured
    assert "recovery: 1 done" in told and "training: 1 unavailable" in told
    assert f"1 of 2 studies ran; not training: {EXTRA}" in told and ADDS in EXTRA
    assert (results / "index.html").exists()


def test_the_verdict_of_its_page_says_so(toured: tuple[Path, str]) -> None:
    results, _ = toured
    page = (results / "training" / "report.html").read_text(encoding="utf-8")
    (box,) = re.findall(r'<[^>]*class="verdict[^"]*".*?</(?:div|section|blockquote|aside)>', page, re.DOTALL)
    for words in (unescape(box), said(results / "training" / "report.md")):
        assert f"No verdict yet: 1 unavailable ({EXTRA})" in words


@pytest.mark.parametrize("page", ["index.html", "index.md"])
def test_its_card_says_so(toured: tuple[Path, str], page: str) -> None:
    results, _ = toured
    words = said(results / page)
    card = words[words.index("Whether training keeps the position or hides it.") :]
    assert f"No verdict yet: 1 unavailable ({EXTRA})" in card
    assert EXTRA not in words[: -len(card)], "in the card of training alone"


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/*.py")), ids=lambda path: path.stem)
def test_the_tests_start_without_it(path: Path) -> None:
    """`make test` installs no torch: a test that needs it asks for it inside."""
    found = re.findall(r"^(?:import|from) (torch|cvxpy)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert not found, f"{path.name} imports {found[0]} where it is collected: use pytest.importorskip"
