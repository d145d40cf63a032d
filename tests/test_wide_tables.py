"""Tables of many columns in a real browser: heads of few lines, and what does not fit scrolls under a shadow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import report_table
from test_pages_browser import View, visit
from told import RESULTS, RUN

from attnlab import audit
from attnlab.harness.publish import read_study
from attnlab.harness.table import read_csv
from attnlab.inputs.heads import Heads
from attnlab.report import maps
from attnlab.report import study as report
from attnlab.report.page import measure
from attnlab.report.study import Study

MOST = 6
"""Lines of a head; one of 110 letters had fifteen when its column was as narrow as its numbers."""
VIEWS: list[View] = [(width, "screen", "light", "") for width in (360, 768)]
PRINT: View = (718, "print", "light", "")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the browser tells of every study's tables; the pages have no figures, which are tested elsewhere."""
    folder = tmp_path_factory.mktemp("tables")
    pages = {}
    for name in RUN:
        verdict = read_study(RESULTS / name / "study.json")[1]
        table = read_csv(RESULTS / name / "results.csv")
        facts = Study(name=name, title=name, question="Which tables are wide?", counts={"done": 1})
        page, *_ = report.write(folder / name, facts, table, verdict)
        pages[name] = (page, [*VIEWS, PRINT])
    return {page["name"]: page for page in visit(pages, folder)["pages"]}


def test_no_head_is_a_column_of_words(told: dict[str, dict[str, Any]]) -> None:
    found = {(page, name): lines for page, one in told.items() for name, lines in one["heads"]}
    assert len(found) > 3 * len(RUN) and max(found.values()) > 3, "some heads are long"
    assert {place: lines for place, lines in found.items() if lines > MOST} == {}


def test_pages_do_not_overflow_and_paper_cuts_nothing(told: dict[str, dict[str, Any]]) -> None:
    looks = [(page, look) for page, one in told.items() for look in one["visits"]]
    assert {page for page, look in looks if look["wide"] > 0 and look["media"] == "screen"} == set()
    assert {page: look["cut"] for page, look in looks if look["cut"] and look["media"] == "print"} == {}


def test_on_paper_small_words_are_small_and_a_condition_stays_with_what_it_is_of(
    told: dict[str, dict[str, Any]],
) -> None:
    printed = {page: look for page, one in told.items() for look in one["visits"] if look["media"] == "print"}
    assert len(printed) == len(RUN)
    assert {page: look["loud"] for page, look in printed.items() if look["loud"]} == {}
    assert {page for page, look in printed.items() if look["stranded"]} == set()


def test_no_word_and_no_number_is_torn(told: dict[str, dict[str, Any]]) -> None:
    looks = [(page, look) for page, one in told.items() for look in one["visits"]]
    assert {(page, look["media"]): look["torn"] for page, look in looks if look["torn"]} == {}


def test_each_interval_of_a_number_is_set_apart_and_nothing_else() -> None:
    told = str(measure("kept in 12.0 % [9.0, 15.8] to 85.0 % [80.6, 88.6] <b>"))
    assert told.count('<span class="ci">[') == 2 and "</span> to 85.0" in told and told.endswith("&lt;b&gt;")
    assert str(measure("7")) == "7" and "nothing" in str(measure("no value"))


def test_a_word_of_200_letters_is_broken_on_paper_as_on_screen_and_no_other_is(tmp_path: Path) -> None:
    draw = np.random.default_rng(0).standard_normal
    tokens = ["a" * 200, "understanding", "b" * 200]
    made = Heads(queries=draw((1, 3, 2)), keys=draw((1, 3, 2)), values=draw((1, 3, 1)), tokens=tokens)
    exhibits = json.loads(json.dumps(maps.gathered([audit.shown(made.head(0, 0), 8)])))
    assert any(len(row["word"]) == 200 for row in exhibits["rows"])
    table = report_table.table(8)
    facts = Study(name="long", title="long", question="Which words are long?", exhibits=exhibits)
    page, *_ = report.write(tmp_path / "long", facts, table, report_table.verdict(table))
    (found,) = visit({"long": (page, [*VIEWS, PRINT])}, tmp_path)["pages"]
    for look in found["visits"]:
        assert look["wide"] <= 0, look["media"]
        assert {word for word in look["torn"] if len(word) < 200} == set(), look["media"]
    (printed,) = [look for look in found["visits"] if look["media"] == "print"]
    assert printed["cut"] == [] and printed["torn"]
