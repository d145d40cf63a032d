"""The maps of an audited head on its page: what is hatched, said and listed, and what words cannot do to it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from conftest import Lab

from attnlab import audit
from attnlab.inputs.heads import Heads
from attnlab.report import map_drawing, maps

WORDS = ["[CLS]", "the", "bank", "of", "the", "<river>", "=1+1", "[SEP]"]
SAME = [0, 1, 2, 3, 1, 5, 6, 7]
"""Positions that hold one word have one value."""


def heads(tokens: Any = WORDS) -> Heads:
    draw = np.random.default_rng(0).standard_normal
    values = draw((2, 8, 3))[:, SAME]
    return Heads(queries=draw((2, 8, 4)), keys=draw((2, 8, 4)), values=values, tokens=tokens)


def exhibits(found: Heads, most: int = 64) -> list[dict[str, Any]]:
    return [audit.shown(found.head(0, head), most) for head in range(found.heads)]


def told(found: Heads) -> maps.Maps:
    return maps.drawn(json.loads(json.dumps(maps.gathered(exhibits(found)))))


def test_intervals_hold_their_weights_and_are_hatched_where_they_are_wide() -> None:
    (one, _) = exhibits(heads())
    low, weights, high = (np.array(one[name]) for name in ("low", "weights", "high"))
    assert (low <= weights + 1e-4).all() and (weights <= high + 1e-4).all()
    page = told(heads()).html
    for place in range(2):
        shown = maps.gathered(exhibits(heads()))["maps"][place]
        wide = np.array(shown["high"]) - np.array(shown["low"]) > map_drawing.OPEN
        found = re.search(rf'fill="url\(#hatch{place}-0\)" d="([^"]*)"', page)
        assert found is not None
        lengths = [int(run) for run in re.findall(r"M\d+ \d+h(\d+)v", found[1])]
        assert sum(lengths) == map_drawing.CELL * wide.sum()


def test_the_page_says_what_else_the_map_could_have_shown() -> None:
    gathered = maps.gathered(exhibits(heads()))
    row = gathered["rows"][0]
    expected = (
        f"The map shows {row['shown']:.2f} on “{row['top_word']}”; anything from {row['low']:.2f} to "
        f"{row['high']:.2f} gives the same output."
    )
    assert maps.row_words(row) == expected and expected.split("”")[1] in told(heads()).markdown
    widths = [row["high"] - row["low"] for row in gathered["rows"]]
    assert widths == sorted(widths, reverse=True) and 0 < len(widths) <= maps.ROWS
    certain = {**row, "low": row["shown"], "high": row["shown"]}
    assert maps.row_words(certain).endswith("nothing else gives the same output.")


def test_repeated_words_are_named() -> None:
    (twin,) = maps.gathered(exhibits(heads()))["twins"]
    assert twin == {"words": ["the"], "at": [1, 4], "heads": 2}
    for said in ("“the” at positions 1 and 4: one value in 2 heads.", maps.NO_TRACE):
        assert told(heads()).html.count(said) == told(heads()).markdown.count(said) == 1


def test_the_sentence_stands_with_a_bar_under_every_word() -> None:
    assert told(heads()).html.count('<svg class="weight"') == 2 * len(WORDS)
    assert "<river>" not in told(heads()).html and "&lt;river&gt;" in told(heads()).html
    without = told(heads(tokens=None))
    assert 'class="sentence"' not in without.html and "position" in without.markdown


class Parser(HTMLParser):
    """Collects what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_html_is_well_formed_and_has_no_script() -> None:
    page = told(heads()).html
    parser = Parser()
    parser.feed(re.sub(r"<(?:path|rect)[^<>]*/>", "", page))
    assert not parser.open and "<script" not in page and "style=" not in page


def test_the_csv_has_every_cell_and_no_formula() -> None:
    files = told(heads()).files
    lines = list(csv.DictReader(io.StringIO(files["maps.csv"].decode())))
    assert len(lines) == 2 * 8 * 8
    assert all(float(line["lowest"]) <= float(line["highest"]) + 1e-4 for line in lines)
    assert {line["word"] for line in lines} == {*WORDS} - {"=1+1"} | {"'=1+1"}


def test_of_a_long_text_the_rows_that_say_least_are_shown() -> None:
    (one, _) = exhibits(heads(), most=7)
    width = np.asarray(audit.audited(heads().head(0, 0), 1, 1)["top_width"])
    assert one["rows"] == [width.argmax()] and len(one["weights"]) == 1 and len(one["weights"][0]) == 8


@pytest.mark.parametrize("n", [1, 3])
def test_where_nothing_is_open_no_row_is_listed(n: int) -> None:
    draw = np.random.default_rng(0).standard_normal
    shown = told(Heads(values=draw((n, 4)), queries=draw((n, 2)), keys=draw((n, 2))))
    said = "The one row here is certain" if n == 1 else "All 3 rows here are certain"
    assert f"{said}: no other weights give the same output." in shown.html
    assert (
        said in shown.markdown and "certain rows</h3>" not in shown.html and "| where |" not in shown.markdown
    )
    assert "1 rows" not in shown.html and "1 positions" not in shown.html and "most open" not in shown.html


def test_of_many_heads_each_tells_a_few_rows() -> None:
    """Rows of one head are often open for one cause."""
    draw = np.random.default_rng(0).standard_normal
    found = Heads(queries=draw((6, 9, 4)), keys=draw((6, 9, 4)), values=draw((6, 9, 2)))
    rows = maps.gathered(exhibits(found))["rows"]
    of = Counter((row["layer"], row["head"]) for row in rows)
    assert len(rows) == maps.ROWS and set(of.values()) == {maps.A_HEAD}


def test_rows_that_see_nothing_are_no_rows_left_out() -> None:
    """A padded text is shown whole: its rows are fewer than its positions."""
    draw = np.random.default_rng(0).standard_normal
    arrays: dict[str, Any] = {"queries": draw((8, 4)), "keys": draw((8, 4)), "values": draw((8, 2))}
    shown = told(Heads(**arrays, mask=np.arange(8) >= 6, mask_kind="pad"))
    assert "that can move farthest" not in shown.html and "6 rows over 8 positions" in shown.html


def test_the_largest_maps_fit_a_page() -> None:
    """Every cell open and a word for every position: of a long text a part is drawn, and it says which."""
    for rows, n, said in ((64, 64, ""), (16, 2000, "the 128 positions that can weigh most")):
        row = [0.5 / n] * n
        one = {
            "layer": 0, "head": 0, "words": ["antidisestablish"] * n, "rows": [*range(rows)], "of": rows,
            "twins": [], "seen": [n] * rows, "weights": [row] * rows,
            "low": [[0.0] * n] * rows, "high": [[0.9] * n] * rows,
        }  # fmt: skip
        shown = maps.drawn(maps.gathered([one, {**one, "head": 1}]))
        assert len(shown.html.encode()) < 700_000 and said in shown.html
        assert shown.html.count("<rect ") == 2 * map_drawing.HOVERS


def test_nothing_is_drawn_where_nothing_is_shown() -> None:
    assert maps.drawn(maps.gathered([])) == maps.Maps()
    assert maps.gathered([{"layer": 0}]) == {}, "what is no map is left out"


def test_the_page_of_an_audit_has_them(lab: Lab) -> None:
    path = lab.folder / "mine.npz"
    found = heads()
    np.savez(path, tokens=WORDS, **{name: getattr(found, name) for name in ("queries", "keys", "values")})
    words = ("experiment=audit", "inputs=arrays", f"inputs.path={path}", "exec=serial")
    assert lab(*words).code == 0
    page = (lab.results / "audit" / "report.html").read_text()
    assert '<h2 id="maps">' in page and "gives the same output" in page and "hatch0-0" in page
    assert (lab.results / "audit" / "maps.csv").is_file()
    assert "Audit" in (lab.results / "index.html").read_text()
    assert "Attention maps" in (lab.results / "audit" / "report.md").read_text()
