"""A page computes what it needs once: the marks of a table, not once a line; a claim's trivial cells, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import report_table

from attnlab.report import pooling
from attnlab.report.figures import base
from attnlab.report.figures.table import Table
from attnlab.report.shown import whole
from attnlab.report.specs import build
from attnlab.report.words import NO_VALUE
from attnlab.verdicts import Claim, claim, stated

TABLE = {"name": "one", "kind": "table", "x": "inputs.d", "y": "support_recall", "hue": "decoder"}
TILES = {**TABLE, "kind": "tiles"}
ACROSS = {**TABLE, "hue": None, "col": "decoder"}


def counting(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[int]:
    """A list that grows by one with every call."""
    calls: list[int] = []
    asked: Callable[..., Any] = getattr(owner, name)

    def counted(*given: Any) -> Any:
        calls.append(len(calls))
        return asked(*given)

    monkeypatch.setattr(owner, name, counted)
    return calls


@pytest.mark.parametrize("spec", [TABLE, TILES, ACROSS])
def test_marks_are_asked_for_as_often_for_many_lines_as_for_few(
    spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = report_table.table(8)
    few = table[table["inputs.d"] == table["inputs.d"].iloc[0]]
    calls = counting(monkeypatch, Table, "marks")
    assert not whole(spec, few, "figures", "one").problem
    of_few = len(calls)
    assert not whole(spec, table, "figures", "one").problem and len(calls) == 2 * of_few


def test_a_line_has_its_marks_and_the_status_of_cells_without_any() -> None:
    """Every number in its place, by its own cell; a cell that is away by its status, an absent one by none."""
    table = report_table.table(8).assign(repeats=1)
    cells = table.drop_duplicates("key")
    away, absent = cells["key"].iloc[0], cells["key"].iloc[-1]
    table = table[table["key"] != absent]
    table.loc[table["key"] == away, ["status", "value"]] = ["failed", None]
    where = {name: cells[name].iloc[3] for name in ("weights.support", "inputs.n") if name in cells}
    figure = Table(name="one", x="inputs.d", y=("support_recall", "residual"), hue="decoder", where=where)
    rows = figure.kept(table)
    seen = 0
    for (d, decoder), line in figure.lines(rows):
        here = rows[(rows["inputs.d"] == d) & (rows["decoder"] == decoder)]
        for metric, (mark, instead) in zip(figure.metrics, line, strict=True):
            own = here[(here["metric"] == metric) & here["value"].notna()]
            assert (mark is None) == own.empty
            if mark is not None and len(own) == 1:
                assert mark.interval.value == own["value"].iloc[0]
                seen += 1
            assert instead == (", ".join(sorted(set(here["status"]) - {"done"})) or NO_VALUE)
    assert seen


def test_a_claim_finds_its_trivial_cells_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counting(monkeypatch, claim, "by_definition")
    table = report_table.table(8)
    asked = [
        Claim(metric="support_recall", says="They are found", over="decoder"),
        Claim(metric="none", says="No"),
    ]
    assert stated(table, asked).sentences and len(calls) == len(asked)
    assert isinstance(table, pd.DataFrame)


@pytest.mark.parametrize("kind", ["lines", "heat"])
def test_no_table_is_made_into_marks_twice(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a drawing, its legend, its caption and its words ask; what is made is kept with the figure."""
    made: list[pd.DataFrame] = []
    asked = pooling.marks

    def counted(table: pd.DataFrame, *rest: Any) -> Any:
        made.append(table)
        return asked(table, *rest)

    monkeypatch.setattr(base, "marks", counted)
    spec = {**TABLE, "kind": kind, "hue": None, "col": "decoder"}
    table = report_table.table(8)
    spec |= {"y": "weights.support", "value": "support_recall"} if kind == "heat" else {}
    assert not whole(spec, table, "figures", "one").problem
    assert made and len({id(one) for one in made}) == len(made)
    once, again = (build(spec).fitted(table) for _ in range(2))
    assert once.kept(table) is once.kept(table) and once.marks(table) is not again.marks(table)
    assert once == again and repr(once) == repr(again)
