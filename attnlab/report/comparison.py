"""The page of a comparison: what differs, metric by metric and cell by cell, which claims changed; a csv."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from attnlab.files import read_json, write_atomically
from attnlab.report.compare import Change, Comparison, Movement
from attnlab.report.page import render
from attnlab.report.words import counted, listed, setting
from attnlab.spreadsheets import as_csv
from attnlab.verdicts.changed import Claims
from attnlab.verdicts.difference import HOW, ROUNDING

MOST_ROWS = 400
TOLD = 3
"""Metrics that have a sentence of their own."""


@dataclass(frozen=True)
class Line:
    """One row of the page: the cell, the metric, both numbers, the difference; clear: its interval excludes 0."""

    settings: tuple[str, ...]
    metric: str
    one: str
    other: str
    difference: str
    clear: bool


@dataclass(frozen=True)
class Stored:
    """A comparison there is a page of: its folder's name, the two studies, what it says."""

    folder: str
    names: tuple[str, str]
    sentences: tuple[str, ...]


def stored(place: Path) -> list[Stored]:
    """The comparisons whose pages lie in a folder; what cannot be read is left out."""
    found = []
    for path in sorted(place.glob("*/comparison.json")):
        try:
            told = read_json(path)
            one, other = map(str, told["names"])
            found.append(Stored(path.parent.name, (one, other), tuple(map(str, told["sentences"]))))
        except (OSError, ValueError, KeyError, TypeError):  # torn, or of another version
            continue
    return found


def sentences(found: Comparison) -> list[str]:
    """The comparison in words, the most important first."""
    a, b = found.names
    own = [
        f"{counted(left, 'cell')} of `{name}`" for left, name in zip(found.left, (a, b), strict=True) if left
    ]
    alone = f"; without a partner: {listed(own)}" if own else ", and no other cells"
    told = [f"`{a}` and `{b}` have {counted(found.common, 'cell')} in common{alone}.", _apart(found)]
    told += [movement(one, b) for one in found.movements[:TOLD]]
    if found.claims is not None:
        told.append(_claims(found, found.claims))
    return told


def _claims(found: Comparison, claims: Claims) -> str:
    """How many claims changed, and how many stand, with other numbers or to the letter."""
    changed = counted(len(claims.changed), "claim") if claims.changed else "No claim"
    same, kept = len(claims.again), claims.kept
    stand = [f"{same:,} say{'s' * (same == 1)} the same, {again(found)}"] if same else []
    stand += [f"{kept:,} {'is' if kept == 1 else 'are'} the same to the letter"] if kept else []
    return f"{changed} changed" + "".join(f"; {words}" for words in stand) + "."


def again(found: Comparison) -> str:
    """Why claims that stand have other numbers."""
    return "of other trials" if found.other_trials else "with numbers no further apart than their intervals"


def _apart(found: Comparison) -> str:
    """What the two studies differ in."""
    if found.differ:
        told = [f"{name} ({one} and {other})" for name, one, other in found.differ]
        return f"They differ in {listed(told)}."
    if found.same == found.common:
        return "These are the same cells: same settings, code and versions."
    why = listed(list(found.versions)) or "code of your own, or a file's content"
    cells = counted(found.common - found.same, "cell")
    return f"No setting tells them apart; {cells} came from other code: {why}."


def movement(one: Movement, name: str) -> str:
    """Where one metric moved."""
    if one.still:
        return f"`{one.metric}` is the same in each of {counted(one.cells, 'cell')}."
    moved = f"{signed(one.low)} to {signed(one.high)}, median {signed(one.middle)}"
    return (
        f"`{one.metric}`: `{name}` is clearly higher in {one.up:,} and clearly lower in {one.down:,} of "
        f"{counted(one.cells, 'cell')} (difference {signed(one.low) if one.low == one.high else moved})."
    )


def signed(value: float) -> str:
    """A difference as it is printed; what sums in another order leave is none."""
    return "0" if abs(value) <= ROUNDING else f"{value:+.3g}"


def _contents(found: Comparison, rows: bool) -> list[tuple[str, str]]:
    """The sections of the page: their ids and names."""
    there = {
        "verdict": ("Summary", True),
        "compared": ("What is compared", bool(found.differ)),
        "metrics": ("Metric by metric", True),
        "claims": ("Claims that changed", True),
        "cells": ("Cell by cell", rows),
        "unequal": ("Done on one side only", bool(found.unequal)),
        "again": ("Reproduce this", True),
    }
    return [(place, name) for place, (name, present) in there.items() if present]


def lines(changes: Sequence[Change]) -> list[Line]:
    """The rows of the page, as they are printed."""
    return [
        Line(
            tuple(setting(value) for value in change.settings),
            change.metric,
            str(change.one),
            str(change.other),
            str(change.difference),
            bool(change.difference.clear),
        )
        for change in changes
    ]


def write(folder: Path, found: Comparison, command: str) -> Path:
    """Write the pages, results.csv and comparison.json into `folder`; the path of report.html is returned.

    The same arguments give the same bytes.
    """
    moved = [one for one in found.movements if not one.still]
    names = [one.metric for one in moved]
    changes = [change for change in found.changes if change.metric in names]
    facts: dict[str, object] = {
        "found": found,
        "told": sentences(found),
        "again": again(found),
        "contents": _contents(found, bool(changes)),
        "moved": moved,
        "still": [one.metric for one in found.movements if one.still],
        "signed": signed,
        "total": len(changes),
        "lines": lines(changes[:MOST_ROWS]),
        "unequal": [
            (" ".join(f"{n}={setting(v)}" for n, v in zip(found.columns, own, strict=True)), a, b)
            for own, a, b in found.unequal
        ],
        "how": [HOW[how] for how in HOW if any(change.difference.how == how for change in changes)],
        "by_chance": sum(
            change.difference.known and change.difference.how != "same cell" for change in changes
        ),
        "command": command,
    }
    told = {"names": found.names, "sentences": facts["told"]}
    write_atomically(folder / "comparison.json", json.dumps(told, indent=1) + "\n")
    write_atomically(folder / "results.csv", as_csv(found.table))
    write_atomically(folder / "report.md", render("comparison.md.j2", **facts))
    return write_atomically(folder / "report.html", render("comparison.html.j2", **facts))
