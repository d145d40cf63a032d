"""The committed pages in a real browser, the network off: every study, and the answer in prose."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from test_pages_browser import VIEWS, View, visit

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
ANSWER = REFERENCE / "answer.html"
PAGES = sorted([REFERENCE / "index.html", ANSWER, *REFERENCE.glob("*/report.html")])
WIDTHS = (360, 768, 1440)
SCHEMES = ("light", "dark")
PRINTS: list[View] = [(718, "print", "light", ""), (768, "print", "dark", "")]
PDF = "index.pdf"


def views(path: Path) -> list[View]:
    """The answer in prose in every way, as no other page has its template.

    Every other page at every width and in print; its colours change with the width, and from page to page. Where
    things lie does not hang on the colours, and what axe finds hangs on the template, the width or the colours:
    all of their products are tested on a page of each template (`test_pages_browser`), here that no page's own
    content brings something. axe looks at one screen of each page, all screens in turn.
    """
    if path == ANSWER:
        return VIEWS
    place = PAGES.index(path)
    looks = place % len(WIDTHS)
    screens: list[View] = [
        (width, "screen", SCHEMES[(place // len(WIDTHS) + at) % 2], "axe" if at == looks else "")
        for at, width in enumerate(WIDTHS)
    ]
    return [*screens, PRINTS[place % 2]]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("job")
    pages = {str(path.relative_to(REFERENCE)): (path, views(path)) for path in PAGES}
    return visit(pages, folder, printed={REFERENCE / "index.html": folder / PDF}), folder


@pytest.fixture(scope="module")
def told(job: tuple[dict[str, Any], Path]) -> list[dict[str, Any]]:
    return list(job[0]["pages"])


def test_every_page_is_there(told: list[dict[str, Any]]) -> None:
    assert len(told) == len(PAGES) > 10
    others = [page for page in told if page["name"] != ANSWER.name]
    looked = [(one["width"], one["scheme"]) for page in others for one in page["visits"] if "axe" in one]
    assert len(looked) == len(others) and len(set(looked)) == len(WIDTHS) * len(SCHEMES)


def test_no_request_and_no_complaint(job: tuple[dict[str, Any], Path]) -> None:
    told = job[0]["pages"]
    assert job[0]["asked"] == []
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


def test_no_drawing_is_shut_in_an_image(told: list[dict[str, Any]]) -> None:
    """Its letters could not be measured, it would keep its colours in the dark and its width on a phone."""
    assert {page["name"]: one["sealed"] for page in told for one in page["visits"] if one["sealed"]} == {}


def test_nothing_overflows_sideways(told: list[dict[str, Any]]) -> None:
    screens = [(page["name"], one) for page in told for one in page["visits"] if one["media"] == "screen"]
    assert {(name, one["width"]) for name, one in screens if one["wide"] > 0} == set()


def test_nothing_is_cut_in_print_and_no_bar_scrolls(told: list[dict[str, Any]]) -> None:
    prints = [(page["name"], one) for page in told for one in page["visits"] if one["media"] == "print"]
    assert {name: one["cut"] for name, one in prints if one["cut"] or one["wide"] > 0} == {}
    assert {name for name, _ in prints} == {page["name"] for page in told}


def test_no_raw_name_stands_outside_code_and_settings(told: list[dict[str, Any]]) -> None:
    assert {page["name"]: one["raw"] for page in told for one in page["visits"] if one["raw"]} == {}


def test_no_page_is_over_a_megabyte() -> None:
    assert {path.parent.name: path.stat().st_size for path in PAGES if path.stat().st_size > 1_000_000} == {}


def test_the_index_is_printed_on_few_pages(job: tuple[dict[str, Any], Path]) -> None:
    """Half of what eleven studies took before there was a print layout: 17 pages."""
    assert 3 < len(re.findall(rb"/Type\s*/Page\b", (job[1] / PDF).read_bytes())) <= 8


def test_nothing_breaks_on_paper_where_it_should_not(told: list[dict[str, Any]]) -> None:
    prints = [(page["name"], one) for page in told for one in page["visits"] if one["media"] == "print"]
    assert {name: one["broken"] for name, one in prints if one["broken"]} == {}


def test_cards_stand_in_columns(told: list[dict[str, Any]]) -> None:
    (index,) = (page for page in told if page["name"] == "index.html")
    screens = {one["width"]: one["columns"] for one in index["visits"] if one["media"] == "screen"}
    assert screens == {360: 1, 768: 2, 1440: 2}


def test_every_box_that_scrolls_shades_its_edge(told: list[dict[str, Any]]) -> None:
    boxes = [(page["name"], box) for page in told for box in page["scrolls"]]
    assert len(boxes) > len(PAGES) / 2
    assert {
        name for name, box in boxes if box["edges"] != "local, local, scroll, scroll" or not box["name"]
    } == set()
