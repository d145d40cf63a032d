"""Cells of a plan that differ from another one only in settings which play no role in either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attnlab.harness.cells import Cell
from attnlab.report.words import counted, listed
from attnlab.verdicts.scene import part_of
from attnlab.verdicts.situation import silenced


def alike(cells: Iterable[Cell], figures: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What is measured more than once by settings that play no role, in words; by the `silent` of the figures.

    Those say, for a level of some setting, of which parts and settings nothing is used: whether `source=trained`
    goes with one kind of drawn problems or another, its numbers are the same.
    """
    silent = {str(level): set(parts) for one in figures for level, parts in (one.get("silent") or {}).items()}
    seen: set[tuple[tuple[str, str], ...]] = set()
    again: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for cell in cells if silent else ():
        settings = cell.settings()
        levels = [f"{name}={value}" for name, value in settings.items() if str(value) in silent]
        quiet, parts = silenced(settings.values(), silent), list(map(part_of, settings))
        told = tuple(
            (name, repr(value))
            for (name, value), part in zip(settings.items(), parts, strict=True)
            if part not in quiet
        )
        if told in seen:
            again[" ".join(levels), tuple(dict.fromkeys(part for part in parts if part in quiet))] += 1
        seen.add(told)
    for (levels_told, unused), count in again.items():
        what = f"{counted(count, 'cell')} with {levels_told}"
        yield f"{what}: another cell has the same numbers, since {listed(list(unused))} play no role there"
