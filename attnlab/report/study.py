"""One study's page: the question, the verdict, the figures, and all it takes to doubt them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from attnlab.files import write_atomically
from attnlab.intervals import ASSUMES
from attnlab.report.cell_table import cell_table
from attnlab.report.findings import Findings, findings
from attnlab.report.glossary import linked
from attnlab.report.page import allowed, paragraphs, render, script
from attnlab.report.shown import whole
from attnlab.report.words import setting
from attnlab.tidy import USUAL, complete
from attnlab.verdicts import QUESTIONS, Verdict

Problem = tuple[str, str, str]
"""The settings of a cell in words, its status, and the reason."""

FIGURES = "figures"
MOST_HEADLINE = 160


@dataclass(frozen=True)
class Study:
    """The facts of a study that its table does not hold.

    experiment: the shipped experiment that it is a sweep of, nothing for one of the user's own; date: when its
    last cell was measured; question: the experiment's first paragraph; method: how it was done;
    command: the line that makes it again; beside: what else is stored under its name, in a sentence; counts:
    cells by status; problems: the cells that are not done; settings: those common to all cells; provenance:
    code, versions, days; figures: yaml mappings; the one that shows the claim's number opens the page.
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

    @property
    def unanswered(self) -> str:
        """What stands where the verdict would: why there are no numbers, and what mends it."""
        waiting = [(status, count) for status, count in self.tally if count and status != "done"]
        if not waiting:
            return "No verdict: no cell that it needs has a number."
        told = ", ".join(f"{count:,} {status}" for status, count in waiting)
        reasons = [reason.strip().splitlines()[-1] for _, _, reason in self.problems if reason.strip()]
        common = f" ({max(dict.fromkeys(reasons), key=reasons.count)})" if reasons else ""
        mend = f" `{self.command}` goes on with them." if self.command else ""
        return f"No verdict yet: {told}{common}.{mend}"

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
    def grouped_problems(self) -> list[tuple[str, str, list[str]]]:
        """Status, reason, and the settings of the cells that share both; failures first."""
        groups: dict[tuple[str, str], list[str]] = {}
        for settings, status, reason in self.problems:
            groups.setdefault((status, reason), []).append(settings)
        return [
            (status, reason, sorted(cells))
            for (status, reason), cells in sorted(
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
    figures = [whole(spec, table, FIGURES, f"figure{place}") for place, spec in enumerate(specs)]
    files = [
        write_atomically(folder / FIGURES / name, content)
        for figure in figures
        for name, content in figure.files.items()
    ]
    places = {figure.name: (place, figure) for place, figure in enumerate(figures, 1)}
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
        "assumes": ASSUMES,
        "settings": {name: setting(value) for name, value in study.settings.items()},
        "provenance": {name: setting(value) for name, value in study.provenance.items()},
    }
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
        "levels": ("Level by level", bool(found.levels or found.more)),
        "method": ("How it was done", bool(study.method)),
        "questions": ("The four questions", bool(verdict.answers)),
        "cells": ("Every cell", True),
        "limits": ("Limits", bool(verdict.limits)),
        "again": ("Reproduce this", True),
    }
    return [(place, name) for place, (name, present) in there.items() if present]
