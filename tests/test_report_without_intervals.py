"""Pages of studies too small for any interval: numbers stand alone, and nothing prints a NaN."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import report_table

from attnlab.intervals import Interval
from attnlab.report import study as report
from attnlab.report.cell_table import assumes
from attnlab.report.interval_bar import interval_bar


@pytest.fixture(scope="module", params=[float("nan"), None], ids=["from csv", "from records"])
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """report.html and report.md of the made-up study without its intervals, and its figures."""
    rows = report_table.table(20)
    words = report_table.verdict(rows)
    bare = rows.assign(low=request.param, high=request.param)
    if request.param is None:
        bare = bare.astype({"low": object, "high": object}).where(lambda table: table.notna(), None)
        bare["value"] = pd.to_numeric(bare["value"])
    folder: Path = tmp_path_factory.mktemp("bare")
    report.write(folder, report_table.study(rows), bare, words)
    texts = [(folder / name).read_text() for name in ("report.html", "report.md")]
    drawn = sorted((folder / "figures").glob("*.svg"))
    assert len(drawn) >= 4
    return texts + [path.read_text() for path in drawn]


def test_no_page_and_no_figure_prints_a_nan(pages: list[str]) -> None:
    for text in pages:
        assert not re.search(r"\bnan\b", text, re.IGNORECASE)
        assert "could not be drawn" not in text and "TypeError" not in text


def test_pages_say_what_their_intervals_assume(pages: list[str]) -> None:
    assert all(assumes("trial") in re.sub(r"<[^>]+>", "", text) for text in pages[:2])


def test_a_number_without_interval_has_no_bar() -> None:
    nothing = float("nan")
    assert interval_bar(Interval(0.5, nothing, nothing, 3, 3.0)) == ""
