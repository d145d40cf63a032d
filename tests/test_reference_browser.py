"""The committed pages in a real browser, the network off: every study, and the answer in prose."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_pages_browser import tools, visit

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
PAGES = sorted([REFERENCE / "index.html", REFERENCE / "answer.html", *REFERENCE.glob("*/report.html")])
VIEWS = [
    [360, "screen", "light", "axe"],
    [360, "screen", "dark", ""],
    [768, "screen", "light", ""],
    [768, "screen", "dark", "axe"],
    [1440, "screen", "light", "axe"],
    [1440, "screen", "dark", "axe"],
    [718, "print", "light", ""],
]
"""axe sees every width and both colours, not their product: what it finds hangs on one or the other."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    pages = {str(path.relative_to(REFERENCE)): path for path in PAGES}
    return list(visit(pages, VIEWS, tmp_path_factory.mktemp("job"))["pages"])


def test_every_page_is_there(told: list[dict[str, Any]]) -> None:
    assert len(told) == len(PAGES) > 10


def test_no_request_and_no_complaint(told: list[dict[str, Any]]) -> None:
    assert {page["name"]: page["requests"] + page["complaints"] for page in told} == {
        page["name"]: [] for page in told
    }


@pytest.mark.parametrize("what", ["axe", "small"])
def test_no_violation_and_no_letter_under_nine_pixels(told: list[dict[str, Any]], what: str) -> None:
    found = {
        (page["name"], one["width"]): one[what][:4]
        for page in told
        for one in page["visits"]
        if one.get(what) and one["media"] == "screen"
    }
    assert found == {}


def test_nothing_overflows_sideways(told: list[dict[str, Any]]) -> None:
    screens = [(page["name"], one) for page in told for one in page["visits"] if one["media"] == "screen"]
    assert {(name, one["width"]) for name, one in screens if one["wide"] > 0} == set()


def test_nothing_is_cut_in_print_and_no_bar_scrolls(told: list[dict[str, Any]]) -> None:
    prints = [(page["name"], one) for page in told for one in page["visits"] if one["media"] == "print"]
    assert {name: one["cut"] for name, one in prints if one["cut"] or one["wide"] > 0} == {}
    assert len(prints) == len(PAGES)


def test_no_raw_name_stands_outside_code_and_settings(told: list[dict[str, Any]]) -> None:
    assert {page["name"]: one["raw"] for page in told for one in page["visits"] if one["raw"]} == {}


def test_no_page_is_over_a_megabyte() -> None:
    assert {path.parent.name: path.stat().st_size for path in PAGES if path.stat().st_size > 1_000_000} == {}


def test_the_index_is_printed_on_few_pages(tmp_path: Path) -> None:
    """Half of what it took before it had a print layout (17)."""
    out = tmp_path / "index.pdf"
    quiet = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
    ]
    where = [f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={out}"]
    subprocess.run(
        [tools(), *quiet, *where, f"file://{REFERENCE / 'index.html'}"],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert 3 < len(re.findall(rb"/Type\s*/Page\b", out.read_bytes())) <= 8.5
