"""What every committed page has: ways, names, short tables; and an index whose first sentence is the table's."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from attnlab.report import index

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
STUDIES = sorted(path.parent for path in REFERENCE.glob("*/report.html"))
MOST = 50
"""Rows of a table of cells on a page."""


def tables(html: str) -> list[str]:
    return re.findall(r"<table\b.*?</table>", html, re.DOTALL)


@pytest.mark.parametrize("study", STUDIES, ids=lambda folder: folder.name)
def test_a_page_has_ways_names_and_short_tables(study: Path) -> None:
    html = (study / "report.html").read_text(encoding="utf-8")
    assert 'aria-label="contents"' in html and '<a href="../index.html">attnlab</a>' in html
    assert re.search(r'">(?:Previous|Next): ', html)
    headings = re.findall(r"<h2\b([^>]*)>", html)
    assert headings and all(' id="' in one for one in headings)
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert targets <= set(re.findall(r'\bid="([^"]+)"', html)), "a way that leads nowhere"
    regions = re.findall(r'<div class="scroll"[^>]*>', html)
    assert all('tabindex="0"' in one and 'role="region"' in one and "aria-label=" in one for one in regions)
    for table in tables(html):
        assert table.count("<tr") <= MOST + 1
    assert 'href="results.csv"' in html


@pytest.mark.parametrize("study", STUDIES, ids=lambda folder: folder.name)
def test_the_twin_leads_back_and_is_short(study: Path) -> None:
    text = (study / "report.md").read_text(encoding="utf-8")
    assert text.startswith("[attnlab](../index.md)") and "(results.csv)" in text
    for rows in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        lines = rows.splitlines()
        assert len(lines) <= MOST + 2
        bars = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(bars) == 1, "a pipe within a cell"


def test_the_index_answers_first_with_numbers_of_its_table() -> None:
    html = (REFERENCE / "index.html").read_text(encoding="utf-8")
    places = [
        html.index(mark) for mark in ('class="opening"', 'id="plane"', 'class="tiles"', 'class="cards"')
    ]
    assert places == sorted(places), "the answer, the picture, the table, the studies"
    said = re.search(r'class="opening".*?</p>', html, re.DOTALL)
    assert said is not None and "It depends on who asks" in said.group()
    words = re.sub(r"<[^>]+>", "", said.group())
    shares = {float(share) for share in re.findall(r"([\d.]+)\s%", words.replace("\N{NO-BREAK SPACE}", " "))}
    table = pd.read_csv(REFERENCE / "four_questions" / "results.csv", low_memory=False)
    rates = table.loc[table["kind"].isin(["rate", "mean"]), "value"].dropna()
    there = {round(100 * value, digits) for value in rates for digits in (1, 2)}
    assert len(shares) >= 4 and shares <= there


def test_the_studies_stand_in_the_order_of_the_argument() -> None:
    html = (REFERENCE / "index.html").read_text(encoding="utf-8")
    shown = re.findall(r'<h3 id="study-([^"]+)">', html)
    order = [study for study in index.argument() if study in shown]
    assert len(shown) >= 10 and [study for study in shown if study in order] == order
    for part in ('id="limits"', 'class="glossary"'):
        assert part in html
