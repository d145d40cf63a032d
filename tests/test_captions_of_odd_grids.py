"""What stands under a figure is true of what is drawn: one trial, no interval, cells with few values or none."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from report_table import constant, measured
from report_table import table as large

from attnlab.intervals import SHARE, Interval, interval
from attnlab.report.figures.base import Figure
from attnlab.report.specs import build

LINES: dict[str, object] = {"name": "one", "kind": "lines", "x": "inputs.n", "y": "top1"}


def cell(n: int, metrics: dict[str, Interval], **settings: object) -> list[dict[str, object]]:
    """The rows of one cell."""
    own: dict[str, object] = {
        "study": "odd", "key": f"{n}-{settings}", "status": "done", "reason": None, "inputs.n": n,
        "trials": 1, "repeats": 1, "seed": 0, **settings,
    }  # fmt: skip
    return [own | measured(metric, "rate", found) for metric, found in metrics.items()]


def of(trials: int, value: float = 1.0) -> Interval:
    """A share of so many trials, as the table has it."""
    return interval(np.full(trials, value), SHARE)


def figure(table: pd.DataFrame, **spec: object) -> Figure:
    return build({**LINES, **spec}).fitted(table)


@pytest.mark.parametrize(
    ("trials", "told"), [((1, 1), "1 trial a value"), ((1, 2), "1 to 2 trials"), ((2, 2), "2 trials a value")]
)
@pytest.mark.parametrize("kind", ["lines", "points", "table"])
def test_one_trial_is_no_plural(kind: str, trials: tuple[int, int], told: str) -> None:
    table = pd.DataFrame(
        [row for n, count in zip((4, 8), trials, strict=True) for row in cell(n, {"top1": of(count)})]
    )
    assert told in figure(table, kind=kind).caption(table)


def test_brackets_without_an_interval_are_not_said_to_have_one() -> None:
    halves = {"q3_kept": of(1, 0.0), "q3_lost": of(1, 1.0)}
    table = pd.DataFrame([row for n in (4, 8) for row in cell(n, halves)])
    for kind in ("table", "tiles"):
        caption = figure(table, kind=kind, y=["q3"]).caption(table)
        assert "no intervals, too few independent trials" in caption and "95 %" not in caption


def test_cells_are_counted_and_no_rows() -> None:
    """Of cells with a value of one metric and none of another it is said which; those with none are not drawn."""
    none = Interval(np.nan, np.nan, np.nan, 0, 0.0)
    table = pd.DataFrame(
        cell(4, {"thin": of(20), "thick": none})
        + cell(8, {"thin": none, "thick": of(20)})
        + cell(16, {"thin": of(20), "thick": of(20)})
        + cell(32, {"thin": none, "thick": none})
    )
    caption = figure(table, y=["thin", "thick"], hue="metric").caption(table)
    assert "20 trials a value, 3 cells." in caption
    assert (
        "Not drawn: 1 cell with no value, 1 cell with no value of thin and 1 cell with no value of thick."
        in caption
    )
    assert "Everywhere here, thin and thick: 1." in caption


def test_only_what_is_drawn_is_said_to_be_averaged() -> None:
    """A setting that varies among cells without a value is no setting that was averaged over."""
    none = Interval(np.nan, np.nan, np.nan, 0, 0.0)
    drawn = [
        row for seed in (0, 1) for row in cell(4, {"top1": of(20)}, **{"weights.temperature": seed + 1.0})
    ]
    table = pd.DataFrame(
        [row | {"inputs.noise": 0.0} for row in drawn]
        + [
            row | {"inputs.noise": noise}
            for noise in (0.1, 0.2)
            for row in cell(4, {"top1": none}, own=noise)
        ]
    )
    caption = figure(table).caption(table)
    assert "40 trials a value, 2 cells." in caption and "Not drawn: 2 cells with no value." in caption
    (pooled,) = re.findall(r"Averaged over ([^.]*)\.", caption)
    assert "temperature" in pooled and "noise" not in pooled


@pytest.mark.parametrize("role", ["hue", "row"])
def test_a_table_shows_each_level_that_tells_its_lines_apart(role: str) -> None:
    """No number is left out: a line for each level of x with each of hue, or of row, that some cell has."""
    table = large()
    spec: dict[str, Any] = {
        "kind": "table",
        "x": "weights.support",
        "y": ["support_recall"],
        "where": {"inputs.d": 8},
    }
    drawn = build({**LINES, **spec, role: "decoder"}).fitted(table)
    found = drawn.render(table, "figures", "one")
    here = table[(table["inputs.d"] == 8) & (table["metric"] == "support_recall")]
    lines = found.markdown.splitlines()[2:]
    cells = table[table["inputs.d"] == 8].drop_duplicates("key")
    assert len(lines) == len(cells) == found.html.count('<th scope="row">')
    for _, row in here.iterrows():
        first = f"| {row['weights.support']}, {row['decoder'].replace('_', ' ')} |"
        (line,) = [line for line in lines if line.startswith(first)]
        assert f"{row['value']:.3g}" in line
    assert sum("failed" in line for line in lines) == int((cells["status"] == "failed").sum())


def test_tiles_show_each_level_too() -> None:
    rows = [
        row
        for n in (4, 8)
        for place, decoder in enumerate(("a", "b"))
        for row in cell(n, {"top1": of(20, float(place)), "chance": constant(1 / n, 20)}, decoder=decoder)
    ]
    table = pd.DataFrame(rows)
    spec = {"kind": "tiles", "y": ["top1"], "hue": "decoder", "inside": {"top1": "chance"}}
    lines = figure(table, **spec).render(table, "figures", "one").markdown.splitlines()[2:]
    assert [re.sub(r"\s+", " ", line)[:14] for line in lines] == [
        "| 4, a | 0.0 %",
        "| 4, b | 100.0",
        "| 8, a | 0.0 %",
        "| 8, b | 100.0",
    ]
    assert ["25.0" in line for line in lines] == [True, True, False, False]
