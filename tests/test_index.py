"""The index: the studies in the order of the argument, terms linked once, one polarity, ways between pages."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
import report_table
from members import CONF

from attnlab.intervals import SHARE, Interval, interval
from attnlab.report import index
from attnlab.report.glossary import glossary, linked
from attnlab.verdicts import Answer, Verdict


def test_every_shipped_study_has_its_place_in_the_argument() -> None:
    shipped = {path.stem for path in (CONF / "experiment").glob("*.yaml")}
    assert shipped - set(index.argument()) == {"four_questions"}, "the table that opens the index has no card"


def test_a_step_of_the_argument_is_a_whole_sentence() -> None:
    """Yaml cuts what is not quoted at its first comma; what it cut off is refused."""
    assert {step for step in index.argument().values() if step[-1] not in ".?"} == set()


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


def test_a_limit_is_said_once_with_its_studies(tmp_path: Path) -> None:
    rows = report_table.table(8)
    facts, verdict = report_table.study(rows), report_table.verdict(rows)
    shared, own = "What all of them leave open.", "What one of them leaves open."
    frames = index.frames(facts, rows, "recovery")
    entries = [
        index.IndexEntry(facts, dataclasses.replace(verdict, limits=(shared, shared)), frames, "recovery"),
        index.IndexEntry(facts, dataclasses.replace(verdict, limits=(own, shared)), frames, "again"),
    ]
    index.write(tmp_path, entries)
    title = facts.title
    for name in ("index.html", "index.md"):
        page = " ".join((tmp_path / name).read_text().split())
        assert page.count(shared) == 1 and page.count(own) == 1
        text = re.sub(r"<[^>]+>", "", page)
        assert f"{shared} ({title} (recovery), {title} (again))" in text
        assert f"{own} ({title} (again))" in text
    assert len(index.limits(entries[:1])) == 1


def test_a_folder_of_studies_without_claims_has_an_index_that_says_so(tmp_path: Path) -> None:
    rows = report_table.table(8)
    facts = report_table.study(rows)
    silent = index.IndexEntry(facts, Verdict((), drawn=False), index.frames(facts, rows, "mine"), "mine")
    for studies, told in (
        ([silent], ("No study here names a limit.", "No study here answers one of the four questions.")),
        ([], ("No study has run yet.",)),
    ):
        index.write(tmp_path, studies)
        for name in ("index.html", "index.md"):
            page = (tmp_path / name).read_text()
            assert all(words in page for words in told), name
            assert ("No study has run yet" in page) is not bool(studies), name
            assert "| question | number |" not in page and "Every number a study gives" not in page


def test_a_theorem_of_loss_is_turned_with_its_number() -> None:
    lost = Answer(
        "Q1", "", "others exist", interval(np.ones(200), SHARE), "lost", "always, by theorem: n > d + 1"
    )
    assert lost.kept.text.startswith("never, by theorem: n > d + 1 (measured: kept in 0.0 %")
    assert lost.kept.kept.text == lost.kept.text
    chance = Answer("Q4", "", "x", interval(np.ones(200), SHARE), "read", "chance by symmetry")
    assert chance.kept.text.startswith("chance by symmetry (measured: read in")
