"""Attention maps with what their output leaves open: hatched cells, lowest and highest, the least certain rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import pandas as pd
from markupsafe import Markup

from attnlab.report.map_drawing import OPEN, Exhibit, columns_of, figure
from attnlab.report.page import markdown_line
from attnlab.report.words import counted, listed
from attnlab.spreadsheets import as_csv

MAPS, ROWS, A_HEAD = 2, 12, 2
"""How many maps and rows a page shows: those that the output leaves most open, of several heads so many a head."""
SHUT = 0.005
"""A weight that cannot move by so much is told as certain."""
KEYS = {"layer", "head", "words", "rows", "of", "weights", "low", "high", "twins"}
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
    width = {id(one): fmean([row["high"] - row["low"] for row in _rows(one)]) for one in exhibits}
    maps = sorted(exhibits, key=lambda one: (-width[id(one)], one["layer"], one["head"]))[:MAPS]
    return {
        "maps": [dict(one) for one in maps],
        "rows": _least_certain(exhibits),
        "kept": sum(len(one["rows"]) for one in exhibits),
        "twins": _twins(exhibits),
        "tied": sum(sum(one.get("tied", ())) for one in exhibits),
        "hidden": sum(one.get("hidden", 0) for one in exhibits),
    }


def _least_certain(exhibits: Sequence[Exhibit]) -> list[dict[str, Any]]:
    """The rows whose largest weight can move farthest, a few of each head: its rows often share the cause."""
    every = [row for one in exhibits for row in _rows(one) if row["high"] - row["low"] >= SHUT]
    every.sort(key=lambda row: (row["low"] - row["high"], row["layer"], row["head"], row["row"]))
    heads = {(row["layer"], row["head"]) for row in every}
    most = max(A_HEAD, ROWS // max(1, len(heads)))
    taken: Counter[tuple[int, int]] = Counter()
    found = []
    for row in every:
        taken[row["layer"], row["head"]] += 1
        if taken[row["layer"], row["head"]] <= most:
            found.append(row)
    return found[:ROWS]


def _rows(one: Exhibit) -> list[dict[str, Any]]:
    """The rows of a map by their largest weights."""
    found = []
    ties = one.get("tied", [False] * len(one["rows"]))
    numbers = zip(one["rows"], one["weights"], one["low"], one["high"], ties, strict=True)
    for row, weights, low, high, tied in numbers:
        top = max(range(len(weights)), key=lambda i: weights[i])
        told = {"layer": one["layer"], "head": one["head"], "row": row, "top": top}
        words = {"word": _seen(one, row), "top_word": _seen(one, top)}
        found.append(
            {**told, **words, "shown": weights[top], "low": low[top], "high": high[top], "tied": tied}
        )
    return found


def _word(one: Exhibit, at: int) -> str:
    words = one["words"]
    return f"position {at}" if words is None or at >= len(words) else str(words[at])


def _seen(one: Exhibit, at: int) -> str:
    """The word at a position as it is read; its position, where nothing of the word could be seen."""
    word = _word(one, at)
    return word if word.strip() else f"position {at}"


def _twins(exhibits: Sequence[Exhibit]) -> list[dict[str, Any]]:
    """Positions with one value, by their words, and the heads in which it is so."""
    found: dict[tuple[int, ...], dict[str, Any]] = {}
    for one in exhibits:
        for group in one["twins"]:
            words = list(dict.fromkeys(_seen(one, at) for at in group))
            told = found.setdefault(tuple(group), {"words": words, "at": group, "heads": 0})
            told["heads"] += 1
    return sorted(found.values(), key=lambda told: (-told["heads"], told["at"]))[:ROWS]


def drawn(told: Mapping[str, Any]) -> Maps:
    """The section of a page, its Markdown twin, and maps.csv."""
    if not told:
        return Maps()
    rows, maps = told["rows"], told["maps"]
    opening = INTRODUCTION if rows else _nothing_open(told["kept"])
    if told.get("tied"):
        count = f"{told['tied']:,}"
        opening += (
            f" Rows of these maps whose largest weight is tied, so that no position is on top: {count}."
        )
    if told.get("hidden"):
        left_out = counted(told["hidden"], "further row")
        opening += (
            f" Left out everywhere, since the mask shows no position to them: {left_out} of these heads."
        )
    html = [Markup("<p>{}</p>").format(opening)]
    html += [_sentence(one) for one in maps]
    html += [figure(one, place) for place, one in enumerate(maps)]
    html += [_table(rows)] if rows else []
    said = [twin_words(twin) for twin in told["twins"]]
    if said:
        items = Markup("").join(Markup("<li>{}</li>").format(words) for words in said)
        html.append(Markup("<h3>Words with one value</h3><p>{}</p><ul>{}</ul>").format(NO_TRACE, items))
    text = [opening, ""]
    if rows:
        text += ["| where | what the map shows |", "|---|---|"]
        text += [f"| {markdown_line(_place(row))} | {markdown_line(row_words(row))} |" for row in rows]
    text += ["", NO_TRACE, "", *(f"- {markdown_line(words)}" for words in said)] if said else []
    return Maps(Markup("\n").join(html), "\n".join(text), {"maps.csv": _csv(maps)})


HATCHED = (
    "A cell is as dark as its weight and hatched "
    f"where weights with the same output differ there by more than {OPEN:g}; hover over it for the "
    "numbers, which all stand in maps.csv."
)
INTRODUCTION = f"Below are the heads and rows that their outputs leave most open. {HATCHED}"
NO_TRACE = "How the weight of a row is shared among positions with one value leaves no trace in the output."


def _nothing_open(kept: int) -> str:
    """Of maps whose every row is certain."""
    several = "Both rows here are certain" if kept == 2 else f"All {kept:,} rows here are certain"
    rows = "The one row here is certain" if kept == 1 else several
    return f"{rows}: no other weights give the same output. {HATCHED}"


def row_words(row: Mapping[str, Any]) -> str:
    """A row's largest weight, and what it could be."""
    what = f"The map shows {row['shown']:.2f} on “{row['top_word']}”"
    what += " and as much elsewhere, so no position is on top" * row.get("tied", False)
    if row["high"] - row["low"] < SHUT:
        return f"{what}; nothing else gives the same output."
    return f"{what}; anything from {row['low']:.2f} to {row['high']:.2f} gives the same output."


def twin_words(twin: Mapping[str, Any]) -> str:
    """That positions have one value, by their words."""
    names = listed([f"“{word}”" for word in twin["words"]])
    places = listed([str(at) for at in twin["at"]])
    return f"{names} at positions {places}: one value in {counted(twin['heads'], 'head')}."


UNDER = "Under each word: a bar from the lowest to the highest weight with that output, a stroke at the one shown."


def _place(row: Mapping[str, Any]) -> str:
    return f"layer {row['layer']}, head {row['head']}, row {row['row']} ({row['word']})"


def _table(rows: Sequence[Mapping[str, Any]]) -> Markup:
    lines = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td>{}</td></tr>').format(_place(row), row_words(row))
        for row in rows
    )
    return Markup(
        '<h3>The least certain rows</h3><div class="scroll" tabindex="0" role="region" aria-label="rows">'
        '<table class="said-rows"><thead><tr><th scope="col">where</th>'
        '<th scope="col">what the map shows</th></tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(lines)


def _sentence(one: Exhibit) -> Markup:
    """The text as the least certain row of a map sees it: under every word its weight and interval.

    Of a long text the words that can weigh most. Nothing for a map without words, or whose rows are not its words.
    """
    row = min(_rows(one), key=lambda row: row["low"] - row["high"])
    if one["words"] is None:
        return Markup()
    at = one["rows"].index(row["row"])
    shown, parts, before = columns_of(one, [at]), [], -1
    for place in shown:
        if place != before + 1:
            parts.append(Markup('<span class="word">…</span>'))
        kind, word = "word asking" if place == row["row"] else "word", _seen(one, place)
        bar = _bar(*(one[key][at][place] for key in ("low", "weights", "high")))
        parts.append(Markup('<span class="{}">{}{}</span>').format(kind, word, bar))
        before = place
    return Markup(
        '<figure class="sentence"><p class="title">{}</p><p>{}</p><figcaption>{} {}</figcaption></figure>'
    ).format(
        f"What “{row['word']}” looks at (layer {row['layer']}, head {row['head']}, row {row['row']})",
        Markup("").join(parts),
        row_words(row),
        UNDER,
    )


def _bar(low: float, weight: float, high: float) -> Markup:
    start, end, at = (2 + 36 * number for number in (low, high, weight))
    return Markup(
        '<svg class="weight" viewBox="0 0 40 8" role="img"><title>{}</title><path class="track" d="M2 4H38"/>'
        '<path class="bar" d="M{} 4H{}"/><path class="tick" d="M{} 0V8"/></svg>'
    ).format(
        f"{weight:.2f}, from {low:.2f} to {high:.2f}",
        f"{start:.1f}",
        f"{max(end, start + 0.1):.1f}",
        f"{at:.1f}",
    )


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
