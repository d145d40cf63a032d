"""One study's page: the question, the verdict, the figures, and all it takes to doubt them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from attnlab.files import write_atomically
from attnlab.report import maps
from attnlab.report.cell_table import assumes, cell_table
from attnlab.report.findings import Findings, findings
from attnlab.report.glossary import linked
from attnlab.report.page import allowed, paragraphs, render, script
from attnlab.report.shown import all_once
from attnlab.report.words import counted, gist, setting
from attnlab.tidy import FINAL, USUAL, complete, unit_of
from attnlab.verdicts import QUESTIONS, Verdict
from attnlab.verdicts.claim import ENOUGH

Problem = tuple[str, str, str, int]
"""Settings in words, the status and the reason of the cells that have them, and how many cells these are."""

FIGURES = "figures"
MOST_HEADLINE = 160


@dataclass(frozen=True)
class Study:
    """The facts of a study that its table does not hold.

    experiment: the shipped experiment that it is a sweep of, nothing for one of the user's own; date: when its
    last cell was measured; question: the experiment's first paragraph; method: how it was done;
    command: the line that makes it again; beside: what else is stored under its name, in a sentence; counts:
    cells by status; problems: the cells that are not done; settings: those common to all cells; provenance:
    code, versions, days; exhibits: what its cells show beside their numbers (`attnlab.report.maps`); figures:
    yaml mappings; the one that shows the claim's number opens the page.
    """

    name: str
    title: str
    question: str
    experiment: str = ""
    method: str = ""
    command: str = ""
    date: str = ""
    beside: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)
    figures: Sequence[Mapping[str, object]] = ()
    exhibits: Mapping[str, Any] = field(default_factory=dict)

    def require_kinds(self) -> None:
        """Raise TypeError where a fact is of another kind than it should be: it may have been read from a file."""
        for fact in dataclasses.fields(self):
            value = getattr(self, fact.name)
            expected = (
                str if fact.type == "str" else Mapping if "Mapping[" in str(fact.type)[:8] else Sequence
            )
            if not isinstance(value, expected) or (expected is Sequence and isinstance(value, str)):
                raise TypeError(f"{fact.name}: expected {expected.__name__}, got {type(value).__name__}")
        if not all(isinstance(count, int) for count in self.counts.values()):
            raise TypeError("counts: expected whole numbers")
        for words, status, reason, cells in self.problems:
            if not all(isinstance(told, str) for told in (words, status, reason)) or not isinstance(
                cells, int
            ):
                raise TypeError("problems: expected three texts and how many cells there are")
        if not all(isinstance(figure, Mapping) for figure in self.figures):
            raise TypeError("figures: expected mappings")

    @property
    def unanswered(self) -> str:
        """What stands where the verdict would: why there are no numbers, and what mends it."""
        away = [(status, count) for status, count in self.tally if count and status != "done"]
        told = ", ".join(f"{count:,} {status}" for status, count in away) + self._commonest(away)
        if self._left:
            return f"No verdict yet: {told}.{self._mend}"
        if away and not self.counts.get("done"):
            return f"No verdict: {told}."
        few = f"No verdict: no claim speaks of these cells, or they have fewer than the {ENOUGH} trials it needs"
        return f"{few}; {told}." if away else f"{few}."

    @property
    def unfinished(self) -> str:
        """What stands below a verdict over a part of the cells: how many are left, and what goes on with them."""
        told = ", ".join(f"{count:,} {status}" for status, count in self._left)
        cells = counted(sum(count for _, count in self.tally), "cell")
        others = f"Of {cells} not all are done ({told}), and the numbers are those of the others."
        return f"{others}{self._mend}" if self._left else ""

    @property
    def _left(self) -> list[tuple[str, int]]:
        """The cells that will run again, by status."""
        return [(status, count) for status, count in self.tally if count and status not in FINAL]

    @property
    def _mend(self) -> str:
        """The sentence that tells the command that runs the cells that are left."""
        which = "those that were not skipped" if self.counts.get("skipped") else "them"
        return f" `{self.command}` goes on with {which}." if self.command else ""

    def _commonest(self, away: Sequence[tuple[str, int]]) -> str:
        """The reason that most of the cells have that are not done, in brackets."""
        reasons: Counter[str] = Counter()
        for _, _, reason, cells in self.problems:
            reasons.update({gist(reason): cells} if reason.strip() else {})
        ((reason, cells),) = reasons.most_common(1) or [("", 0)]
        of_them = "" if cells == sum(count for _, count in away) else f"{cells:,} of them: "
        return f" ({of_them}{reason})" if reason else ""

    @property
    def tally(self) -> list[tuple[str, int]]:
        """Cells by status, the four known ones always, others where there are any."""
        known = [(status, int(self.counts.get(status, 0))) for status in USUAL]
        others = [(status, int(count)) for status, count in self.counts.items() if count]
        return known + [(status, count) for status, count in others if status not in USUAL]

    @property
    def headline(self) -> str:
        """What stands above the page: the question itself, or the title if the question is long."""
        asked = paragraphs(self.question)
        return asked[0] if len(asked) == 1 and len(asked[0]) <= MOST_HEADLINE else self.title

    @property
    def grouped_problems(self) -> list[tuple[str, str, int, list[str]]]:
        """Status, reason, how many cells share both, and their settings; failures first."""
        groups: dict[tuple[str, str], list[tuple[str, int]]] = {}
        for settings, status, reason, cells in self.problems:
            groups.setdefault((status, reason), []).append((settings, cells))
        for told in groups.values():
            told.sort(key=lambda one: (-one[1], one[0]))
        return [
            (status, reason, sum(count for _, count in told), [words for words, _ in told])
            for (status, reason), told in sorted(
                groups.items(), key=lambda group: (group[0][0] == "skipped", group[0])
            )
        ]


def write(folder: Path, study: Study, table: pd.DataFrame, verdict: Verdict) -> list[Path]:
    """Write report.html, report.md and figures/ into `folder`; returns all that was written, the page first.

    The same arguments give the same bytes. A figure that cannot be drawn is shown with the reason.
    """
    table = complete(table)
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    specs = sorted(study.figures, key=lambda spec: not verdict.claimed or spec.get("name") != verdict.claimed)
    figures = all_once(specs, table, FIGURES)
    files = [
        write_atomically(folder / FIGURES / name, content)
        for figure in figures
        for name, content in figure.files.items()
    ]
    drawn = {figure.marks: (place, figure) for place, figure in enumerate(figures, 1) if not figure.problem}
    places = {
        figure.name: drawn.get(figure.marks, (place, figure)) for place, figure in enumerate(figures, 1)
    }
    found = findings(verdict, places)
    first = list(dict.fromkeys(metric for figure in figures for metric in figure.metrics))
    sorting = script("cells.js")
    facts: dict[str, object] = {
        "study": study,
        "verdict": verdict,
        "found": found,
        "questions": QUESTIONS,
        "figures": figures,
        "cells": cell_table(table, first),
        "script": sorting,
        "scripts": [allowed(sorting)],
        "assumes": assumes(unit_of(table)),
        "settings": {name: setting(value) for name, value in study.settings.items()},
        "provenance": {name: setting(value) for name, value in study.provenance.items()},
    }
    shown = maps.drawn(study.exhibits)
    facts["maps"] = shown
    files += [write_atomically(folder / name, content) for name, content in shown.files.items()]
    facts["contents"] = _contents(study, verdict, found, len(figures))
    twin = write_atomically(folder / "report.md", render("study.md.j2", **facts))
    text = linked(render("study.html.j2", **facts), "../index.html")
    page = write_atomically(folder / "report.html", text)
    return [page, twin, *files]


def _contents(study: Study, verdict: Verdict, found: Findings, figures: int) -> list[tuple[str, str]]:
    """The sections of the page: their ids and names."""
    there = {
        "verdict": ("Verdict", verdict.drawn),
        "found": ("What else it found", bool(found.others)),
        "figures": ("More figures", figures > 1),
        "maps": ("Attention maps", bool(study.exhibits)),
        "levels": ("Level by level", bool(found.tables or found.more)),
        "method": ("How it was done", bool(study.method)),
        "questions": ("The four questions", bool(verdict.answers)),
        "cells": ("Every cell", True),
        "limits": ("Limits", bool(verdict.limits)),
        "again": ("Reproduce this", True),
    }
    return [(place, name) for place, (name, present) in there.items() if present]
