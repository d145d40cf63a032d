"""A study from Python: its table, figure and comparison; loading runs nothing; a verdict is optional."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Lab

import attnlab
from attnlab.intervals import Interval, wilson
from attnlab.verdicts.difference import difference

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
FOUR = ("experiment=noop", "level=1,2", "inputs.n=4,8", "exec=serial")


@pytest.fixture
def noop(lab: Lab) -> attnlab.Study:
    assert lab(*FOUR).code == 0
    return attnlab.load(lab.results / "noop")


def test_load_has_what_the_page_has(lab: Lab, noop: attnlab.Study) -> None:
    stored = pd.read_csv(lab.results / "noop" / "results.csv", keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(noop.table, stored)
    assert (
        noop.counts == {"done": 4}
        and noop.title == "Noop"
        and noop.question == "Does the harness itself work?"
    )
    assert noop.verdict.sentences[0].startswith("The mean draw is")
    assert repr(noop) == "<attnlab study noop: 4 done>"
    page = noop._repr_html_()
    assert noop.question in page and noop.verdict.sentences[0] in page and "<svg" in page and "<table" in page
    assert attnlab.studies(lab.results) == ["noop"]


def test_load_needs_the_records_alone_and_imports_nothing_they_name(
    lab: Lab, noop: attnlab.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lab.results / "noop"
    for name in ("results.csv", "study.json", "report.html", "report.md"):
        (folder / name).unlink()
    grid = json.loads((folder / "grid.json").read_text())
    (folder / "grid.json").write_text(json.dumps({**grid, "module": "os.system", "experiment": "../../evil"}))
    (lab.folder / "mine" / "noop.py").write_text("raise SystemExit('imported')")
    again = attnlab.load(str(folder))
    pd.testing.assert_frame_equal(again.table, noop.table)
    assert again.verdict.sentences == ()
    (folder / "grid.json").unlink()
    assert attnlab.load(folder).counts == {"done": 4}


@pytest.mark.parametrize("name", attnlab.studies(REFERENCE))
def test_the_reference_run_loads_without_cells(name: str) -> None:
    study = attnlab.load(REFERENCE / name)
    assert study.name == name and study.counts["done"] > 0 and study.title
    with pytest.raises(ValueError, match="expected values of trials"):
        study.trials  # noqa: B018


def test_a_folder_without_a_study_is_refused_with_the_nearest(lab: Lab, noop: attnlab.Study) -> None:
    with pytest.raises(ValueError, match=r"expected the folder of a study.*did you mean .*noop\?.*got .*nop"):
        attnlab.load(lab.results / "nop")
    with pytest.raises(ValueError, match=r"in .*results: noop"):
        attnlab.load(lab.results)


def test_a_figure_is_drawn_shown_and_saved(noop: attnlab.Study, tmp_path: Path) -> None:
    figure = noop.figure(x="level", y="draw", hue="inputs.n", where={"inputs.n": [4, 8]}, title="Draws")
    vector = figure._repr_svg_()
    assert vector is not None and vector.startswith("<svg") and "Draws" in figure._repr_html_()
    assert figure.save(tmp_path / "a" / "draws.svg").read_text() == vector
    assert figure.save(tmp_path / "draws.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"ends in \.svg or \.png, got draws\.pdf"):
        figure.save(tmp_path / "draws.pdf")
    table = noop.figure(x="level", y=["draw", "positive"], kind="table")
    assert table._repr_svg_() is None and "<table" in table._repr_html_()
    assert table.save(tmp_path / "t.md").read_text().startswith("| ")
    assert "Bars" in noop.figure(x="inputs", y="draw").caption, "points over names"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"x": "levl"}, "^x='levl': expected a setting of this study: .*did you mean level"),
        ({"x": "level", "hue": "inputs.m"}, "^hue='inputs.m': expected a setting"),
        ({"x": "level", "where": {"inputs.q": 3}}, "^where.inputs.q=3: expected a setting"),
        ({"x": "level", "where": {"inputs.n": 5}}, "^where.inputs.n=5: expected one of 4, 8"),
        ({"x": "level", "where": {"inputs": ["gaussian", "gausian"]}}, "='gausian': .*did you mean gaussian"),
        ({"x": "level", "where": {"metric": "draw"}}, "^where.metric='draw': expected a setting"),
        ({"x": "level/inputs.nn"}, "a setting of this study: .*did you mean inputs.n"),
        ({"x": "level", "y": "drew"}, "^y='drew': expected a metric of this study: .*did you mean draw"),
        ({"x": "level", "kind": "linse"}, "^kind='linse': expected one of heat, lines, .*did you mean lines"),
        ({"x": "level", "kind": "bar"}, "^kind='bar': expected one of heat, lines, points, table, tiles$"),
        ({"x": "level", "hu": "a"}, "^hu='a': expected a key of lines: .*did you mean hue"),
        ({"x": "level", "logx": 3}, "^logx=3: expected true or false"),
        ({"x": "level", "y": "never"}, "can be drawn, got one for which"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(noop: attnlab.Study, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        noop.figure(**{"y": "draw", **asked})


def test_two_studies_are_compared_cell_by_cell(lab: Lab, noop: attnlab.Study) -> None:
    assert lab("experiment=noop", "level=2,3", "inputs.n=4", "trials=800", "study=b", "exec=serial").code == 0
    other = attnlab.load(lab.results / "b")
    found = noop.compare(other)
    assert "level" not in found and set(found["metric"]) == {"draw", "positive"}, (
        "one cell, whatever its trials"
    )
    row = found.set_index("metric").loc["draw"]
    assert row["difference"] == pytest.approx(row["value_b"] - row["value_a"])
    assert row["difference_low"] < row["difference"] < row["difference_high"]
    back = other.compare(noop).set_index("metric").loc["draw"]
    assert back["difference_low"] == pytest.approx(-row["difference_high"])
    assert back["difference_high"] == pytest.approx(-row["difference_low"])
    same = noop.compare(noop)
    assert len(same) == 4 * 2 and not same["difference"].any() and set(same["how"]) == {"same cell"}


def test_the_interval_of_a_difference_is_newcombes() -> None:
    """Newcombe 1998, method 10, his example (a): 56/70 - 48/80, interval 0.0524 to 0.3339."""
    one, two = (
        Interval(hits / count, *wilson(hits / count, count), count, count)
        for hits, count in ((48, 80), (56, 70))
    )
    found = difference(one, two, shared=False)
    np.testing.assert_allclose([found.low, found.high], [0.0524, 0.3339], atol=5e-5)


def test_an_experiment_may_conclude_nothing(lab: Lab) -> None:
    """Figures and table speak alone; no page says that a verdict is missing."""
    noop = lab.folder / "mine" / "noop.py"
    text = noop.read_text()
    noop.write_text(text[: text.index("def verdict")])
    for grid in (("level=1,2", "inputs.n=4"), ("level=range(8)", "inputs.n=4,8")):
        answer = lab("experiment=noop", *grid, "exec=serial")
        assert answer.code == 0 and "No verdict yet" not in answer.out
    assert "No verdict: the experiment draws none" in answer.out
    for page in ("noop/report.html", "noop/report.md", "index.html", "index.md"):
        text = (lab.results / page).read_text()
        assert "erdict" not in text.replace(".verdict", "").replace("experiment=noop", ""), page
    assert "<svg" in (lab.results / "noop" / "report.html").read_text()
    assert not attnlab.load(lab.results / "noop").verdict.drawn
    assert lab("action=report", "study=noop").code == 0


def test_an_experiment_without_a_trial_is_refused(lab: Lab) -> None:
    (lab.folder / "mine" / "noop.py").write_text("VERSION = 1\n")
    answer = lab("experiment=noop")
    assert answer.code == 2 and "a module with `trial`" in answer.err
