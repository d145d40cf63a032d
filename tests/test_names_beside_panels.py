"""Names at the ends of curves stand apart, and leave their panels the room to be read, on a card as well."""

from __future__ import annotations

import pytest
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox
from test_labels import figures
from told import RUN, STUDIES

from attnlab.report.figures import canvas
from attnlab.report.figures.canvas import CARD
from attnlab.report.figures.picture import KEPT, Picture
from attnlab.report.pooling import NotDrawable


def beside(figure: Picture, table: object) -> tuple[list[Bbox], list[float]]:
    """The names beside the panels of a card, as boxes, and how wide its panels are, in points."""
    made, _ = figure.sheet(table, CARD)  # type: ignore[arg-type]
    with canvas.style(CARD):
        made.draw_without_rendering()
        names = [
            text.get_window_extent()
            for axes in made.axes
            for text in axes.texts
            if isinstance(text, Annotation) and text.xycoords == "axes fraction"
        ]
        return names, [axes.get_window_extent().width for axes in made.axes]


@pytest.mark.parametrize("study", STUDIES)
def test_names_on_a_card_are_apart_and_its_panels_are_no_slits(study: str) -> None:
    figure, table = next(figures(study))
    if not isinstance(figure, Picture):
        return
    try:
        names, panels = beside(figure, table)
    except NotDrawable:
        return
    for place, one in enumerate(names):
        for other in names[:place]:
            assert not one.overlaps(other.padded(-1)), figure.name
    assert not names or min(panels) > 0.6 * KEPT, figure.name


def test_some_cards_have_names_beside_them_and_a_map_of_three_panels_has_not() -> None:
    if not {"phase", "alignment"} <= RUN:
        pytest.skip("no reference run")
    (gaussian, maps), (noise, tied) = (next(figures(study)) for study in ("phase", "alignment"))
    assert isinstance(gaussian, Picture) and isinstance(noise, Picture)
    names, panels = beside(gaussian, maps)
    assert names == [] and len(panels) == 4, "three maps and the bar of their colours"
    assert len(beside(noise, tied)[0]) == 2
