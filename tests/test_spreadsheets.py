"""No text in a csv is run as a formula, and reading it back gives the same table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from conftest import Lab
from hypothesis import given
from hypothesis import strategies as some

from attnlab.harness.table import as_read, read_csv, write_csv

TEXTS = ["=1+1", "+1", "-1", "-x", "@SUM(A1)", "\tcmd", "'=1", "''-2", "'plain", "plain", "a=b", "-", "="]


def test_text_stands_behind_a_quote_and_comes_back(tmp_path: Path) -> None:
    values = [-0.5 - place for place in range(len(TEXTS))]
    table = pd.DataFrame({"reason": TEXTS, "value": values, "none": None})
    path = tmp_path / "results.csv"
    write_csv(table, path)
    text = path.read_text()
    cells = [row["reason"] for row in csv.DictReader(io.StringIO(text))]
    assert not [cell for cell in cells if cell[0] in "=+-@\t\r"]
    assert cells == ["'" + one if one.lstrip("'")[0] in "=+-@\t" else one for one in TEXTS]
    assert list(read_csv(path)["reason"]) == TEXTS
    pd.testing.assert_frame_equal(read_csv(path), as_read(table))
    assert ",-0.5," in text


@given(some.lists(some.text(some.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=5))
def test_every_text_is_one_cell_and_comes_back_but_for_line_ends_and_nuls(texts: list[str]) -> None:
    texts = ["not a number", *texts]
    table = pd.DataFrame({"reason": texts, "value": [0.5] * len(texts)})
    back = as_read(table)
    plain = [text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", r"\x00") for text in texts]
    assert list(back["reason"]) == plain
    assert list(back["value"]) == [0.5] * len(texts)


@pytest.mark.parametrize("text", ["50%\r100%", "one\r\ntwo", "\r", "\r=1+1", "ends\r"])
def test_a_carriage_return_ends_no_row(text: str) -> None:
    table = pd.DataFrame({"reason": [text, "x"], "value": [1.0, 2.0]})
    assert list(as_read(table)["reason"]) == [text.replace("\r\n", "\n").replace("\r", "\n"), "x"]


@pytest.mark.parametrize("text", ["\0", "a\0b", "\0b", "a\0", "=\0"])
def test_a_nul_ends_no_text(tmp_path: Path, text: str) -> None:
    """Some readers of csv, those of pandas before 3 among them, would take it for the end."""
    write_csv(pd.DataFrame({"reason": [text, "x"], "value": [1.0, 2.0]}), tmp_path / "results.csv")
    assert b"\0" not in (tmp_path / "results.csv").read_bytes()
    assert list(read_csv(tmp_path / "results.csv")["reason"]) == [text.replace("\0", r"\x00"), "x"]


def test_columns_of_numbers_and_text_keep_their_numbers() -> None:
    table = pd.DataFrame({"level": [-1, "a", None, -2.5, "-x"]}, dtype=object)
    levels = as_read(table)["level"].tolist()
    assert levels[:2] == ["-1", "a"] and levels[3:] == ["-2.5", "-x"]


@pytest.mark.parametrize("reason", ["=cmd|'/c calc'!A0", "@SUM(1)"])
def test_a_failure_cannot_smuggle_in_a_formula(lab: Lab, reason: str) -> None:
    module = lab.folder / "mine" / "noop.py"
    old, new = 'Declined(f"level {level} is not possible")', f"Declined({reason!r})"
    module.write_text(module.read_text().replace(old, new))
    assert lab("experiment=noop", "mood=decline", "level=1", "inputs.n=4", "exec=serial").code == 0
    path = lab.results / "noop" / "results.csv"
    (row,) = csv.DictReader(io.StringIO(path.read_text()))
    assert row["reason"] == f"'{reason}"
    assert list(read_csv(path)["reason"]) == [reason]
