"""The page over all studies: four questions, their answers, and the way to each study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from attnlab.report.figures.base import Figure, Rendering, build
from attnlab.report.gauge import gauge
from attnlab.report.page import render
from attnlab.report.pooling import NotDrawable, complete
from attnlab.report.study import Study, replace
from attnlab.verdicts import QUESTIONS, Answer, Verdict


@dataclass(frozen=True)
class IndexEntry:
    """One study on the index page; folder: where its report lies, relative to the index."""

    study: Study
    verdict: Verdict
    table: pd.DataFrame
    folder: str = ""

    @property
    def link(self) -> str:
        """The folder of the study's report."""
        return self.folder or self.study.name


@dataclass(frozen=True)
class Line:
    """One answer in the four-question table."""

    answer: Answer
    entry: IndexEntry

    @property
    def gauge(self) -> Markup:
        """The interval drawn on the unit scale, if it is a share."""
        return gauge(self.answer.interval)


@dataclass(frozen=True)
class Card:
    """A study with one figure, or the reason why it shows none."""

    entry: IndexEntry
    figure: Markup
    title: str
    problem: str = ""


@dataclass(frozen=True)
class Opening:
    """A figure shown above the studies."""

    entry: IndexEntry
    title: str
    html: Markup
    drawn: Rendering


def write(results: Path, studies: Sequence[IndexEntry]) -> Path:
    """Write index.html and index.md into `results`; the path of index.html is returned.

    The same arguments give the same bytes. Raises ValueError if a figure's mapping is wrong.
    """
    facts: dict[str, object] = {
        "questions": QUESTIONS,
        "answers": {
            question: [
                Line(answer, entry)
                for entry in studies
                for answer in entry.verdict.answers
                if answer.question == question
            ]
            for question in QUESTIONS
        },
        "openings": [
            opening
            for entry in studies
            for spec in entry.study.figures
            if spec.get("opening") and (opening := _opening(entry, build(spec))) is not None
        ],
        "cards": [_card(entry) for entry in studies],
    }
    replace(results / "index.md", render("index.md.j2", **facts))
    return replace(results / "index.html", render("index.html.j2", **facts))


def _opening(entry: IndexEntry, figure: Figure) -> Opening | None:
    try:
        drawn = figure.render(complete(entry.table), f"{entry.link}/figures", f"{entry.study.name}-opening")
    except NotDrawable:
        return None
    return Opening(entry, figure.heading, Markup(drawn.html), drawn)


def _card(entry: IndexEntry) -> Card:
    """The first figure that can be drawn and does not stand above already."""
    problem = ""
    for spec in entry.study.figures:
        figure = build(spec)
        if figure.opening:
            continue
        try:
            drawn = Markup(figure.card(complete(entry.table), f"{entry.study.name}-{figure.name}"))
            return Card(entry, drawn, figure.heading)
        except NotDrawable as reason:
            problem = problem or str(reason)
    return Card(entry, Markup(""), "", problem)
