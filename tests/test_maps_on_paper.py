"""On paper a map is one sheet: the map as shown with its words, below it its lowest and highest weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import report_table
from test_pages_browser import View, visit

from attnlab import audit
from attnlab.inputs.heads import Heads
from attnlab.report import maps
from attnlab.report import study as report
from attnlab.report.map_drawing import CELL, HALF_A_SHEET, ORDER, figure
from attnlab.report.study import Study

PAPER: View = (718, "print", "light", "")
SIZES = (5, 22, 24, 64, 200)


def exhibit(n: int, rows: int) -> dict[str, Any]:
    """A head over n words, these many rows of it."""
    draw = np.random.default_rng(n).standard_normal
    made = Heads(
        queries=draw((1, n, 2)), keys=draw((1, n, 2)), values=draw((1, n, 2)), tokens=["understand"] * n
    )
    return dict(json.loads(json.dumps(audit.shown(made.head(0, 0), rows))))


def test_words_stand_at_every_panel_that_can_be_read_at_half_a_sheet() -> None:
    for n in SIZES[:4]:
        drawn = str(figure(exhibit(n, min(n, 8)), 0))
        assert ('class="maps large"' in drawn) == (66 + CELL * n > HALF_A_SHEET)
        assert drawn.count(f"in the order of the map {ORDER[0]}") == 2


@pytest.mark.parametrize("n", SIZES)
def test_a_map_is_one_sheet(n: int, tmp_path: Path) -> None:
    table, exhibits = report_table.table(8), maps.gathered([exhibit(n, min(n, 64))])
    facts = Study(name="maps", title="maps", question="How many sheets?", exhibits=exhibits)
    page, *_ = report.write(tmp_path / "maps", facts, table, report_table.verdict(table))
    (found,) = visit({"maps": (page, [PAPER])}, tmp_path)["pages"]
    (look,) = found["visits"]
    assert look["broken"] == [] and look["cut"] == [] and look["wide"] <= 0
