"""A figure as pages print it: drawn, or the reason why not; one bad figure never costs the whole page."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from markupsafe import Markup

from attnlab.report.figures.base import Figure, Rendering
from attnlab.report.pooling import NotDrawable
from attnlab.report.specs import build

log = logging.getLogger("attnlab")
LOGARITHMIC = ("logx", "logy")
"""The settings of a figure that space an axis."""


@dataclass(frozen=True)
class Shown:
    """What stands on the page.

    cells: the keys of those it draws; problem: why it is not drawn, if it is not; marks: what tells its drawing
    from others, so that one is shown once.
    """

    name: str
    title: str
    html: Markup = field(default_factory=Markup)
    markdown: str = ""
    caption: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    problem: str = ""
    cells: frozenset[str] = frozenset()
    marks: str = ""

    def holds(self, cells: Collection[str]) -> bool:
        """Whether it draws all of these cells."""
        return not self.problem and self.cells.issuperset(cells)


def whole(spec: Mapping[str, object], table: pd.DataFrame, folder: str, prefix: str) -> Shown:
    """The figure with its caption for both pages. folder: where its files will lie."""
    return _shown(spec, table, lambda figure: figure.render(table, folder, prefix))


def all_once(specs: Sequence[Mapping[str, object]], table: pd.DataFrame, folder: str) -> list[Shown]:
    """The figures of a page; of one that has the very marks of an earlier one, which that is.

    The earlier is drawn, on its own axes, be the later's logarithmic: the order is the experiment's.
    """
    first: dict[str, int] = {}
    found = []
    for place, spec in enumerate(specs, 1):
        shown = whole(spec, table, folder, f"figure{place - 1}")
        same = place if shown.problem else first.setdefault(shown.marks, place)
        if same != place:
            shown = Shown(
                shown.name,
                shown.title,
                metrics=shown.metrics,
                problem=f"it would show the same as Figure {same}{_spaced(spec, specs[same - 1])}",
                marks=shown.marks,
            )
        found.append(shown)
    return found


def _spaced(one: Mapping[str, object], other: Mapping[str, object]) -> str:
    """In what two figures differ that have the same marks."""
    unlike = any(bool(one.get(name)) != bool(other.get(name)) for name in LOGARITHMIC)
    return ", but for the spacing of an axis" if unlike else ""


def small(spec: Mapping[str, object], table: pd.DataFrame, prefix: str) -> Shown:
    """The figure as a card of the index, without its caption."""
    return _shown(spec, table, lambda figure: Rendering(figure.card(table, prefix), "", "", {}))


def _shown(spec: Mapping[str, object], table: pd.DataFrame, draw: Callable[[Figure], Rendering]) -> Shown:
    name = str(spec.get("name"))
    try:
        figure = build(spec).fitted(table)
    except ValueError as error:
        return Shown(name, str(spec.get("title") or name), problem=str(error))
    try:
        drawn = draw(figure)
    except NotDrawable as reason:
        return Shown(name, figure.heading, metrics=figure.metrics, problem=str(reason))
    except Exception as error:
        log.exception("the figure %s could not be drawn", name)
        return Shown(name, figure.heading, metrics=figure.metrics, problem=f"{type(error).__name__}: {error}")
    rows = figure.kept(table)
    return Shown(
        name, figure.heading, Markup(drawn.html), drawn.markdown, drawn.caption, drawn.files, figure.metrics,
        cells=frozenset(rows.loc[rows["value"].notna(), "key"]), marks=_marks(figure, rows),
    )  # fmt: skip


def _marks(figure: Figure, rows: pd.DataFrame) -> str:
    """What is drawn and how, without words: the same for two figures with the same marks in the same places.

    The cells and the metrics give the marks, x and the settings of several levels their places.
    """
    same: dict[str, Any] = {"name": "", "title": "", "note": "", "labels": {}, "plain": {}, "opening": False}
    same |= {"where": {}, "prefer": {}, "reference": tuple(figure.references_in(rows))}
    sides = {role: getattr(figure, role) for role in ("hue", "col", "row")}
    same |= {role: side if len(figure.levels(rows, side)) > 1 else None for role, side in sides.items()}
    return f"{dataclasses.replace(figure.unspaced(rows), **same)} of {sorted(set(rows['key']))}"
