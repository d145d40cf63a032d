"""A page whose inputs and files are the same is not drawn again; any file that is gone or changed comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from conftest import Lab

from attnlab.harness import pages
from attnlab.report import index, shown

ASKED = ("experiment=noop", "exec=serial", "level=1,2")


def drawn(lab: Lab) -> dict[str, tuple[int, bytes]]:
    """When each file of the pages was written, and its bytes; records, traces and what is always written aside."""
    left = ("cells", "runs", "grid.json", "results.csv", "index.html", "index.md")
    return {
        str(path.relative_to(lab.results)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(lab.results.rglob("*"))
        if path.is_file() and not set(path.relative_to(lab.results).parts) & set(left)
    }


def contents(lab: Lab) -> dict[str, bytes]:
    return {name: content for name, (_, content) in drawn(lab).items()}


def test_what_is_cached_is_not_drawn_again(lab: Lab) -> None:
    assert lab(*ASKED).code == 0
    first = drawn(lab)
    assert {"noop/report.html", "noop/report.md", "noop/study.json", "noop/figures/draw.svg"} <= set(first)
    told = lab(*ASKED)
    assert told.code == 0 and "4 done" in told.out and drawn(lab) == first
    assert lab("action=report").code == 0 and drawn(lab) == first


def test_a_figure_that_is_remembered_holds_no_cell(lab: Lab) -> None:
    """Its cells are for its page alone; what comes back is of the kinds it had."""
    assert lab(*ASKED).code == 0
    kept = pages.frames(lab.results / "noop")
    assert kept is not None and kept.card.html
    for figure in (kept.card, *kept.openings):
        assert figure.cells == frozenset() and figure.holds(()) and not figure.holds(["a cell"])


def test_nothing_that_draws_is_loaded_for_it(lab: Lab) -> None:
    words = [f"--config-dir={lab.folder / 'mine'}", f"results={lab.results}", *ASKED]
    assert lab(*ASKED).code == 0
    code = (
        "import sys\nfrom attnlab.app import main\ntry:\n    main()\nfinally:\n"
        "    print(sorted({'matplotlib', 'seaborn', 'scipy.stats', 'loky'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


GONE = ("report.html", "study.json", "drawn.json", "results.csv", "figures/draw.svg", "../index.html")


@pytest.mark.parametrize(
    ("change", "files"), [("gone", GONE), ("edited", ("report.md", "drawn.json"))], ids=("gone", "edited")
)
def test_any_file_comes_back_with_the_same_bytes(lab: Lab, change: str, files: tuple[str, ...]) -> None:
    assert lab(*ASKED).code == 0
    first, page = contents(lab), (lab.results / "index.html").read_bytes()
    table = (lab.results / "noop" / "results.csv").read_bytes()
    for name in files:
        path: Path = lab.results / "noop" / name
        path.unlink() if change == "gone" else path.write_text("{torn")
        assert lab("action=report", "study=noop").code == 0
        assert contents(lab) == first, name
        assert (lab.results / "noop" / "results.csv").read_bytes() == table
        assert (lab.results / "index.html").read_bytes() == page


def test_another_figure_table_verdict_or_code_is_drawn(lab: Lab) -> None:
    page = lab.results / "noop" / "report.html"
    assert lab(*ASKED).code == 0
    changes = (
        ("experiment/noop.yaml", "title: Draws", "title: Other draws", "Other draws"),
        ("noop.py", "The mean draw is", "Its mean draw is", "Its mean draw is"),
        ("noop.py", "does the harness itself work", "does the harness work", "Does the harness work"),
    )
    for name, old, new, told in changes:
        path = lab.folder / "mine" / name
        path.write_text(path.read_text().replace(old, new))
        assert told not in page.read_text()
        assert lab(*ASKED).code == 0
        assert told in page.read_text()
    before = page.read_bytes()
    assert lab("experiment=noop", "exec=serial", "level=1,2,3").code == 0
    assert page.read_bytes() != before


def test_cards_of_other_studies_are_not_drawn_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lab(*ASKED).code == 0
    small, cards = shown.small, []

    def counted(spec: Mapping[str, object], table: pd.DataFrame, prefix: str) -> shown.Shown:
        cards.append(prefix)
        return small(spec, table, prefix)

    monkeypatch.setattr(index, "small", counted)
    assert lab(*ASKED, "study=other").code == 0
    assert cards == ["other-card"]
    both = (lab.results / "index.html").read_bytes()
    (lab.results / "noop" / "drawn.json").unlink()
    (lab.results / "other" / "drawn.json").unlink()
    assert lab("action=report").code == 0 and (lab.results / "index.html").read_bytes() == both
