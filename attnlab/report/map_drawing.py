"""One attention map in SVG: as shown, with its open cells hatched, and the lowest and highest it could be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

from attnlab.report.words import counted

Exhibit = Mapping[str, Any]
"""What `attnlab.audit.shown` says of a head."""
OPEN = 0.05
"""A weight that can move by more is hatched."""
VISIBLE = 0.02
"""Weights that cannot pass this are left white."""
CELL, LETTERS = 12, 9
HALF_A_SHEET = 400
"""Pixels from which on a panel is too large for its words to be read where all three stand on one sheet."""
SHADES = 20
"""Steps of darkness that are told apart."""
COLUMNS, HOVERS = 128, 2000
"""Positions of a map that are drawn, those that can weigh most, and cells of it that answer a pointer."""
ORDER = ("as shown", "lowest possible", "highest possible")


def columns_of(one: Exhibit, lines: Sequence[int]) -> list[int]:
    """The positions to draw, in order: all of a few, else those that can weigh most in these lines."""
    most = [max(one["high"][line][at] for line in lines) for at in range(len(one["high"][0]))]
    return sorted(sorted(range(len(most)), key=lambda at: (-most[at], at))[:COLUMNS])


def figure(one: Exhibit, place: int) -> Markup:
    """The map as shown, and beside it the lowest and the highest that each weight can be."""
    columns = columns_of(one, range(len(one["rows"])))
    panels = Markup("").join(
        _panel(one, columns, numbers, name, f"hatch{place}-{index}")
        for index, (numbers, name) in enumerate(
            zip((one["weights"], one["low"], one["high"]), ORDER, strict=True)
        )
    )
    title = f"Layer {one['layer']}, head {one['head']}"
    part = _part(one, len(columns))
    most = _edge(one, columns) + CELL * max(len(columns), len(one["rows"]))
    large = " large" if most > HALF_A_SHEET else ""
    return Markup(
        '<figure class="maps{}"><p class="title">{}{}</p>'
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">'
        '<div class="panels">{}</div></div></figure>'
    ).format(large, title, part, f"attention maps of {title.lower()}", panels)


def _part(one: Exhibit, columns: int) -> str:
    """What of a head is drawn, where it is not all of it."""
    rows, n = len(one["rows"]), len(one["weights"][0])
    told = f", the {counted(rows, 'row')} that can move farthest" if rows < one["of"] else ""
    return told + (f", the {columns} positions that can weigh most" if columns < n else "")


def _panel(
    one: Exhibit, columns: Sequence[int], numbers: Sequence[Sequence[float]], name: str, hatch: str
) -> Markup:
    """One map. Cells of one darkness are one path; the map as shown also has hatching, and words for a pointer."""
    n, rows, first = len(columns), one["rows"], name == ORDER[0]
    labels = _edge(one, columns)
    width, height = labels + CELL * n + 4, labels + CELL * len(rows) + 4
    cells: dict[int, list[str]] = {}
    for line in range(len(rows)):
        shades = [
            round(SHADES * numbers[line][at]) if one["high"][line][at] > VISIBLE else 0 for at in columns
        ]
        for shade, start, end in _runs(shades):
            x, y = labels + CELL * start, labels + CELL * line + CELL // 2
            cells.setdefault(shade, []).append(f"M{x} {y}h{CELL * (end - start)}")
    drawn = [
        f'<path class="w" stroke-opacity="{shade / SHADES:.2f}" d="{"".join(lines)}"/>'
        for shade, lines in sorted(cells.items())
    ]
    frame = f'<path class="frame" d="M{labels} {labels}h{CELL * n}v{CELL * len(rows)}h-{CELL * n}z"/>'
    over = _open(one, columns, labels, hatch) if first else ""
    of = f"{counted(len(rows), 'row')} over {counted(n, 'position')}"
    alt = f"{name}: attention of {of}, layer {one['layer']}, head {one['head']}"
    order = "" if first else f'<span class="on-paper">, in the order of the map {ORDER[0]}</span>'
    return Markup(
        f'<div class="panel"><p class="small">{escape(name)}{order}</p><svg width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(alt)}">'
        f"{_hatching(hatch) if first else ''}{frame}{''.join(drawn)}{over}"
        f"{_labels(one, columns, labels)}</svg></div>"
    )


def _edge(one: Exhibit, columns: Sequence[int]) -> int:
    """Where the cells of a panel begin, right of the words of its rows and below those of its positions."""
    return 6 * max(len(_name(one, at)) for at in [*one["rows"], *columns]) + 6


def _runs(numbers: Sequence[int]) -> list[tuple[int, int, int]]:
    """Neighbours that are alike and not 0, as (number, start, end)."""
    found, start = [], 0
    for number, run in groupby(numbers):
        end = start + len(list(run))
        found += [(number, start, end)] if number else []
        start = end
    return found


def _open(one: Exhibit, columns: Sequence[int], edge: int, hatch: str) -> str:
    """The hatching of what can move, and the numbers of the cells that can move most, for a pointer."""
    width = {
        (line, place): one["high"][line][at] - one["low"][line][at]
        for line in range(len(one["rows"]))
        for place, at in enumerate(columns)
        if one["high"][line][at] > VISIBLE
    }
    boxes, told = [], []
    for line in range(len(one["rows"])):
        y = edge + CELL * line
        wide = [int(width.get((line, place), 0.0) > OPEN) for place in range(len(columns))]
        for _, start, end in _runs(wide):
            boxes.append(f"M{edge + CELL * start} {y}h{CELL * (end - start)}v{CELL}h-{CELL * (end - start)}z")
    most = sorted(width, key=lambda cell: (-width[cell], cell))[:HOVERS]
    for line, cells in groupby(sorted(most), key=lambda cell: cell[0]):
        spots = [
            f'<rect x="{edge + CELL * place}"><title>{escape(_numbers(one, line, columns[place]))}</title></rect>'
            for _, place in cells
        ]
        told.append(f'<g transform="translate(0 {edge + CELL * line})">{"".join(spots)}</g>')
    return f'<path fill="url(#{hatch})" d="{"".join(boxes)}"/><g class="told">{"".join(told)}</g>'


def _numbers(one: Exhibit, line: int, at: int) -> str:
    low, weight, high = (one[key][line][at] for key in ("low", "weights", "high"))
    return f"{_name(one, one['rows'][line])} on {_name(one, at)}: {weight:.2f}, from {low:.2f} to {high:.2f}"


def _hatching(name: str) -> str:
    lines = '<path d="M0 4L4 0" stroke="currentColor" stroke-width="1.2"/>'
    size = 'width="4" height="4" patternUnits="userSpaceOnUse"'
    return f'<defs><pattern id="{name}" {size}>{lines}</pattern></defs>'


def _labels(one: Exhibit, columns: Sequence[int], edge: int) -> str:
    """The words of the rows on the left, of the positions above."""
    rows = [
        f'<text x="{edge - 4}" y="{edge + CELL * line + LETTERS}" text-anchor="end">'
        f"{escape(_name(one, row))}</text>"
        for line, row in enumerate(one["rows"])
    ]
    above = [
        f'<text transform="translate({edge + CELL * place + LETTERS} {edge - 4}) rotate(-90)">'
        f"{escape(_name(one, at))}</text>"
        for place, at in enumerate(columns)
    ]
    return "".join([*rows, *above])


def _name(one: Exhibit, at: int) -> str:
    words = one["words"]
    word = "" if words is None or at >= len(words) else str(words[at])[:12]
    return word if word.strip() else str(at)
