"""`make reference`: pages that differ only in commit and date stay; a run that is not whole is refused."""

from __future__ import annotations

import json
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Lab
from members import heads_file

SCRIPT = Path(__file__).parents[1] / ".ci" / "reference.py"
FAST = ("experiment=noop", "exec=serial", "inputs.n=4")


@pytest.fixture
def adopt(lab: Lab) -> Callable[[], Path]:
    """Make the lab's results the reference run."""
    if not SCRIPT.exists():
        pytest.skip("not a checkout")
    main = runpy.run_path(str(SCRIPT))["main"]
    reference = lab.folder / "adopted"

    def run() -> Path:
        main(lab.results, reference)
        return reference

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def made_another_day(lab: Lab, study: str) -> None:
    """The study's records as another commit made them on another day."""
    for path in (lab.results / study / "cells").glob("??/*.json"):
        record = json.loads(path.read_text())
        path.write_text(
            json.dumps({**record, "code": "ab12 (clean)", "started": "2031-01-02T03:04:05+00:00"})
        )
    assert lab("action=report", f"study={study}").code == 0


def test_pages_tables_and_figures_are_kept_and_no_cell(lab: Lab, adopt: Callable[[], Path]) -> None:
    lab(*FAST)
    found = contents(adopt())
    assert {"index.html", "index.md", "noop/report.html", "noop/report.md", "noop/results.csv"} <= set(found)
    assert not any("cells" in name or "runs" in name or "grid.json" in name for name in found)
    assert any(name.startswith("noop/figures/") for name in found)


def test_the_same_numbers_change_no_file(lab: Lab, adopt: Callable[[], Path]) -> None:
    lab(*FAST)
    lab(*FAST, "study=second", "level=1")
    before = contents(adopt())
    made_another_day(lab, "noop")
    assert b"2031-01-02" in (lab.results / "noop" / "report.html").read_bytes()
    assert contents(adopt()) == before


def test_a_study_that_changed_is_replaced_and_one_that_is_gone_removed(
    lab: Lab, adopt: Callable[[], Path]
) -> None:
    lab(*FAST)
    lab(*FAST, "study=second", "level=1")
    before = contents(adopt())
    lab(*FAST, "study=second", "level=2")
    shutil.rmtree(lab.results / "noop")
    after = contents(adopt())
    assert after["second/results.csv"] != before["second/results.csv"]
    assert not any(name.startswith("noop/") for name in after)
    assert b"noop" not in after["index.md"]


def test_a_run_that_is_not_whole_is_refused(lab: Lab, adopt: Callable[[], Path]) -> None:
    lab(*FAST)
    before = contents(adopt())
    lab(*FAST, "mood=lack")
    with pytest.raises(SystemExit, match="not whole"):
        adopt()
    assert contents(lab.folder / "adopted") == before


def test_an_audit_stays_where_a_run_measured_no_heads(lab: Lab, adopt: Callable[[], Path]) -> None:
    lab(*FAST)
    lab("experiment=audit", "exec=serial")
    assert not any(name.startswith("audit/") for name in contents(adopt())), "there is nothing to show of it"
    heads = (f"inputs.path={heads_file(5, 2, 2)}", "inputs.layer=0", "inputs.head=0", "exec=serial")
    lab("experiment=audit", *heads)
    before = contents(adopt())
    assert "audit/maps.csv" in before and b"audit/report" in before["index.md"]
    lab("experiment=audit", "exec=serial")
    assert contents(adopt()) == before
    shutil.rmtree(lab.results / "audit")
    assert contents(adopt()) == before
