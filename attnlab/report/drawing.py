"""One figure by itself, for a notebook or a file, from a study's table."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from attnlab.files import path_of, write_atomically
from attnlab.report.asked import columns_of, completed, refused
from attnlab.report.figures import canvas
from attnlab.report.figures.base import Figure
from attnlab.report.figures.canvas import WIDE
from attnlab.report.figures.picture import Picture
from attnlab.report.pooling import NotDrawable
from attnlab.report.specs import build
from attnlab.tidy import BOOKKEEPING, METRIC, complete
from attnlab.verdicts.pooling import KEPT, LOST


@dataclass(frozen=True, repr=False)
class Drawing:
    """A figure: what a notebook shows, and a file where it is saved.

    formats: the figure by the ending of a file; caption: counts, what the bars are, what was pooled.
    """

    title: str
    caption: str
    formats: Mapping[str, bytes]

    def save(self, path: str | PathLike[str]) -> Path:
        """Write it; the ending says how (.svg, .png; .html or .md for a table). Raises ValueError for another."""
        place = path_of(path, "path")
        if place.suffix not in self.formats:
            raise ValueError(f"expected a file that ends in {' or '.join(self.formats)}, got {place.name}")
        return write_atomically(place, self.formats[place.suffix])

    def __repr__(self) -> str:
        return f"<{self.title}: {self.caption}>"

    def _repr_svg_(self) -> str | None:
        return self.formats[".svg"].decode() if ".svg" in self.formats else None

    def _repr_html_(self) -> str:
        shown = self._repr_svg_() or self.formats.get(".html", b"").decode()
        if not shown:
            shown = canvas.inline_png(self.formats[".png"], self.title, WIDE.width)
        title, caption = html.escape(self.title), html.escape(self.caption)
        return f"<figure><p><b>{title}</b></p>\n{shown}\n<figcaption>{caption}</figcaption></figure>"


def drawing(table: pd.DataFrame, spec: Mapping[str, object]) -> Drawing:
    """The figure a mapping describes, drawn; `name` and `kind` may be left out.

    Raises ValueError for keys, kinds, columns, levels and metrics there are not, and where no cell has what it
    shows.
    """
    table = complete(table)
    named = {"name": "figure", **spec}
    columns = _columns(table)
    problems = refused([named], columns, _metrics(table), "this study", named="")
    if problems:
        raise ValueError("\n".join(map(str, problems)))
    return _drawn(build(*completed([named], columns)), table)


def own_drawing(table: pd.DataFrame, spec: Mapping[str, object]) -> Drawing:
    """A figure of the study's own page, drawn as there: without the settings that its grid does not have.

    Raises ValueError where no cell has what it shows.
    """
    table = complete(table)
    return _drawn(build(*completed([spec], _columns(table))).fitted(table), table)


def _drawn(figure: Figure, table: pd.DataFrame) -> Drawing:
    try:
        found = figure.render(table, ".", "figure")
        if isinstance(figure, Picture):
            with canvas.style(WIDE):
                pixels = canvas.png(figure.sheet(table, WIDE)[0])
            vector = {name[-4:]: content for name, content in found.files.items() if name.endswith(".svg")}
            formats = {**vector, ".png": pixels}
        else:
            formats = {".html": found.html.encode(), ".md": found.markdown.encode()}
    except NotDrawable as reason:
        raise ValueError(f"expected a figure that can be drawn, got one for which {reason}") from reason
    return Drawing(figure.heading, found.caption, formats)


def _columns(table: pd.DataFrame) -> dict[str, list[object]]:
    """The settings and facts of every cell."""
    cells = table.drop_duplicates("key")
    rows: list[Any] = cells[[name for name in cells if name not in BOOKKEEPING]].to_dict("records")
    return columns_of(rows)


def _metrics(table: pd.DataFrame) -> set[str]:
    """The metrics of a table, those included that it holds as `<metric>_kept` and `<metric>_lost`."""
    known = set(map(str, table[METRIC].dropna().unique()))
    halves = {metric.removesuffix(KEPT) for metric in known if metric.endswith(KEPT)}
    return known | {metric for metric in halves if metric + LOST in known}
