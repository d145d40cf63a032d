"""Attention maps with what their output leaves open: hatched cells, lowest and highest, the least certain rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from attnlab.report.page import markdown_line
from attnlab.report.words import counted, listed
from attnlab.spreadsheets import as_csv

MAPS, ROWS = 2, 12
"""How many maps and rows a page shows: those that the output leaves most open."""
OPEN = 0.05
"""A weight that can move by more is hatched."""
VISIBLE = 0.02
"""Weights that cannot pass this are left white."""
CELL, LETTERS = 12, 9
SIZE = f'width="{CELL}" height="{CELL}"'
SHADES = 20
"""Steps of darkness that are told apart."""
ORDER = ("as shown", "lowest possible", "highest possible")
Exhibit = Mapping[str, Any]
KEYS = {"layer", "head", "words", "rows", "weights", "low", "high", "twins"}
"""What a map holds (`attnlab.audit.shown`)."""


@dataclass(frozen=True)
class Maps:
    """What the page shows of them. files: by name, beside the page."""

    html: Markup = field(default_factory=Markup)
    markdown: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)


def gathered(exhibits: Sequence[Exhibit]) -> dict[str, Any]:
    """Of the maps of all heads what one page shows: nothing where there are none; what is no map is left out."""
    exhibits = [one for one in exhibits if isinstance(one, Mapping) and one.keys() >= KEYS]
    if not exhibits:
        return {}
    every = [row for one in exhibits for row in _rows(one)]
    every.sort(key=lambda row: (row["low"] - row["high"], row["layer"], row["head"], row["row"]))
    width = {id(one): fmean([row["high"] - row["low"] for row in _rows(one)]) for one in exhibits}
    maps = sorted(exhibits, key=lambda one: (-width[id(one)], one["layer"], one["head"]))[:MAPS]
    return {"maps": [dict(one) for one in maps], "rows": every[:ROWS], "twins": _twins(exhibits)}


def _rows(one: Exhibit) -> list[dict[str, Any]]:
    """The rows of a map by their largest weights."""
    found = []
    for row, weights, low, high in zip(one["rows"], one["weights"], one["low"], one["high"], strict=True):
        top = max(range(len(weights)), key=lambda i: weights[i])
        told = {"layer": one["layer"], "head": one["head"], "row": row, "top": top}
        words = {"word": _word(one, row), "top_word": _word(one, top)}
        found.append({**told, **words, "shown": weights[top], "low": low[top], "high": high[top]})
    return found


def _word(one: Exhibit, at: int) -> str:
    words = one["words"]
    return f"position {at}" if words is None or at >= len(words) else str(words[at])


def _twins(exhibits: Sequence[Exhibit]) -> list[dict[str, Any]]:
    """Positions with one value, by their words, and the heads in which it is so."""
    found: dict[tuple[int, ...], dict[str, Any]] = {}
    for one in exhibits:
        for group in one["twins"]:
            words = list(dict.fromkeys(_word(one, at) for at in group))
            told = found.setdefault(tuple(group), {"words": words, "at": group, "heads": 0})
            told["heads"] += 1
    return sorted(found.values(), key=lambda told: (-told["heads"], told["at"]))[:ROWS]


def drawn(told: Mapping[str, Any]) -> Maps:
    """The section of a page, its Markdown twin, and maps.csv."""
    if not told:
        return Maps()
    rows, maps = told["rows"], told["maps"]
    html = [Markup("<p>{}</p>").format(INTRODUCTION)]
    html += [_sentence(one) for one in maps]
    html += [_figure(one, place) for place, one in enumerate(maps)]
    html += [_table(rows)]
    said = [twin_words(twin) for twin in told["twins"]]
    if said:
        items = Markup("").join(Markup("<li>{}</li>").format(words) for words in said)
        html.append(Markup("<h3>Words with one value</h3><ul>{}</ul>").format(items))
    text = [INTRODUCTION, "", "| where | what the map shows |", "|---|---|"]
    text += [f"| {markdown_line(_place(row))} | {markdown_line(row_words(row))} |" for row in rows]
    text += ["", *(f"- {markdown_line(words)}" for words in said)]
    return Maps(Markup("\n").join(html), "\n".join(text), {"maps.csv": _csv(maps)})


INTRODUCTION = (
    "Below are the heads and rows that their outputs leave most open. A cell is as dark as its weight and hatched "
    f"where weights with the same output differ there by more than {OPEN:g}; hover over it for the "
    "numbers, which all stand in maps.csv."
)


def row_words(row: Mapping[str, Any]) -> str:
    """A row's largest weight, and what it could be."""
    what = f"The map shows {row['shown']:.2f} on “{row['top_word']}”"
    if row["high"] - row["low"] < 0.005:
        return f"{what}; nothing else gives the same output."
    return f"{what}; anything from {row['low']:.2f} to {row['high']:.2f} gives the same output."


def twin_words(twin: Mapping[str, Any]) -> str:
    """That positions have one value, by their words."""
    names = listed([f"“{word}”" for word in twin["words"]])
    places = listed([str(at) for at in twin["at"]])
    heads = counted(twin["heads"], "head")
    return (
        f"{names} at positions {places}: one value in {heads}, so how the weight is shared among them leaves "
        "no trace in the output."
    )


UNDER = "Under each word: a bar from the lowest to the highest weight with that output, a stroke at the one shown."


def _place(row: Mapping[str, Any]) -> str:
    return f"layer {row['layer']}, head {row['head']}, row {row['row']} ({row['word']})"


def _table(rows: Sequence[Mapping[str, Any]]) -> Markup:
    lines = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td>{}</td></tr>').format(_place(row), row_words(row))
        for row in rows
    )
    return Markup(
        '<h3>The rows that say least</h3><div class="scroll" tabindex="0" role="region" aria-label="rows">'
        '<table><thead><tr><th scope="col">where</th><th scope="col">what the map shows</th></tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(lines)


def _sentence(one: Exhibit) -> Markup:
    """The text as the least certain row of a map sees it: under every word its weight and interval.

    Nothing for a map without words, or whose rows are not its words.
    """
    row = min(_rows(one), key=lambda row: row["low"] - row["high"])
    if one["words"] is None:
        return Markup()
    at = one["rows"].index(row["row"])
    words = Markup("").join(
        Markup('<span class="word{}">{}{}</span>').format(
            " asking" if place == row["row"] else "", word, _bar(*numbers)
        )
        for place, (word, *numbers) in enumerate(
            zip(one["words"], one["low"][at], one["weights"][at], one["high"][at], strict=True)
        )
    )
    return Markup(
        '<figure class="sentence"><p class="title">{}</p><p>{}</p><figcaption>{} {}</figcaption></figure>'
    ).format(
        f"What “{row['word']}” looks at (layer {row['layer']}, head {row['head']}, row {row['row']})",
        words,
        row_words(row),
        UNDER,
    )


def _bar(low: float, weight: float, high: float) -> Markup:
    start, end, at = (2 + 36 * number for number in (low, high, weight))
    return Markup(
        '<svg class="weight" viewBox="0 0 40 8" role="img" aria-label="{}"><title>{}</title>'
        '<path class="track" d="M2 4H38"/>'
        '<path class="bar" d="M{} 4H{}"/><path class="tick" d="M{} 0V8"/></svg>'
    ).format(
        f"{weight:.2f}, from {low:.2f} to {high:.2f}",
        f"{weight:.2f}, from {low:.2f} to {high:.2f}",
        f"{start:.1f}",
        f"{max(end, start + 0.1):.1f}",
        f"{at:.1f}",
    )


def _figure(one: Exhibit, place: int) -> Markup:
    """The map as shown, and beside it the lowest and the highest that each weight can be."""
    panels = Markup("").join(
        _panel(one, numbers, name, f"hatch{place}-{index}")
        for index, (numbers, name) in enumerate(
            zip((one["weights"], one["low"], one["high"]), ORDER, strict=True)
        )
    )
    title = f"Layer {one['layer']}, head {one['head']}"
    part = (
        "" if len(one["rows"]) == len(one["weights"][0]) else f", the {len(one['rows'])} rows that say least"
    )
    return Markup(
        '<figure class="maps"><p class="title">{}{}</p>'
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">'
        '<div class="panels">{}</div></div></figure>'
    ).format(title, part, f"attention maps of {title.lower()}", panels)


def _panel(one: Exhibit, numbers: Sequence[Sequence[float]], name: str, hatch: str) -> Markup:
    """One map. Cells of one darkness are one path; the map as shown also has hatching, and words for a pointer."""
    n, rows, first = len(numbers[0]), one["rows"], name == ORDER[0]
    labels = 6 * max(len(_name(one, at)) for at in [*rows, *range(n)]) + 6
    width, height = labels + CELL * n + 4, labels + CELL * len(rows) + 4
    cells: dict[int, list[str]] = {}
    open_, told = [], []
    for line, row in enumerate(rows):
        for at in range(n):
            low, weight, high = (one[key][line][at] for key in ("low", "weights", "high"))
            x, y = labels + CELL * at, labels + CELL * line
            if high <= VISIBLE:
                continue
            box = f"M{x} {y}h{CELL}v{CELL}h-{CELL}z"
            cells.setdefault(round(SHADES * numbers[line][at]), []).append(box)
            if first:
                open_ += [box] if high - low > OPEN else []
                words = f"{_name(one, row)} on {_name(one, at)}: {weight:.2f}, from {low:.2f} to {high:.2f}"
                told.append(f'<rect x="{x}" y="{y}" {SIZE}><title>{escape(words)}</title></rect>')
    drawn = [
        f'<path class="w" fill-opacity="{shade / SHADES:.2f}" d="{"".join(boxes)}"/>'
        for shade, boxes in sorted(cells.items())
        if shade
    ]
    frame = f'<path class="frame" d="M{labels} {labels}h{CELL * n}v{CELL * len(rows)}h-{CELL * n}z"/>'
    over = (
        f'<path fill="url(#{hatch})" d="{"".join(open_)}"/><g class="told">{"".join(told)}</g>'
        if first
        else ""
    )
    alt = (
        f"{name}: attention of {len(rows)} rows over {n} positions, layer {one['layer']}, head {one['head']}"
    )
    return Markup(
        f'<div class="panel"><p class="small">{escape(name)}</p><svg width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(alt)}">'
        f"{_hatching(hatch) if first else ''}{frame}{''.join(drawn)}{over}{_labels(one, labels)}</svg></div>"
    )


def _hatching(name: str) -> str:
    lines = '<path d="M0 4L4 0" stroke="currentColor" stroke-width="1.2"/>'
    size = 'width="4" height="4" patternUnits="userSpaceOnUse"'
    return f'<defs><pattern id="{name}" {size}>{lines}</pattern></defs>'


def _labels(one: Exhibit, edge: int) -> str:
    """The words of the rows on the left, of the positions above."""
    rows = [
        f'<text x="{edge - 4}" y="{edge + CELL * line + LETTERS}" text-anchor="end">'
        f"{escape(_name(one, row))}</text>"
        for line, row in enumerate(one["rows"])
    ]
    columns = [
        f'<text transform="translate({edge + CELL * at + LETTERS} {edge - 4}) rotate(-90)">'
        f"{escape(_name(one, at))}</text>"
        for at in range(len(one["weights"][0]))
    ]
    return "".join([*rows, *columns])


def _name(one: Exhibit, at: int) -> str:
    words = one["words"]
    return str(at) if words is None or at >= len(words) else str(words[at])[:12]


def _csv(maps: Sequence[Exhibit]) -> bytes:
    """A line a cell of every map that is shown: lowest possible, as shown, highest possible."""
    heads = ["layer", "head", "row", "row_word", "position", "word", "lowest", "shown", "highest"]
    lines = [
        [one["layer"], one["head"], row, _word(one, row), at, _word(one, at), *numbers]
        for one in maps
        for row, *rows in zip(one["rows"], one["low"], one["weights"], one["high"], strict=True)
        for at, numbers in enumerate(zip(*rows, strict=True))
    ]
    return as_csv(pd.DataFrame(lines, columns=heads)).encode()
