"""A figure as pages print it: drawn, or the reason why not; one bad figure never costs the whole page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd
from markupsafe import Markup

from attnlab.report.figures.base import Figure, Rendering
from attnlab.report.pooling import NotDrawable
from attnlab.report.specs import build

log = logging.getLogger("attnlab")


@dataclass(frozen=True)
class Shown:
    """What stands on the page; cells: the keys of those it draws; problem: why it is not drawn, if it is not."""

    name: str
    title: str
    html: Markup = field(default_factory=Markup)
    markdown: str = ""
    caption: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    problem: str = ""
    cells: frozenset[str] = frozenset()

    def holds(self, cells: Collection[str]) -> bool:
        """Whether it draws all of these cells."""
        return not self.problem and self.cells.issuperset(cells)


def whole(spec: Mapping[str, object], table: pd.DataFrame, folder: str, prefix: str) -> Shown:
    """The figure with its caption for both pages. folder: where its files will lie."""
    return _shown(spec, table, lambda figure: figure.render(table, folder, prefix))


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
    return Shown(
        name, figure.heading, Markup(drawn.html), drawn.markdown, drawn.caption, drawn.files, figure.metrics,
        cells=frozenset(figure.kept(table).loc[lambda rows: rows["value"].notna(), "key"]),
    )  # fmt: skip
