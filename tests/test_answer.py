"""The answer in prose keeps to the reference run: its numbers, its pictures, its page."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROSE = ROOT / "docs" / "answer.md"
REFERENCE = ROOT / "results" / "reference"
SCRIPT = ROOT / ".ci" / "answer.py"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="not a checkout")


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def test_every_share_is_the_reference_runs(answer: dict[str, Any]) -> None:
    text = PROSE.read_text(encoding="utf-8")
    shares = answer["NUMBER"].findall(text)
    assert len(shares) == text.count("<!--") > 10
    for number, asked in shares:
        assert number == answer["share"](asked, REFERENCE), asked


def test_a_share_that_stands_in_no_row_or_in_two_is_refused(answer: dict[str, Any]) -> None:
    for asked in ("asker possible inputs=gaussian", "asker possible inputs=gaussian inputs.n=17"):
        with pytest.raises(ValueError, match="rows of the reference run, not one"):
            answer["share"](asked, REFERENCE)


def test_a_number_that_has_changed_is_put_right(answer: dict[str, Any]) -> None:
    text = PROSE.read_text(encoding="utf-8")
    stale = answer["NUMBER"].sub(lambda found: "12.3" + found[0][len(found[1]) :], text)
    assert stale != text and answer["filled"](stale, REFERENCE) == text


def test_no_share_is_typed_by_hand() -> None:
    """Chance over 32 words, an arithmetic fact, is the one exception."""
    text = PROSE.read_text(encoding="utf-8")
    assert re.findall(r"([\d.]+) %(?!\s*<!--)", text) == ["3"]


def test_the_page_is_made_from_it(answer: dict[str, Any], tmp_path: Path) -> None:
    reference = shutil.copytree(REFERENCE, tmp_path / "reference")
    prose = shutil.copyfile(PROSE, tmp_path / "answer.md")
    readme = shutil.copyfile(ROOT / "README.md", tmp_path / "README.md")
    answer["main"](prose, reference, readme)
    assert readme.read_bytes() == (ROOT / "README.md").read_bytes()
    assert prose.read_bytes() == PROSE.read_bytes()
    for name in ("answer.html", "plane.svg", "index.html", "index.md"):
        assert (reference / name).read_bytes() == (REFERENCE / name).read_bytes(), name
    page = (reference / "answer.html").read_text(encoding="utf-8")
    assert "<img" not in page and "http-equiv" in page and "&lt;" not in re.sub(r"<title.*?</desc>", "", page)
    assert 'href="answer.html"' in (reference / "index.html").read_text(encoding="utf-8")


def test_its_drawings_are_those_of_the_studies_pages(answer: dict[str, Any]) -> None:
    """Both of them, for a wide and a narrow column, with what they say to a pointer, and no name twice."""
    page = (REFERENCE / "answer.html").read_text(encoding="utf-8")
    pictures = [place for _, place in answer["PICTURE"].findall(PROSE.read_text(encoding="utf-8"))]
    assert len(pictures) == 4 and page.count('class="board"') == pictures.count(answer["SQUARE"]) == 1
    for place in pictures:
        if place == answer["SQUARE"]:
            continue
        study, _, name = place.removesuffix(".svg").split("/")
        there = (REFERENCE / study / "report.html").read_text(encoding="utf-8")
        own = _drawings(page, f"{study}-{name}")
        _, _, whole = there.partition(f'<figure id="figure-{name}">')
        theirs = _drawings(whole, re.findall(r'id="(figure\d+)-', whole)[0])
        assert own == theirs and own[0].count("<title>") > 5, place
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names))


def _drawings(page: str, prefix: str) -> list[str]:
    """The wide and the narrow drawing whose ids start with `prefix`, without it."""
    own = re.findall(rf'<svg [^>]*aria-labelledby="{prefix}-.*?</svg>', page, flags=re.DOTALL)
    assert len(own) == 2
    return [one.replace(f"{prefix}-", "") for one in own]


def test_a_picture_that_no_study_has_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected a drawing that the page of phase shows, got gauss"):
        answer["drawing"]("phase/figures/gauss.svg", REFERENCE)


def test_it_is_short() -> None:
    words = re.sub(
        r"<!--.*?-->|!\[.*?\]\(.*?\)", "", PROSE.read_text(encoding="utf-8"), flags=re.DOTALL
    ).split()
    assert 550 <= len(words) <= 800, len(words)
