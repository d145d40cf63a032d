"""A name of 200 letters, of a part, a label, a head or a title: nothing collapses, is cut or overflows."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import report_table
from test_pages_browser import View, visit

from attnlab.report import study as report
from attnlab.verdicts import Claim, stated

LONG = "x" * 200
VIEWS: list[View] = [(360, "screen", "light", ""), (1440, "screen", "dark", ""), (718, "print", "light", "")]
X = {"x": "weights.support", "y": "support_recall"}
FIGURES: list[dict[str, Any]] = [
    {"name": "hues", "kind": "lines", **X, "hue": "decoder"},
    {"name": "panels", "kind": "lines", **X, "col": "decoder"},
    {"name": "rows", "kind": "points", "x": "decoder", "y": "support_recall"},
    {"name": "series", "kind": "points", "x": "inputs.d", "y": "support_recall", "hue": "decoder"},
    {"name": "down", "kind": "table", "x": "decoder", "y": "support_recall", "col": "inputs.d"},
    {"name": "across", "kind": "table", "x": "inputs.d", "y": "support_recall", "col": "decoder"},
    {"name": "tiles", "kind": "tiles", "x": "decoder", "y": "support_recall"},
    {"name": "map", "kind": "heat", **X, "y": "inputs.d", "value": "support_recall", "col": "decoder"},
    {"name": "labels", "kind": "lines", **X, "labels": dict.fromkeys(X.values(), LONG), "title": LONG},
]  # fmt: skip


def test_long_names_are_broken_and_nothing_is_cut(tmp_path: Path) -> None:
    table = report_table.table(8)
    longer = table["decoder"].map(lambda name: LONG + name)
    called: dict[str, Any] = {"decoder": longer, "decoder:says": longer, "inputs.path": f"/{LONG}.npz"}
    table = table.assign(**called)
    claims = [
        Claim(metric="support_recall", says="They are found by {decoder}", over="inputs.d"),
        Claim(metric="support_recall", says="They are found", over="decoder"),
        Claim(metric="support_recall", says=f"They are found {LONG}", over="weights.support"),
    ]
    verdict = stated(table, claims, limits=(LONG,))
    facts = dataclasses.replace(
        report_table.study(table),
        title=LONG,
        figures=FIGURES,
        settings={LONG: LONG},
        provenance={"code": LONG},
    )
    page, *_ = report.write(tmp_path / "long", facts, table, verdict)
    (found,) = visit({"long": (page, VIEWS)}, tmp_path)["pages"]
    for look in found["visits"]:
        where = (look["width"], look["media"])
        assert look["wide"] <= 0, where
        assert look["small"] == [], where
        if look["media"] == "print":
            assert look["cut"] == [] and look["broken"] == [], where
