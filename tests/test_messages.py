"""What is said of failures: in full where one looks for it, and never more than a screen of it."""

from __future__ import annotations

import json

import pytest
from conftest import Lab

from attnlab.harness.progress import MOST_TOLD
from attnlab.report.words import MOST_SAID, short

FAST = ("experiment=noop", "inputs.n=4", "trials=2", "repeats=1")


def test_a_text_is_cut_in_the_middle_and_cutting_it_again_changes_nothing() -> None:
    text = "begin " + "x" * 100_000 + " end"
    cut = short(text)
    assert (
        len(cut) <= MOST_SAID
        and cut.startswith("begin")
        and cut.endswith("end")
        and "100,010 characters" in cut
    )
    assert short(cut) == cut and short("as it is") == "as it is"


@pytest.mark.parametrize("way", ["exec=serial", "exec.workers=2"])
def test_many_failures_are_counted_and_long_messages_cut(lab: Lab, way: str) -> None:
    """40 cells fail, each with 100 kB to say: 10 of them are printed, and no file grows by what they say."""
    answer = lab(*FAST, "mood=long", "level=range(40)", way)
    assert answer.code == 1
    lines = answer.err.splitlines()
    assert len(lines) < 3 * MOST_TOLD + 10 and len(answer.err) < MOST_TOLD * (MOST_SAID + 500) + 2000
    assert answer.err.count("failed: noop") == MOST_TOLD
    assert "failed, RuntimeError: 40 cells in all" in answer.err
    records = [json.loads(path.read_text()) for path in (lab.results / "noop" / "cells").glob("??/*.json")]
    assert len(records) == 40
    for record in records:
        assert len(record["error"]) <= MOST_SAID and record["error"].startswith("RuntimeError: level ")
        assert len(json.dumps(record)) < 15_000 and "in trial" in record["traceback"]
    (log,) = (lab.results / "noop" / "runs").glob("*/log.txt")
    assert log.read_text().count("failed: noop") == 40
    for name in ("report.md", "report.html", "study.json", "results.csv"):
        assert (lab.results / "noop" / name).stat().st_size < 400_000
    assert "x" * (MOST_SAID + 1) not in (lab.results / "noop" / "report.html").read_text()


def test_failures_of_few_are_all_printed_and_kinds_are_apart(lab: Lab) -> None:
    answer = lab(*FAST, "mood=raise,exit,fine", "level=range(10)", "exec=serial")
    assert answer.err.count("failed: noop") == 20 and "cells in all" not in answer.err
    assert "are counted" in answer.err


def test_the_commonest_reason_is_told_of_those_cells_alone(lab: Lab) -> None:
    module = lab.folder / "mine" / "noop.py"
    text = module.read_text()
    module.write_text(
        text[: text.index("def verdict")] + "def verdict(table):\n    return Verdict((), (), ())\n"
    )
    words = ("experiment=noop", "inputs.n=4", "level=1,2", "exec=serial", "repeats=1")
    page = lab.results / "noop" / "report.md"
    for mood, says in (
        ("exit,raise", "4 failed (2 of them: SystemExit: 3)."),
        ("exit", "2 failed (SystemExit: 3)."),
    ):
        assert lab(*words, f"mood={mood}").code == 1
        assert f"No verdict yet: {says}" in page.read_text()
