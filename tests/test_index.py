"""The index: the studies in the order of the argument, terms linked once, one polarity, ways between pages."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_table
from members import CONF

from attnlab.intervals import Interval
from attnlab.report import index
from attnlab.report.glossary import glossary, linked
from attnlab.verdicts import Answer


def test_every_shipped_study_has_its_place_in_the_argument() -> None:
    shipped = {path.stem for path in (CONF / "experiment").glob("*.yaml")}
    assert shipped - set(index.argument()) == {"four_questions"}, "the table that opens the index has no card"


def test_a_term_is_linked_where_it_is_first_used_and_only_there() -> None:
    page = linked(
        "<h2>Fibre</h2><p>Its <code>fibre</code>, a fibre, two fibres.</p><dl><dt>fibre</dt></dl>", "i.html"
    )
    assert page.count('<a class="term" href="i.html#term-fibre">') == 1
    assert '</code>, a <a class="term" href="i.html#term-fibre">fibre</a>, two fibres' in page
    assert len({term.id for term in glossary()}) == len(glossary())


def test_an_answer_that_counts_losses_is_told_as_what_is_kept() -> None:
    kept = Answer("Q2", "here", "another is found", Interval(0.3, 0.2, 0.4, 50, 50.0), "lost").kept
    assert kept.says == "kept" and kept.interval.value == pytest.approx(0.7)
    assert (kept.interval.low, kept.interval.high) == pytest.approx((0.6, 0.8))


def test_a_page_knows_its_neighbours_and_its_digest_does_not(tmp_path: Path) -> None:
    report_table.write(tmp_path)
    page = tmp_path / "recovery" / "report.html"
    drawn = page.read_bytes()
    rows = report_table.table(8)
    facts = report_table.study(rows)
    entry = index.IndexEntry(facts, report_table.verdict(rows), index.frames(facts, rows, "recovery"))
    index.write(tmp_path, [entry, index.IndexEntry(facts, entry.verdict, entry.frames, "second")])
    assert b'<a href="../second/report.html">Next: ' in page.read_bytes()
    assert index.without_ways(page.read_bytes()) == index.without_ways(drawn)
