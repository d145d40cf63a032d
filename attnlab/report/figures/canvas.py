"""Drawing without a screen: the house style, layouts, and SVG that follows the page's colours.

Colours are written as fixed sentinels and replaced by the page's variables when a figure goes inline, so that
the same drawing is dark on light and light on dark; the stand-alone file keeps the light ones.
"""

from __future__ import annotations

import base64
import html
import io
import re
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, Literal, TypeAlias

import matplotlib
import seaborn
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as _Figure

Sheet: TypeAlias = _Figure
INK, MUTED, GRID, PAPER = "#1f2328", "#656c76", "#e2e5e9", "#fffffe"
_CHOICE = (0, 1, 2, 4, 3, 9, 5, 7)  # seaborn's colour-blind palette, its two palest left out
SERIES = tuple(matplotlib.colors.to_hex(seaborn.color_palette("colorblind")[place]) for place in _CHOICE)
Dash = Literal["-"] | tuple[float, Sequence[float]]
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES: tuple[Dash, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.4, 1.4)),
    (0, (6, 1.5, 1.4, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
)
MOST_MARKS = 2000
_TOLD = "told:"
_BETWEEN = "\N{BROKEN BAR}"
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
_ROOT = f'style="font-family: {FONTS}; stroke-linejoin: round; stroke-linecap: butt"'
_VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--grid", PAPER: "--paper"} | {
    colour: f"--series-{place}" for place, colour in enumerate(SERIES)
}


@dataclass(frozen=True)
class Layout:
    """How wide a figure is (points), how many panels stand side by side, how tall a panel is.

    text: the smallest letters, in points. A page shows a point of each layout as at least 1.05, 1.13 and 1.04
    pixels (at 736, 360 and 360 pixels): nothing is smaller than 9 pixels.
    """

    name: str
    width: float
    columns: int
    height: float
    text: float


WIDE = Layout("wide", 690, 4, 190, 8.7)
NARROW = Layout("narrow", 290, 1, 185, 8.1)
CARD = Layout("card", 290, 3, 160, 8.9)


@dataclass(frozen=True)
class Look:
    """How one series is told apart in colour and without it."""

    colour: str
    marker: str
    dash: Dash


def looks(count: int) -> list[Look]:
    """One look for each series; markers and dashes repeat with other periods than the colours."""
    dashes = islice(cycle(DASHES), count)
    return [
        Look(SERIES[place % len(SERIES)], MARKERS[(place + place // len(SERIES)) % len(MARKERS)], dash)
        for place, dash in enumerate(dashes)
    ]


def sheet(layout: Layout, height: float) -> Sheet:
    """An empty figure of the layout's width and the given height, in points."""
    made = _Figure(figsize=(layout.width / 72, height / 72), dpi=72, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(made)
    return made


def style(layout: Layout) -> AbstractContextManager[None]:
    """The house style for what is drawn and saved inside the context, in letters of the layout's size."""
    settings: dict[Any, Any] = {
        **seaborn.axes_style("ticks"),
        "font.size": layout.text + 0.3,
        "font.family": "DejaVu Sans",
        "axes.labelsize": layout.text + 0.3,
        "axes.titlesize": layout.text + 0.6,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 7,
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.7,
        "axes.facecolor": PAPER,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": layout.text,
        "ytick.labelsize": layout.text,
        "xtick.major.size": 3,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "legend.frameon": False,
        "legend.fontsize": layout.text + 0.3,
        "legend.handlelength": 2.4,
        "lines.linewidth": 1.6,
        "lines.markersize": 5,
        "svg.fonttype": "none",
        "svg.hashsalt": "attnlab",
        "text.parse_math": False,
        "hatch.linewidth": 0.6,
    }
    return matplotlib.rc_context(settings)


def tell(artist: Artist, words: Sequence[str]) -> None:
    """Let each mark of an artist, in the order drawn, say its words when a pointer rests on it."""
    artist.set_gid(_TOLD + _BETWEEN.join(word.replace(_BETWEEN, " ") for word in words))


def _titled(body: str) -> str:
    """The drawing with a title in each mark that `tell` gave words; none where marks and words do not match."""
    pieces, done = [], 0
    for found in re.finditer(rf'<g id="{_TOLD}([^"]*)">', body):
        depth, end = 1, len(body)
        for tag in re.finditer(r"<g\b|</g>", body[found.end() :]):
            depth += 1 if tag.group() != "</g>" else -1
            if not depth:
                end = found.end() + tag.start()
                break
        inside = body[found.end() : end]
        words = iter(found.group(1).split(_BETWEEN))
        mark = r"<use\b[^>]*/>" if "<use" in inside else r"<path\b[^>]*/>"
        pieces.append(body[done : found.start()] + "<g>")
        if len(re.findall(mark, inside)) == found.group(1).count(_BETWEEN) + 1:
            inside = re.sub(mark, lambda one: _with_title(one.group(), next(words)), inside)  # noqa: B023
        pieces.append(inside)
        done = end
    return "".join([*pieces, body[done:]])


def _with_title(mark: str, words: str) -> str:
    name = mark[1:].split(maxsplit=1)[0]
    return f"{mark[:-2]}><title>{words}</title></{name}>"


def bare(axes: Axes) -> None:
    """An axes with nothing to show."""
    axes.set_axis_off()


def png(made: Sheet) -> bytes:
    """The drawing as pixels, twice as dense as a common screen."""
    stream = io.BytesIO()
    made.savefig(stream, format="png", dpi=190, metadata={"Software": None})
    return stream.getvalue()


def svg(made: Sheet, title: str, description: str) -> str:
    """The drawing as a stand-alone SVG document with its title and description, the same bytes every time."""
    stream, nothing = io.StringIO(), dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with warnings.catch_warnings():  # words stay text: whoever shows them has the letters or has not
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        made.savefig(stream, format="svg", metadata=nothing)
    text = stream.getvalue()
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*<style.*?</defs>\s*", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r" ?font-family: [^;\"]*;?", "", body)
    body = _titled(body)
    referenced = set(re.findall(r"(?:href=\"#|url\(#)([^\")]+)", body))
    body = re.sub(
        r" id=\"([^\"]+)\"", lambda found: found.group() if found.group(1) in referenced else "", body
    )
    words = f"<title>{html.escape(title)}</title>\n <desc>{html.escape(description)}</desc>"
    head_end = body.index(">") + 1
    head = body[: head_end - 1] + f" {_ROOT}>"
    return head + "\n " + words + body[head_end:]


def inline_svg(document: str, prefix: str) -> str:
    """A stand-alone SVG as part of a page: its own ids, the page's colours, and as wide as its column."""
    body = re.sub(r"(\bid=\"|href=\"#|url\(#)", rf"\g<1>{prefix}-", document)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    head_end = body.index(">") + 1
    box = re.search(r"viewBox=\"[^\"]+\"", body[:head_end])
    assert box is not None, "matplotlib always writes a view box"
    words = f'<svg role="img" {_ROOT} aria-labelledby="{prefix}-title {prefix}-desc" {box.group()}'
    words += ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    named = body[head_end:].replace("<title>", f'<title id="{prefix}-title">', 1)
    return words + named.replace("<desc>", f'<desc id="{prefix}-desc">', 1)


def inline_png(pixels: bytes, alt: str, width: float) -> str:
    """Pixels as part of a page."""
    data = base64.b64encode(pixels).decode("ascii")
    words = f'alt="{html.escape(alt)}" style="max-width:{width * 4 / 3:.0f}px"'
    return f'<img {words} src="data:image/png;base64,{data}">'
