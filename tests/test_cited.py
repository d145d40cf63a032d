"""A sentence cites a figure only where the figure draws every cell the sentence speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_table

from attnlab.report import study as report
from attnlab.report.shown import whole
from attnlab.tidy import complete
from attnlab.verdicts import Verdict


@pytest.mark.parametrize("held", [True, False])
def test_a_figure_without_a_cell_of_the_sentence_is_not_cited(tmp_path: Path, held: bool) -> None:
    rows = report_table.table()
    facts = report_table.study(rows)
    name = str(facts.figures[0]["name"])
    figure = whole(facts.figures[0], complete(rows), "figures", "x")
    outside, inside = "of another weighting", sorted(figure.cells)[0]
    assert figure.holds([inside]) and not figure.holds([inside, outside])
    verdict = Verdict(("It is so (20 trials).",), figures=(name,), cells=((inside if held else outside,),))
    report.write(tmp_path, facts, rows, verdict)
    page = (tmp_path / "report.html").read_text()
    assert (f'href="#figure-{name}"' in page) == held
    assert ("(figure 1)" in (tmp_path / "report.md").read_text()) == held
