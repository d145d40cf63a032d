"""The report says what the table says, the same way every time, and nothing a setting could smuggle in."""

from __future__ import annotations

import base64
import hashlib
import math
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import report_table
import yaml

from attnlab.report import index, study
from attnlab.report.cell_table import MOST_ROWS, cell_table
from attnlab.report.figures import canvas
from attnlab.report.figures.heat import Heat
from attnlab.report.figures.lines import Lines
from attnlab.report.page import markdown_prose
from attnlab.report.pooling import NotDrawable, derive, marks, pooled_over
from attnlab.report.specs import build
from attnlab.report.words import typeset
from attnlab.verdicts import Verdict, interval

SMUGGLED = "<script>alert(1)</script>&\"'|`$x$ [a](javascript:b)"


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        """The values of one attribute."""
        return [value for found, value in self.attributes if found == name]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return report_table.table()


@pytest.fixture(scope="module")
def results(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with one study and the index."""
    folder = tmp_path_factory.mktemp("results")
    report_table.write(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def test_the_same_table_gives_the_same_bytes_in_another_process(results: Path, tmp_path: Path) -> None:
    command = "import sys, pathlib, report_table; report_table.write(pathlib.Path(sys.argv[1]))"
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), str(here.parent)])
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": paths, "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", command, str(tmp_path)], env=environment, check=True)
    assert contents(tmp_path) == contents(results)
    assert {"index.html", "index.md", "recovery/report.html", "recovery/report.md"} < contents(results).keys()


def test_every_row_of_the_table_is_printed_with_its_numbers(table: pd.DataFrame, results: Path) -> None:
    text = (results / "recovery" / "report.md").read_text().split("## Every cell")[1]
    lines = [
        [cell.strip() for cell in line.strip("| \n").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| ") and "---" not in line
    ]
    head = next(line for line in lines if "trials" in line)
    body = [line for line in lines if len(line) == len(head) and line[1] == "1,000"]
    done = table[table["status"] == "done"]
    assert 40 < len(body) <= MOST_ROWS
    for line in body:
        seen = dict(zip(head, line, strict=True))
        label = re.fullmatch(r"d = (\d+), support = (\d+), (\w+)(, .*)?", seen["cell"])
        assert label is not None, seen["cell"]
        cell = done[
            (done["inputs.d"] == int(label[1]))
            & (done["weights.support"] == int(label[2]))
            & (done["decoder"] == label[3])
        ].set_index("metric")
        for metric, row in cell.iterrows():
            if math.isnan(row["value"]):
                assert seen[str(metric)] == "no value"
                continue
            printed = [float(word) for word in re.findall(r"[-+.\de]+", seen[str(metric)])]
            expected = (
                [row["value"]] if row["low"] == row["high"] else [row["value"], row["low"], row["high"]]
            )
            assert printed == pytest.approx(expected, rel=5.1e-3)  # three significant digits


def test_the_verdict_stands_as_it_was_given(table: pd.DataFrame, results: Path) -> None:
    verdict = report_table.verdict(table)
    page = Page((results / "recovery" / "report.html").read_text())
    flat = " ".join(page.text.replace("\N{NO-BREAK SPACE}", " ").split())
    markdown = (results / "recovery" / "report.md").read_text()
    for sentence in verdict.sentences + verdict.limits:
        assert typeset(sentence) in flat
        assert markdown_prose(sentence) in markdown
    for answer in verdict.answers:
        assert answer.text in flat and answer.text in markdown


def test_no_sentence_of_a_long_verdict_is_lost(table: pd.DataFrame, tmp_path: Path) -> None:
    sentences = tuple(f"Sentence {place} of the verdict." for place in range(9))
    facts = replace(report_table.study(table), figures=(), question="A first paragraph.\n\nAnd a second.")
    study.write(tmp_path, facts, table, Verdict(sentences))
    for text in ((tmp_path / "report.md").read_text(), Page((tmp_path / "report.html").read_text()).text):
        assert [text.count(sentence) for sentence in sentences] == [1] * 9
        assert facts.title in text and "And a second." in text
        assert text.index(sentences[0]) < text.rindex("What else it found") < text.index(sentences[-1])


def test_what_is_not_done_is_shown(results: Path) -> None:
    for name in ("report.html", "report.md"):
        text = Page((results / "recovery" / name).read_text()).text if "html" in name else ""
        text = text or (results / "recovery" / name).read_text()
        assert re.search(r"1\s+failed", text) and re.search(r"1\s+skipped", text)
        assert "nearest_value names one position" in text
        assert "no value" in text
        assert "Not drawn: the table has no setting inputs.m" in text
        assert "Not drawn: 1 cell skipped and 1 cell failed" in text
        assert re.search(r"sums_to_one`? is 1 in all [0-9]+ cells that have a value", text)


@pytest.mark.parametrize("name", ["recovery/report.html", "index.html"])
def test_a_page_is_whole_in_itself(results: Path, name: str) -> None:
    text = (results / name).read_text()
    page = Page(text)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    policy += "".join(f"; script-src 'sha256-{digest}'" for digest in hashes)
    assert ("content", policy) in page.attributes
    assert page.tags["script"] == len(scripts) == 1
    assert not page.tags.keys() & {"iframe", "object", "embed", "base", "form", "foreignobject"}
    assert all(value.startswith("data:") for value in page.values("src"))
    links = page.values("href") + page.values("xlink:href")
    assert all(
        re.match(
            r"#|data:,$|data:image/png;base64,|\.\./index\.html(#term-[\w-]+)?$|(recovery/)?(report\.html|results\.csv)$",
            link,
        )
        for link in links
    )
    assert not re.search(r"@import|url\((?!#)", text)


@pytest.mark.parametrize("name", ["recovery/report.html", "index.html"])
def test_drawings_are_named_for_those_who_do_not_see_them(results: Path, name: str) -> None:
    text = re.sub(r"<script>.*?</script>", "", (results / name).read_text(), flags=re.DOTALL)
    page = Page(text)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    referred = {link[1:] for link in page.values("xlink:href") if link.startswith("#")} | set(
        re.findall(r"url\(#([^)]+)\)", text)
    )
    named = {word for words in page.values("aria-labelledby") for word in words.split()}
    assert referred | named <= set(ids)
    drawings = re.findall(r"<svg [^>]*>", text)
    assert drawings and all('aria-hidden="true"' in one or 'role="img"' in one for one in drawings)


def test_hostile_text_stays_text(table: pd.DataFrame, tmp_path: Path) -> None:
    rows = table.replace({"decoder": {"simplex": SMUGGLED}})
    rows.loc[rows["status"] == "failed", "reason"] = SMUGGLED
    facts = replace(
        report_table.study(table),
        title=SMUGGLED,
        question=SMUGGLED,
        method=SMUGGLED,
        command=SMUGGLED,
        problems=[(SMUGGLED, "failed", SMUGGLED, 1)],
        settings={SMUGGLED: SMUGGLED},
        provenance={SMUGGLED: SMUGGLED},
        figures=[
            spec for spec in report_table.study(table).figures if spec["name"] in ("recall", "conditions")
        ],
    )
    verdict = Verdict((SMUGGLED,), (), (SMUGGLED,))
    study.write(tmp_path / "recovery", facts, rows, verdict)
    index.write(tmp_path, [index.IndexEntry(facts, verdict, index.frames(facts, rows, facts.name))])
    for name in ("recovery/report.html", "index.html"):
        page = Page((tmp_path / name).read_text())
        assert page.tags["script"] == 1  # the page's own
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert not [value for name, value in page.attributes if name == "href" and "javascript" in value]
        assert "<script>alert(1)</script>&" in page.text
    for drawing in (tmp_path / "recovery" / "figures").glob("*.svg"):
        ElementTree.parse(drawing)
        assert "<script" not in drawing.read_text()
    for name in ("recovery/report.md", "index.md"):
        outside = re.sub(r"```.*?```", "", (tmp_path / name).read_text(), flags=re.DOTALL)
        assert "<script" not in outside
        assert "](javascript" not in outside.replace(r"\](javascript", "")


NO_KIND = {"base", "picture", "canvas", "captions", "contours", "ends", "over", "ticks"}
"""What the kinds are made of."""


def test_every_kind_obeys_the_law(table: pd.DataFrame) -> None:
    """One file, one kind: each is drawn here, is valid, says its counts and what the bars are.

    That the same table gives the same bytes is tested on the whole pages, which hold every kind.
    """
    specs = report_table.study(table).figures
    folder = Path(canvas.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", *NO_KIND}
    assert {spec["kind"] for spec in specs} == files
    for spec in specs:
        figure = build(spec)
        if figure.name == "absent":
            continue
        drawn = figure.render(table, "figures", "p")
        assert "95 % intervals" in drawn.caption and "trials" in drawn.caption and "cells" in drawn.caption
        assert drawn.markdown and figure.card(table, "c")
        for content in drawn.files.values():
            tree = ElementTree.fromstring(content)
            names = [child.tag.rpartition("}")[2] for child in tree]
            assert names[:2] == ["title", "desc"]
            words = tree[1].text or ""
            assert all(figure.say(metric) in words for metric in figure.metrics)


def test_marks_pool_as_verdicts_do(table: pd.DataFrame) -> None:
    found = marks(table, ["support_recall"], ["decoder", "inputs.d"])
    assert len(found) == 12
    for mark in found:
        where: dict[str, object] = {"decoder": mark.place[0], "inputs.d": mark.place[1]}
        assert mark.interval == interval(table, "support_recall", where)
    assert pooled_over(table, ["decoder", "inputs.d"]) == ["weights.support"]
    assert pooled_over(table, ["inputs.d", "weights.support"]) == ["decoder"]  # and not decoder.ridge
    assert pooled_over(table, ["decoder", "inputs.d", "weights.support"]) == []


def test_pooling_is_said_in_the_caption(table: pd.DataFrame) -> None:
    figure = build({"name": "f", "kind": "points", "x": "decoder", "y": "support_recall"})
    assert "Averaged over value dimension d and attended positions k." in figure.caption(table)
    assert "14,000 to 15,000 trials a value, 58 cells" in figure.caption(table)


def test_a_curve_is_not_drawn_across_a_failed_cell(table: pd.DataFrame) -> None:
    figure = build(report_table.study(table).figures[0])
    assert isinstance(figure, Lines)
    (panels,) = figure.panels(figure.kept(table))
    gaps = {panel.title: figure.gaps(panel, "max_entropy") for panel in panels}
    assert gaps == {"d = 4": [], "d = 8": [8.0], "d = 16": []}


def test_no_colour_covers_a_cell_without_a_value(table: pd.DataFrame) -> None:
    """A cell without a value keeps its own rectangle among those of a map."""
    figure = build(report_table.study(table).figures[2])
    assert isinstance(figure, Heat)
    (panels,) = figure.panels(figure.kept(table))
    panel = next(panel for panel in panels if panel.title == "max entropy")
    boxes = figure.boxes(panel)
    assert len(boxes) == 15 and len(panel.marks) == 14
    (missing,) = set(boxes) - {figure.at(mark) for mark in panel.marks}
    assert missing == (8.0, 8.0)
    for (x, y), box in boxes.items():
        assert (box.min(0) < (x, y)).all() and (box.max(0) > (x, y)).all()
    area = sum(float(np.prod(np.log(box.max(0) / box.min(0)))) for box in boxes.values())
    corners = np.log(np.concatenate(list(boxes.values())))
    assert area == pytest.approx(float(np.prod(np.ptp(corners, axis=0))))  # they tile: no gap, no overlap


def test_settings_can_be_divided_and_subtracted(table: pd.DataFrame) -> None:
    assert set(derive(table, "inputs.n/inputs.d")["inputs.n/inputs.d"]) == {8.0, 4.0, 2.0}
    assert set(derive(table, "inputs.n - inputs.d")["inputs.n - inputs.d"]) == {28, 24, 16}
    with pytest.raises(NotDrawable, match=r"inputs\.m/inputs\.d"):
        derive(table, "inputs.m/inputs.d")


def test_above_two_thousand_marks_a_figure_becomes_pixels() -> None:
    grid = [(x, hue) for x in range(70) for hue in range(30)]
    rows = pd.DataFrame(
        {
            "key": [f"{x}-{hue}" for x, hue in grid], "status": "done", "reason": None, "x": [x for x, _ in grid],
            "hue": [hue for _, hue in grid], "metric": "y", "kind": "mean", "value": 0.5, "low": 0.4, "high": 0.6,
            "count": 10, "effective": 10.0,
        }
    )  # fmt: skip
    figure = build({"name": "many", "kind": "lines", "x": "x", "y": "y", "hue": "hue"})
    drawn = figure.render(rows, "figures", "p")
    assert list(drawn.files) == ["many.png"]
    assert drawn.files["many.png"].startswith(b"\x89PNG")
    assert 'src="data:image/png;base64,' in drawn.html and "<svg" not in drawn.html
    few = figure.render(rows[rows["hue"] < 2], "figures", "p")
    assert list(few.files) == ["many.svg"]


def test_a_bad_figure_does_not_cost_the_page(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {"name": "good", "kind": "points", "x": "decoder", "y": "support_recall"}
    bad = [{"name": "bad", "kind": "pie"}, {**good, "name": "worse", "kind": "lines"}]

    def fault(*_: object) -> None:
        raise ZeroDivisionError("a fault in a kind")

    for way in ("render", "card"):
        monkeypatch.setattr(Lines, way, fault)
    facts = replace(report_table.study(table), figures=[*bad, good])
    study.write(tmp_path / "recovery", facts, table, Verdict(()))
    index.write(tmp_path, [index.IndexEntry(facts, Verdict(()), index.frames(facts, table, facts.name))])
    text = (tmp_path / "recovery" / "report.md").read_text()
    assert "Not drawn: figure bad: no such kind: pie" in text
    assert "Not drawn: ZeroDivisionError" in text
    assert [path.name for path in (tmp_path / "recovery" / "figures").iterdir()] == ["good.svg"]
    assert "(recovery/figures/good.svg)" in (tmp_path / "index.md").read_text()


def test_the_figures_of_every_experiment_can_be_built() -> None:
    folder = Path(__file__).parent.parent / "conf" / "experiment"
    paths = sorted(folder.glob("*.yaml"))
    assert paths
    for path in paths:
        specs = yaml.safe_load(path.read_text())["experiment"].get("figures", [])
        names = [build(spec).name for spec in specs]
        assert len(names) == len(set(names)), f"{path.name}: two figures of one name"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"name": "f", "kind": "pie", "x": "a", "y": "b"}, "no such kind: pie"),
        (
            {"name": "f", "kind": "lines", "x": "a", "y": "b", "colour": "red"},
            "colour: expected one of name, x",
        ),
        ({"name": "f", "kind": "lines", "y": "b"}, "x"),
        ({"name": "../f", "kind": "lines", "x": "a", "y": "b"}, "figure name"),
        ({"name": "f", "_target_": "fractions.Fraction"}, "no such kind: None"),
        (
            {"name": "f", "kind": "lines", "_target_": "fractions.Fraction"},
            "_target_: expected one of name, x",
        ),
        ({"name": "f", "kind": "base"}, "no such kind: base"),
        ({"name": "f", "kind": "..page"}, "no such kind: ..page"),
    ],
)
def test_a_wrong_figure_is_refused_by_name(spec: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        build(spec)


def test_the_index_answers_what_it_can(table: pd.DataFrame, results: Path) -> None:
    page = Page((results / "index.html").read_text())
    flat = " ".join(page.text.split())
    assert flat.index("Does the attention sum lose where it looked?") < flat.index("Q1") < flat.index("Q4")
    assert flat.count("no study has answered it yet") == 2
    for answer in report_table.verdict(table).answers:
        assert answer.text in flat and answer.condition in flat
    body = flat[flat.index("Two patterns, one output") :]
    assert body.index("Four observers at d = 8, k = 8") < body.index("Studies") < body.index("Glossary")
    assert page.values("href").count("recovery/report.html") == 4


def test_before_any_cell_is_done_there_are_pages_already(tmp_path: Path) -> None:
    facts = report_table.study(report_table.table(8))
    waiting = replace(facts, counts={"missing": 60}, problems=())
    empty = Verdict(())
    study.write(tmp_path / "recovery", waiting, pd.DataFrame(), empty)
    index.write(
        tmp_path, [index.IndexEntry(waiting, empty, index.frames(waiting, pd.DataFrame(), waiting.name))]
    )
    assert "60 missing" in (tmp_path / "recovery" / "report.md").read_text()
    assert "No verdict yet" in Page((tmp_path / "index.html").read_text()).text
    index.write(tmp_path, [])
    assert "No study has run yet" in (tmp_path / "index.html").read_text()


def test_rows_are_sorted_as_numbers_and_long_tables_are_cut() -> None:
    wide = pd.DataFrame(
        {
            "key": [str(x) for x in range(1000)], "status": "done", "reason": None, "x": range(999, -1, -1),
            "metric": "y", "kind": "mean", "value": 0.5, "low": 0.4, "high": 0.6, "count": 10, "effective": 10.0,
        }
    )  # fmt: skip
    found = cell_table(wide)
    assert [row.settings for row in found.rows] == [(str(x),) for x in range(len(found.rows))]
    assert found.total == 1000 > len(found.rows)
    assert found.constant == (("y", "0.5 in every cell"),)


def test_a_row_is_called_by_the_settings_it_has_and_an_empty_column_is_dropped() -> None:
    row = {
        "status": "done",
        "reason": None,
        "kind": "mean",
        "low": 0.4,
        "high": 0.6,
        "count": 10,
        "effective": 10.0,
    }
    cells = pd.DataFrame(
        [
            {
                **row, "key": key, "weights": weights, "weights.support": support, "metric": metric, "value": value
            }
            for key, weights, support in (("a", "hard", None), ("b", "uniform_support", 2.0))
            for metric, value in (("y", 0.5), ("never", None))
        ]
    )  # fmt: skip
    found = cell_table(cells)
    assert [found.label(line) for line in found.rows] == ["hard", "uniform_support, support = 2"]
    assert found.metrics == ("y",)


def test_series_are_told_apart_without_colour() -> None:
    looks = canvas.looks(24)
    assert len({(look.colour, look.marker) for look in looks}) == 24
    assert len({(look.marker, str(look.dash)) for look in looks[:8]}) == 8
    assert len({look.marker for look in looks[:8]}) == 8
