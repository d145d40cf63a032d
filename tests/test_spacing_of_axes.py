"""Layers and heads stand apart evenly on a map, sizes as far as they are; what was measured is on its axis."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from test_labels import figures

from attnlab.report.figures import canvas
from attnlab.report.figures.canvas import WIDE
from attnlab.report.figures.heat import Heat
from attnlab.report.figures.ticks import evenly
from attnlab.report.specs import build
from attnlab.tidy import complete


def table(across: str, up: str, places: tuple[int, ...]) -> pd.DataFrame:
    """One cell for each column 0, 1 and each of these rows."""
    return complete(
        pd.DataFrame(
            [
                {
                    "study": "one", "key": f"{x}-{y}", "status": "done", "reason": None, across: x, up: y,
                    "trials": 40, "repeats": 5, "seed": 0, "nonfinite": 0, "metric": "certified", "kind": "rate",
                    "value": 0.5, "low": 0.4, "high": 0.6, "count": 200, "effective": 200.0,
                }
                for x in (0, 1)
                for y in places
            ]
        )
    )  # fmt: skip


def heights(across: str, up: str, places: tuple[int, ...]) -> np.ndarray:
    """How tall the rows of the map are, from below, as shares of it."""
    rows = table(across, up, places)
    figure = build({"name": "map", "kind": "heat", "x": across, "y": up, "value": "certified"})
    assert isinstance(figure, Heat)
    with canvas.style(WIDE):
        axes = canvas.sheet(WIDE, 200).subplots()
        figure.draw(axes, figure.panels(figure.kept(rows))[0][0], rows, WIDE)
        (mesh,) = [
            one for one in axes.collections if isinstance(one, PolyCollection) and len(one.get_paths()) > 1
        ]
        onto = axes.transData + axes.transAxes.inverted()
        ends = {tuple(np.round(onto.transform(path.vertices)[[0, 2], 1], 9)) for path in mesh.get_paths()}
    ordered = np.array(sorted(ends))
    assert ordered[0, 0] == pytest.approx(0) and ordered[-1, 1] == pytest.approx(1)
    assert ordered[1:, 0] == pytest.approx(ordered[:-1, 1]), "no gap, no overlap"
    return np.asarray(np.diff(ordered, axis=1)[:, 0])


@pytest.mark.parametrize("places", [(0, 2, 5), (1, 2, 3), (0, 11), (0, 1, 2, 30)])
def test_rows_of_layers_are_alike(places: tuple[int, ...]) -> None:
    found = heights("inputs.head", "inputs.layer", places)
    assert found == pytest.approx(np.full(len(places), 1 / len(places)))


def test_rows_of_sizes_are_not() -> None:
    """A map over n keeps its distances: rows end half-way to their neighbours."""
    assert heights("inputs.head", "inputs.n", (8, 16, 64)) == pytest.approx(np.array([8, 28, 48]) / 84)


def test_places_come_back_from_the_axis() -> None:
    forward, back = evenly([0.0, 2.0, 5.0])
    x = np.linspace(-3, 9, 50)
    assert back(forward(x)) == pytest.approx(x)
    assert forward(np.array([-1, 0, 1, 2, 5, 6.5])) == pytest.approx(np.array([-0.5, 0, 0.5, 1, 2, 2.5]))


def test_every_share_of_training_that_was_looked_at_has_its_words() -> None:
    ((figure, rows),) = [one for one in figures("training") if one[0].name == "course"]
    kept = figure.kept(rows)
    looked = sorted({f"{value:.3g}" for value in kept.loc[kept["value"].notna(), "trained"]})
    made, _ = figure.sheet(rows, WIDE)  # type: ignore[attr-defined]
    for axes in made.axes:
        words = [tick.get_text() for tick in axes.get_xticklabels()]
        assert [word for word in words if word] == looked
