"""One figure by itself, for a notebook or a file, from a study's table."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import pandas as pd

from attnlab.files import write_atomically
from attnlab.parts import among
from attnlab.report.figures import canvas
from attnlab.report.figures.base import Figure, build
from attnlab.report.figures.canvas import WIDE
from attnlab.report.figures.picture import Picture
from attnlab.report.pooling import NotDrawable, derive, holds
from attnlab.tidy import METRIC, complete, settings_of


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
        place = Path(path).expanduser()
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

    Raises ValueError for keys, kinds, columns and metrics there are not, and where no cell has what it shows.
    """
    table = complete(table)
    figure = build({"name": "figure", "kind": _kind(table, spec), **spec})
    _require_columns(figure, table)
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


def _kind(table: pd.DataFrame, spec: Mapping[str, object]) -> str:
    """Lines over numbers, points over names."""
    x = str(spec.get("x"))
    try:
        values = derive(table, x)[x].dropna()
    except NotDrawable:
        values = pd.Series(dtype=object)
    return "lines" if pd.api.types.is_numeric_dtype(values) and len(values) else "points"


def _require_columns(figure: Figure, table: pd.DataFrame) -> None:
    """Raise ValueError for a setting or a metric that the table does not have, with the nearest names."""
    known = settings_of(table)
    columns = [column for column in (*figure.by, *figure.where) if column != METRIC]
    for column in columns:
        try:
            derive(table, column)
        except NotDrawable:
            allowed = among(_asked(column, known), known, "a setting")
            raise ValueError(f"expected {allowed}; got {column!r}") from None
    metrics = sorted(map(str, table[METRIC].dropna().unique()))
    for metric in (*figure.metrics, *figure.reference):
        if not holds(table, [metric]):
            raise ValueError(f"expected {among(metric, metrics, 'a metric')}; got {metric!r}")


def _asked(column: str, known: Iterable[str]) -> str:
    """Of `a/b` or `a-b` the part that is not known."""
    return next((part.strip() for part in re.split("[/-]", column) if part.strip() not in known), column)
