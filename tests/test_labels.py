"""Figures speak: every name that reaches one has words, and one series or reference has one sign on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from told import STUDIES, reference

from attnlab.report.figures.base import Figure
from attnlab.report.figures.canvas import CARD, NARROW, WIDE, Look, sheet, style
from attnlab.report.figures.contours import crossings
from attnlab.report.figures.heat import Heat
from attnlab.report.figures.picture import Picture
from attnlab.report.figures.points import Points
from attnlab.report.figures.ticks import apart, value_ticks
from attnlab.report.pooling import NotDrawable
from attnlab.report.specs import build
from attnlab.report.words import label
from attnlab.tidy import METRIC, complete

ROOT = Path(__file__).parents[1]
RAW = re.compile(r"\b\w+_\w+\b|\b(?:inputs|weights|model|task|probe|projection|channel)\.\w+")
"""A name as code has it."""


def specs(study: str) -> list[dict[str, Any]]:
    text = (ROOT / "conf" / "experiment" / f"{study}.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text)["experiment"].get("figures", []))


def figures(study: str) -> Iterator[tuple[Figure, pd.DataFrame]]:
    """The study's figures with the reference run's table."""
    table = complete(reference(study))
    for spec in specs(study):
        yield build(spec).fitted(table), table


@pytest.mark.parametrize("study", STUDIES)
def test_no_raw_name_reaches_a_figure(study: str) -> None:
    for figure, table in figures(study):
        try:
            rows = figure.kept(table)
        except NotDrawable:
            continue
        words = [figure.heading, figure.caption(table), figure.alt(table)]
        for column in figure.by if isinstance(figure, Picture) else ():  # tiles write theirs from the rows
            words += [] if column == METRIC else [figure.say(column)]
            words += [figure.title_of(column, value) for value in figure.levels(rows, column)]
        words += [figure.say(metric) for metrics in figure.drawn.values() for metric in metrics]
        for word in words:
            assert word and not RAW.search(word.replace("W_O", "")), (figure.name, word)  # a symbol
            assert not re.search(rf"\b{METRIC}\b", word), (figure.name, word)


@pytest.mark.parametrize("study", STUDIES)
def test_every_metric_of_a_figure_has_words_of_its_own(study: str) -> None:
    """Not merely its name with spaces."""
    for figure, _ in figures(study):
        for metrics in figure.drawn.values():
            for metric in metrics:
                assert metric in figure.labels or label(metric) != metric or metric == "chance", metric


@pytest.mark.parametrize("study", STUDIES)
def test_one_series_has_one_look_on_a_page(study: str) -> None:
    seen: dict[tuple[str, object], tuple[str, Look]] = {}
    for figure, table in figures(study):
        if isinstance(figure, Picture) and figure.hue:
            try:
                looks = figure.looks(figure.kept(table))
            except NotDrawable:
                continue
            for level, look in looks.items():
                before = seen.setdefault((figure.hue, level), (figure.name, look))
                assert before[1] == look, f"{level}: {before[0]} and {figure.name}"


def test_one_kind_of_reference_has_one_sign_everywhere() -> None:
    signs: dict[str, set[object]] = {"chance": set(), "informed_top1": set(), "exact": set()}
    for study in STUDIES:
        for figure, _ in figures(study):
            for metric in figure.reference if isinstance(figure, Picture) else ():
                if metric in signs:
                    assert isinstance(figure, Picture)
                    signs[metric].add(figure.reference_dash(metric))
    assert all(len(found) == 1 for found in signs.values()), signs
    assert len(set.union(*signs.values())) == 3


def test_what_a_part_says_names_its_series() -> None:
    table = pd.DataFrame(
        [
            {"study": "s", "key": f"{n}{probe}", "status": "done", "reason": None, "inputs.n": n, "probe": probe,
             "probe:says": f"a reader called {probe}", "metric": "top1", "kind": "rate", "value": 0.5, "low": 0.4,
             "high": 0.6, "count": 100, "effective": 100.0, "nonfinite": 0, "trials": 20, "repeats": 5, "seed": 0}
            for n in (4, 8)
            for probe in ("one", "other")
        ]
    )  # fmt: skip
    spec = {"name": "mine", "kind": "lines", "x": "inputs.n", "y": "top1", "hue": "probe"}
    assert build(spec).fitted(table).title_of("probe", "one") == "a reader called one"
    alike = table.assign(**{"probe:says": "a reader"})
    assert build(spec).fitted(alike).title_of("probe", "one") == "one"


def test_a_map_against_a_level_shows_differences_and_where_it_is_absent_values() -> None:
    path = ROOT / "results" / "reference" / "phase" / "results.csv"
    table = complete(pd.read_csv(path, low_memory=False))
    (spec,) = (one for one in specs("phase") if one.get("against"))
    figure = build(spec).fitted(table)
    assert isinstance(figure, Heat) and figure.against == "gaussian"
    rows = figure.kept(table)
    every = figure.marks(rows)
    shown = {panel.title for line in figure.panels(rows) for panel in line}
    assert len(shown) == len(figure.levels(rows, "inputs")) - 1
    one = next(mark for mark in every if mark.place[:2] == (0.25, 0.125) and mark.place[2] == "duplicated")
    (base,) = (mark for mark in every if mark.place == (*one.place[:2], "gaussian"))
    assert figure.beyond([one], every) == [one.interval.value - base.interval.value]
    for alone in (table[table["inputs"] != "gaussian"], table[table["inputs"] == "gaussian"]):
        plain = build(spec).fitted(alone)
        assert isinstance(plain, Heat) and plain.against is None
        assert plain.beyond([one], every) == [one.interval.value]
        assert plain.render(alone, "figures", "x").files
    nothing = table[table["metric"] == "no such metric"]
    assert build(spec).fitted(nothing).name == spec["name"]


def test_a_contour_crosses_each_column_once_between_the_cells_beside_it() -> None:
    assert crossings([(1.0, 0.9), (2.0, 0.7), (3.0, 0.3)], 0.5) == pytest.approx([2.5])
    assert crossings([(1.0, 0.9), (2.0, 0.7)], 0.5) == []


@pytest.mark.parametrize("study", STUDIES)
def test_every_reference_that_a_legend_or_a_caption_names_is_drawn(study: str) -> None:
    """Also where the series are metrics: the reference then stands beside each of them."""
    for figure, table in figures(study):
        if not isinstance(figure, Picture) or isinstance(figure, Heat):
            continue
        try:
            rows = figure.kept(table)
        except NotDrawable:
            continue
        drawn = {mark.metric for line in figure.panels(rows) for panel in line for mark in panel.references}
        named = {
            metric for metric in figure.reference if figure.say(metric) in str(figure.about_references(rows))
        }
        assert named == drawn == set(figure.references_in(rows)), figure.name


@pytest.mark.parametrize("study", STUDIES)
def test_long_names_of_rows_leave_the_marks_their_room(study: str) -> None:
    """Beside the marks names take less than half the width; longer ones stand above their rows."""
    for figure, table in figures(study):
        if isinstance(figure, Points):
            try:
                rows = figure.kept(table)
            except NotDrawable:
                continue
            for layout in (WIDE, NARROW, CARD):
                assert figure.panel_width(rows, layout) > 0.5 * layout.width, (figure.name, layout.name)


def test_the_first_and_the_last_tick_have_their_words() -> None:
    with style(WIDE):
        axes = sheet(WIDE, 200).subplots()
        values = [-1, 0, 1, 2, 3, 4, 5, 9, 9.1]
        axes.set_xlim(-2, 10)
        value_ticks(axes.xaxis, values)
        apart(axes, 150, WIDE.text)
        words = [tick.get_text() for tick in axes.get_xticklabels()]
    assert words[0] == "-1" and words[-1] == "9.1" and words[-2] == "" and "3" in words
