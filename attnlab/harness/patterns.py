"""Many cells in few words: as products of settings, not one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attnlab.harness.cells import in_words
from attnlab.harness.table import Entry
from attnlab.report.study import Problem
from attnlab.report.words import counted

Json = Any
MOST_VALUES = 12
"""Values of one setting that are written out; consecutive numbers are a range, as it is typed."""


@dataclass(frozen=True)
class Pattern:
    """A product of settings, as it would be typed, and how many cells it stands for."""

    words: str
    cells: int


def patterns(cells: Sequence[Mapping[str, Json]]) -> list[Pattern]:
    """The cells as products, each cell in one of them, the largest first.

    Every setting in turn: cells, or products, that differ in it alone become one. A whole grid, and a grid whose
    cells are done up to some point, become few; of cells without a pattern there are as many as cells.
    """
    kinds: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for cell in cells:
        kinds.setdefault(tuple(cell), []).append(tuple(map(str, cell.values())))
    found = [
        Pattern(in_words(dict(zip(names, map(_listed, box), strict=True))), _size(box))
        for names, rows in kinds.items()
        for box in min((_boxes(rows, way) for way in (-1, 1)), key=len)
    ]
    return sorted(found, key=lambda pattern: -pattern.cells)


def _boxes(rows: Sequence[tuple[str, ...]], way: int) -> list[tuple[tuple[str, ...], ...]]:
    """These rows as products: for each setting the values that it takes. way: -1 begins with the last setting."""
    boxes: list[tuple[Any, ...]] = list(dict.fromkeys(rows))
    for place in range(len(boxes[0]))[::way]:
        seen = {value: rank for rank, value in enumerate(dict.fromkeys(box[place] for box in boxes))}
        if len(seen) == 1:
            boxes = [(*box[:place], (box[place],), *box[place + 1 :]) for box in boxes]
            continue
        alike: dict[tuple[Any, ...], list[str]] = {}
        for box in boxes:
            alike.setdefault((box[:place], box[place + 1 :]), []).append(box[place])
        boxes = [
            (*before, tuple(sorted(values, key=seen.__getitem__)), *after)
            for (before, after), values in alike.items()
        ]
    return boxes


def _size(box: Sequence[Sequence[str]]) -> int:
    size = 1
    for values in box:
        size *= len(values)
    return size


def _listed(values: Sequence[str]) -> str:
    """The values of a setting, as they would be typed where they are few or make a range."""
    if len(values) > 1 and all(value.removeprefix("-").isdecimal() for value in values):
        values = sorted(values, key=int)
        numbers = [int(value) for value in values]
        step = numbers[1] - numbers[0]
        if len(values) > 2 and step > 0 and numbers == list(range(numbers[0], numbers[-1] + 1, step)):
            by = f",{step}" if step > 1 else ""
            return f"range({numbers[0]},{numbers[-1] + 1}{by})"
    if len(values) <= MOST_VALUES:
        return ",".join(values)
    return f"{','.join(values[: MOST_VALUES - 1])},...,{values[-1]} ({len(values):,} values)"


MOST_REASONS, MOST_PATTERNS = 50, 19
"""Reasons, and products of settings for each, that a page names; of further cells it says how many there are."""


def unfinished(entries: Sequence[Entry]) -> Iterator[Problem]:
    """The cells that are not done, by status and reason, as products of settings."""
    waiting: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for entry in entries:
        if entry.status != "done":
            reason = "not run yet" if entry.status == "missing" else entry.reason or ""
            waiting.setdefault((entry.status, reason), []).append(entry.settings)
    named = sorted(waiting, key=lambda told: -len(waiting[told]))
    for status, reason in named[:MOST_REASONS]:
        found = patterns(waiting[status, reason])
        yield from ((one.words, status, reason, one.cells) for one in found[:MOST_PATTERNS])
        if found[MOST_PATTERNS:]:
            more = sum(one.cells for one in found[MOST_PATTERNS:])
            yield f"and {counted(more, 'cell')} more: results.csv has them", status, reason, more
    others = Counter({told: len(waiting[told]) for told in named[MOST_REASONS:]})
    for status in dict.fromkeys(status for status, _ in others):
        reasons = [(told, count) for told, count in others.items() if told[0] == status]
        total = sum(count for _, count in reasons)
        told = f"{counted(total, 'cell')}: results.csv has them"
        yield told, status, f"{counted(len(reasons), 'other reason')}", total
