"""Why cells have no numbers: all that an error says, what would change it, and no promise that is none."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import report_table

from attnlab.report.page import markdown_prose
from attnlab.report.study import Problem, Study, write
from attnlab.report.words import MOST_GIST, gist

FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    f()\n'


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("", ""),
        ("a support of 2 positions needs as many", "a support of 2 positions needs as many"),
        (f"{FRAMES}ValueError: no", "ValueError: no"),
        (f"{FRAMES}ValueError: first\nsecond\n  third", "ValueError: first second third"),
        (f"{FRAMES}KeyError: 1\n\nDuring ...\n\n{FRAMES}ValueError: no\nmore", "ValueError: no more"),
        ("Error in call to target:\nTypeError: no", "Error in call to target: TypeError: no"),
        (FRAMES, "f()"),
    ],
)
def test_a_reason_is_told_from_the_error_on(reason: str, told: str) -> None:
    assert gist(reason) == told


def test_a_long_reason_keeps_its_beginning_and_its_end() -> None:
    found = gist(f"{FRAMES}ValueError: here {'x' * 5000} there")
    assert found.startswith("ValueError: here") and found.endswith("there") and len(found) <= MOST_GIST


def study(counts: dict[str, int], problems: tuple[Problem, ...] = ()) -> Study:
    return Study("one", "One", "What?", command="attnlab experiment=one", counts=counts, problems=problems)


SKIPPED = ("inputs.n=1", "skipped", "too few", 5)


def test_only_what_runs_again_is_said_to_go_on() -> None:
    for counts in ({"failed": 2}, {"missing": 1, "done": 4}, {"timeout": 1}, {"unavailable": 3}):
        words = study(counts).unanswered
        assert words.startswith("No verdict yet: ") and words.endswith(
            "`attnlab experiment=one` goes on with them."
        )
    words = study({"failed": 2, "skipped": 5}, (SKIPPED, ("", "failed", f"{FRAMES}E: a\nb", 2))).unanswered
    assert words.startswith("No verdict yet: 2 failed, 5 skipped (5 of them: too few). ")
    assert words.endswith("`attnlab experiment=one` goes on with those that were not skipped.")
    assert study({"skipped": 5}, (SKIPPED,)).unanswered == "No verdict: 5 skipped (too few)."


def test_cells_that_are_done_have_numbers_and_are_too_few_trials_or_no_claim_s() -> None:
    """A study of many trials through no noise has nothing that its claims are about."""
    few = "No verdict: no claim speaks of these cells, or they have fewer than the 10 trials it needs"
    assert study({"done": 3}).unanswered == f"{few}."
    assert study({"done": 3, "skipped": 5}, (SKIPPED,)).unanswered == f"{few}; 5 skipped (too few)."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- no item", r"\- no item"),
        ("# no heading", r"\# no heading"),
        ("12. no item", r"12\. no item"),
        ("-0.3 stays", "-0.3 stays"),
        ("a `b|c` d", r"a \`b\|c\` d"),
        ("a `bc` d", "a `bc` d"),
    ],
)
def test_a_line_of_markdown_begins_nothing_and_ends_no_cell(text: str, line: str) -> None:
    assert markdown_prose(text) == line


def test_a_verdict_over_some_of_the_cells_says_of_how_many(tmp_path: Path) -> None:
    """In its box, with the command that goes on; not where all that can run is done."""
    table = report_table.table(8)
    for counts, told in (
        ({"done": 58, "missing": 1, "failed": 1}, "Of 60 cells not all are done (1 failed, 1 missing)"),
        ({"done": 58, "skipped": 2}, ""),
        ({"done": 60}, ""),
    ):
        facts = replace(report_table.study(table), counts=counts, command="attnlab experiment=one")
        write(tmp_path, facts, table, report_table.verdict(table))
        page, twin = ((tmp_path / f"report.{kind}").read_text(encoding="utf-8") for kind in ("html", "md"))
        (box,) = re.findall(r'<div class="verdict".*?</div>', page, re.DOTALL)
        (quoted,) = re.findall(r"(?:^>.*\n)+", twin, re.MULTILINE)
        for words in (re.sub("<.*?>", "", box), quoted):
            assert ("not all are done" in words) == ("goes on with them" in words) == bool(told)
            assert told in words
