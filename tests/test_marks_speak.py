"""Every mark of every figure says its number under the pointer, and curves are named where they end."""

from __future__ import annotations

import html
import itertools
import re

import numpy as np
import pandas as pd
import pytest
from test_labels import figures
from told import STUDIES

from attnlab.report.figures import canvas
from attnlab.report.figures.canvas import CARD, MOST_MARKS, WIDE
from attnlab.report.figures.ends import spread
from attnlab.report.figures.lines import MOST_NAMED, Lines
from attnlab.report.figures.picture import Picture
from attnlab.report.pooling import NotDrawable

TITLE = re.compile(r"<(use|path)\b[^>]*><title>([^<]*)</title>")
NUMBER = re.compile(r": .*\d.*; [\d,]+ (?:trial|row)s?$")


def document(figure: Picture, table: pd.DataFrame) -> str:
    made, count = figure.sheet(table, WIDE)
    assert count <= MOST_MARKS
    with canvas.style(WIDE):
        return canvas.svg(made, "title", "words")


@pytest.mark.parametrize("study", STUDIES)
def test_every_mark_says_its_value_interval_and_trials(study: str) -> None:
    for figure, table in figures(study):
        if not isinstance(figure, Picture):
            continue
        try:
            panels = [panel for line in figure.panels(figure.kept(table)) for panel in line]
        except NotDrawable:
            continue
        drawn = document(figure, table)
        titles = [html.unescape(words) for _, words in TITLE.findall(drawn)]
        wanted = [figure.tells(mark) for panel in panels for mark in panel.marks]
        assert set(wanted) <= set(titles), (figure.name, sorted(set(wanted) - set(titles))[:3])
        assert all(NUMBER.search(words) for words in wanted)
        for panel in panels:
            for metric in {mark.metric for mark in panel.references}:
                assert any(words.startswith(figure.say(metric)) for words in titles), (figure.name, metric)
        assert "told:" not in drawn and not re.search(
            r"\w+_\w+: ",
            " ".join(titles).replace("W_O", ""),  # a symbol
        )


@pytest.mark.parametrize("study", STUDIES)
def test_curves_are_named_at_their_ends_where_names_fit(study: str) -> None:
    for figure, table in figures(study):
        if not isinstance(figure, Lines):
            continue
        rows = figure.kept(table)
        panels = figure.panels(rows)
        named = figure.at_ends(panels[-1][-1], rows, WIDE)
        series = len(figure.legend(rows))
        if figure.hue and len(panels) == 1 and len(panels[0]) <= WIDE.columns and series <= MOST_NAMED:
            last = {figure.level_of(mark) for mark in panels[-1][-1].marks}
            assert len(named) == series or len(last) < series, figure.name
        made, _ = figure.sheet(table, WIDE)
        assert bool(made.legends) == (not named and series > 0), figure.name
        assert len({end.name for end in named}) == len(named)
        assert not figure.at_ends(panels[-1][-1], rows, CARD) or series <= MOST_NAMED


def test_a_series_that_is_not_drawn_is_not_named() -> None:
    for figure, table in figures("asker"):
        if figure.name == "softmax":
            assert isinstance(figure, Picture)
            rows = figure.kept(table)
            told = [str(key.get_label()) for key in figure.legend(rows)]
            level = figure.by.index(str(figure.hue))
            drawn = {figure.title_of(figure.hue, mark.place[level]) for mark in figure.marks(rows)}
            assert set(told) == drawn | {figure.say(metric) for metric in figure.reference}


def test_names_are_spread_apart_in_order_and_stay_beside_the_panel() -> None:
    rng = np.random.default_rng(3)
    assert spread([50.0, 80.0], [10.0, 10.0], 100.0) == [50.0, 80.0]
    assert spread([50.0, 50.0], [10.0, 10.0], 100.0) == [45.0, 55.0]
    assert spread([0.0, 100.0], [10.0, 20.0], 100.0) == [5.0, 90.0]
    for count in range(1, 8):
        for _ in range(30):
            sizes = rng.uniform(5, 12, count).tolist()
            wanted = np.sort(rng.uniform(-5, 105, count)).tolist()
            middles = spread(wanted, sizes, 100.0)
            ends = [
                (middle - size / 2, middle + size / 2) for middle, size in zip(middles, sizes, strict=True)
            ]
            assert ends[0][0] >= -1e-9 and ends[-1][1] <= 100 + 1e-9
            assert all(one[1] <= other[0] + 1e-9 for one, other in itertools.pairwise(ends))


def test_words_that_do_not_match_the_marks_are_left_out() -> None:
    with canvas.style(WIDE):
        made = canvas.sheet(WIDE, 100)
        axes = made.subplots()
        (two,) = axes.plot([0, 1], [0, 1], marker="o")
        canvas.tell(two, ["one & <only>"])
        (good,) = axes.plot([0, 1], [1, 0], marker="s")
        canvas.tell(good, ["left & <first>", "right"])
        found = TITLE.findall(canvas.svg(made, "t", "d"))
    assert [html.unescape(words) for _, words in found] == ["left & <first>", "right"]
