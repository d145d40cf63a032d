"""Names stand at what they name, and apart: above points, at the ends of contours, over panels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text
from test_labels import specs
from told import STUDIES, reference

from attnlab.report.figures import canvas
from attnlab.report.figures.canvas import CARD, NARROW, WIDE, Layout
from attnlab.report.figures.heat import Heat
from attnlab.report.figures.over import Over, seats
from attnlab.report.figures.picture import Picture
from attnlab.report.figures.points import MOST_KEYS, Points
from attnlab.report.pooling import NotDrawable
from attnlab.report.specs import build


def pictures(study: str) -> Iterator[tuple[Picture, pd.DataFrame]]:
    """The pictures of a study that can be drawn, with the rows they draw."""
    table = reference(study)
    for spec in specs(study):
        figure = build(spec).fitted(table)
        if isinstance(figure, Picture):
            try:
                yield figure, figure.kept(table)
            except NotDrawable:
                continue


@pytest.mark.parametrize("study", STUDIES)
def test_more_than_four_keys_of_points_are_names_at_their_marks(study: str) -> None:
    for figure, rows in pictures(study):
        if isinstance(figure, Points):
            panel = figure.panels(rows)[0][0]
            keys = [str(key.get_label()) for key in figure.legend(rows)]
            named = [one.name for one in figure.over(panel, rows, WIDE)]
            assert named == (keys if len(keys) > MOST_KEYS else []), figure.name
            assert figure.over(panel, rows, NARROW) == [], "a narrow drawing has no room: a legend"


def crossed(at: Sequence[float], width: float) -> int:
    """How many names are crossed by another's leader, or leave the panel."""
    names = [Over("a name of some length", Line2D([], []), (x, 0.0)) for x in at]
    found = seats(names, [(x, 0.9) for x in at], WIDE, width)
    assert sorted(id(seat.name) for seat in found) == sorted(map(id, names))
    long = 0.62 * WIDE.text * len(names[0].name) + 14
    spans = [sorted((seat.across * width, seat.across * width + seat.side * long)) for seat in found]
    faults = sum(low < -12 or high > width + 12 for low, high in spans)
    for seat, (low, high) in zip(found, spans, strict=True):
        faults += sum(other.line > seat.line and low < other.across * width < high for other in found)
        same = [one for other, one in zip(found, spans, strict=True) if other.line == seat.line]
        assert sum(low < end and start < high for start, end in same) == 1, "names overlap in a line"
    return faults


@pytest.mark.parametrize(
    "at",
    [
        [0.06, 0.06, 0.13, 0.14, 0.95, 1.0],
        [0.065, 0.067, 0.42, 0.53, 0.92],
        [0.5] * 5,
        [0.0, 1.0],
        [0.2, 0.4, 0.6],
    ],
)
def test_no_leader_crosses_a_name(at: list[float]) -> None:
    assert crossed(at, 500.0) == 0


def test_contours_are_named_where_they_end_and_panels_share_their_range() -> None:
    (figure, rows), *_ = (found for found in pictures("phase") if found[0].name == "gaussian")
    assert isinstance(figure, Heat)
    panels = [panel for line in figure.panels(rows) for panel in line]
    names = ["exact law at one half", "measured at one half", "large-n curve"]
    for panel in panels:
        ends = figure.at_ends(panel, rows, WIDE)
        assert [" ".join(end.name.split()) for end in ends] == names
        assert [end.value for end in ends] == [curve[-1][1] for curve in figure.curves_of(panel)]
    for layout in (WIDE, NARROW):
        with canvas.style(layout):
            made, _ = figure.sheet(rows, layout)
        drawn = made.axes[: len(panels)]
        assert made.legends == []
        assert len({axes.get_xlim() for axes in drawn}) == 1 == len({axes.get_ylim() for axes in drawn})
        for axes, panel in zip(drawn, panels, strict=True):
            places = {figure.at(mark)[0] for mark in panel.marks}
            assert set(axes.get_xticks()) <= places, "a tick where the panel has no column"


def overlapping(figure: Picture, rows: pd.DataFrame, layout: Layout) -> list[str]:
    """The titles and the names of axes that touch another panel's, or leave the drawing."""
    with canvas.style(layout):
        made, _ = figure.sheet(rows, layout)
        made.draw_without_rendering()
    page = made.bbox
    found = []
    for kind in ("titles", "names"):
        told = [
            spot.xaxis.label
            if kind == "names"
            else next(text for text in spot.findobj(Text) if text.get_text() == spot.get_title(loc="left"))
            for spot in made.axes
        ]
        boxes = [
            (text.get_text(), text.get_window_extent())
            for text in told
            if isinstance(text, Text) and text.get_text()
        ]
        found += [words for words, box in boxes if box.x1 > page.x1 + 1 or box.x0 < page.x0 - 1]
        found += [
            words
            for place, (words, box) in enumerate(boxes)
            if any(box.overlaps(other) for _, other in boxes[:place])
        ]
    return found


@pytest.mark.parametrize("study", STUDIES)
def test_titles_and_names_of_axes_stand_apart_on_cards_and_pages(study: str) -> None:
    for place, (figure, rows) in enumerate(pictures(study)):
        if figure.col or figure.row or len(figure.metrics) > 1:
            assert overlapping(figure, rows, WIDE) == [], figure.name
            assert place or overlapping(figure, rows, CARD) == [], figure.name


def test_a_row_of_points_is_named_with_its_setting_and_has_a_value() -> None:
    for figure, rows in pictures("alignment"):
        if isinstance(figure, Points) and figure.x == "inputs.d":
            assert [figure.row_name(level) for level in figure.names(rows)] == ["d = 2", "d = 4"]
            assert len(figure.levels(rows, figure.x)) == 3, "the level without a value has no row"
            return
    raise AssertionError("alignment has no points over d")
