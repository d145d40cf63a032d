"""On a phone, lines of a table stand below each other: a long head stands once, and lines have its letter."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_pages_browser import View, visit
from told import RESULTS

from attnlab.harness.publish import read_study
from attnlab.harness.table import read_csv
from attnlab.report import study as report
from attnlab.report.level_tables import LONG, level_tables
from attnlab.report.study import Study
from attnlab.verdicts import Levels, Told

PHONE: View = (360, "screen", "light", "axe")
LEAD = "Somebody who knows the values finds the position with the most weight"


def told(*lines: tuple[str, ...], trials: str = "100 trials each") -> Told:
    """A finding over these levels."""
    heads = ("setting", "a head that no line of a phone holds twice", "short", "trials")
    return Told("Words", trials=trials, levels=Levels(LEAD, heads, lines, "inputs.n"))


def test_letters_stand_for_long_heads_of_several_lines_alone() -> None:
    several, one = ("n = 8", "1", "2", "100"), ("n = 9", "3", "4", "100")
    (table,) = level_tables([(told(several, one), "", None)])
    assert table.letters == ("", "A", "", "") and table.counted_above
    (table,) = level_tables([(told(several, one), "", None), (told(several, one), "", None)])
    assert table.letters == ("", "A", "", "B", "", "") and all(
        bool(letter) == (len(head) > LONG) for letter, head in zip(table.letters, table.heads, strict=True)
    )
    (table,) = level_tables([(told(several), "", None)])
    assert not any(table.letters)


def test_trials_that_differ_or_are_told_nowhere_else_stay_in_their_lines() -> None:
    unlike = ("n = 8", "1", "2", "100"), ("n = 9", "3", "4", "200")
    alike = ("n = 8", "1", "2", "100"), ("n = 9", "3", "4", "100")
    tables = [level_tables([(one, "", None)])[0] for one in (told(*unlike), told(*alike, trials=""))]
    assert not any(table.counted_above for table in tables)


@pytest.mark.parametrize("name", ["alignment"])
def test_a_phone_shows_no_long_head_twice(name: str, tmp_path: Path) -> None:
    verdict, table = read_study(RESULTS / name / "study.json")[1], read_csv(RESULTS / name / "results.csv")
    facts = Study(name=name, title=name, question="Which heads are long?", counts={"done": 1})
    page, *_ = report.write(tmp_path / name, facts, table, verdict)
    assert '<dl class="key"><dt>A</dt>' in page.read_text()
    (found,) = visit({name: (page, [PHONE])}, tmp_path)["pages"]
    (look,) = found["visits"]
    assert look["repeated"] == [] and look["axe"] == [] and look["wide"] <= 0
