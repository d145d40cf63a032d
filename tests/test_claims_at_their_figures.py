"""Beside each claim the figure that shows its numbers: the same shares, of the same thing, in the same unit."""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from test_labels import figures
from test_marks_speak import TITLE, document
from told import AUDIT, OF_CELLS, reference

from attnlab.harness.publish import conclude
from attnlab.report.figures import canvas
from attnlab.report.figures.base import Figure
from attnlab.report.figures.canvas import WIDE
from attnlab.report.figures.lines import Lines
from attnlab.report.figures.picture import BANDS, Picture
from attnlab.report.specs import build
from attnlab.tidy import complete
from attnlab.verdicts import Verdict, ends_of

NUMBER = re.compile(r"[\d.]+(?: %)? \[[^\]]*\]")
"""A number with its interval, as sentences and marks print both."""


def claim(study: str) -> tuple[Verdict, Figure, pd.DataFrame]:
    """The verdict of a study, and the figure that stands beside its first sentence."""
    verdict = conclude(f"attnlab.experiments.{study}", reference(study))
    ((figure, table),) = [one for one in figures(study) if one[0].name == verdict.claimed]
    return verdict, figure, table


def said(figure: Figure, table: pd.DataFrame) -> str:
    """All that the marks of a figure say (they do: `test_marks_speak`), or that one in numbers has."""
    if not isinstance(figure, Picture):
        return figure.render(table, "figures", "figure").markdown.replace("\N{NO-BREAK SPACE}", " ")
    return "\n".join(figure.tells(mark) for mark in figure.marks(figure.kept(table)))


def drawn_beside(figure: Picture, table: pd.DataFrame) -> str:
    """All that the drawing says, that of its references included."""
    return "\n".join(html.unescape(words) for _, words in TITLE.findall(document(figure, table)))


@pytest.mark.parametrize("study", OF_CELLS)
def test_every_number_of_a_claim_stands_at_its_figure(study: str) -> None:
    """A share kept is not drawn as the share lost, and none hides behind an average."""
    verdict, figure, table = claim(study)
    spoken, shown = NUMBER.findall(verdict.sentences[0]), said(figure, table)
    assert spoken and spoken[0] in shown
    if isinstance(figure, Picture) and any(number not in shown for number in spoken):
        shown = drawn_beside(figure, table)
    assert [number for number in spoken if number not in shown] == []


def test_the_share_an_audit_claims_is_that_of_the_rows_it_draws() -> None:
    """Its sentence speaks of all heads together; the map beside it has each of them."""
    verdict, figure, table = claim(AUDIT)
    (share,) = re.findall(r"certain in ([\d.]+) %", verdict.sentences[0])
    drawn = figure.marks(figure.kept(table))
    rows = [mark.interval.count for mark in drawn]
    values = [mark.interval.value for mark in drawn]
    assert len(drawn) > 1 and figure.metrics == ("certified",)
    assert 100 * np.average(values, weights=rows) == pytest.approx(float(share), abs=0.05)


def test_a_share_that_something_leaves_open_is_drawn_from_end_to_end() -> None:
    """Alignment's first panel: both ends at their heights, with a band between, and one where nothing is open."""
    _, figure, table = claim("alignment")
    assert isinstance(figure, Lines) and figure.metrics[0] == "q3" and BANDS in figure.caption(table)
    rows = figure.kept(table)
    panel = figure.panels(rows)[0][0]
    assert {len(ends_of(mark.interval)) for mark in panel.marks} == {1, 2}
    with canvas.style(WIDE):
        axes = canvas.sheet(WIDE, 200).subplots()
        figure.draw(axes, panel, rows, WIDE)
        heights = {float(y) for line in axes.lines for y in np.asarray(line.get_ydata())}
        bands = [one for one in axes.collections if isinstance(one, PolyCollection)]
    assert heights == {end.value for mark in panel.marks for end in ends_of(mark.interval)}
    assert len(bands) == len({mark.place[1] for mark in panel.marks}) == 2


def test_a_share_with_one_end_everywhere_has_no_band() -> None:
    table = complete(reference("alignment"))
    other = build({"name": "one", "kind": "lines", "x": "inputs.noise", "y": "q3_flip"}).fitted(table)
    assert BANDS not in other.caption(table)


def test_dots_show_both_ends_too() -> None:
    table = complete(reference("alignment"))
    spec = {
        "name": "one",
        "kind": "points",
        "x": "inputs.noise",
        "y": "q3",
        "where": {"inputs.d": 2, "inputs": "tied"},
    }
    figure = build(spec).fitted(table)
    assert isinstance(figure, Picture) and BANDS in figure.caption(table)
    made, _ = figure.sheet(table, WIDE)
    dots = {
        float(x)
        for line in made.axes[0].lines
        for x in np.asarray(line.get_xdata())
        if line.get_marker() == "o"
    }
    assert dots == {end.value for mark in figure.marks(figure.kept(table)) for end in ends_of(mark.interval)}
