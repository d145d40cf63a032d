"""The page over all studies: four questions, their answers, and the way to each study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from attnlab.files import write_atomically
from attnlab.report.interval_bar import interval_bar
from attnlab.report.page import render
from attnlab.report.shown import Shown, small, whole
from attnlab.report.study import FIGURES, Study
from attnlab.tidy import complete
from attnlab.verdicts import QUESTIONS, Answer, Verdict

SHOWN = 4
"""Answers a question shows at once; the others are folded away."""


@dataclass(frozen=True)
class Frames:
    """A study's figures on the index page: its card, and those that stand above all studies."""

    card: Shown
    openings: tuple[Shown, ...] = ()


@dataclass(frozen=True)
class IndexEntry:
    """One study on the index page; folder: where its report lies, relative to the index."""

    study: Study
    verdict: Verdict
    frames: Frames
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
    def interval_bar(self) -> Markup:
        """The interval drawn on the unit scale, if it is a share."""
        return interval_bar(self.answer.interval)


@dataclass(frozen=True)
class Framed:
    """A study with one of its figures. picture: the figure's file beside the study's report, if there is one."""

    entry: IndexEntry
    figure: Shown
    picture: str = ""


def _opens(entry: IndexEntry) -> bool:
    """Whether a study has a figure for the top of the index; its answers then come first."""
    return any(spec.get("opening") for spec in entry.study.figures)


def write(results: Path, studies: Sequence[IndexEntry]) -> Path:
    """Write index.html and index.md into `results`; the path of index.html is returned.

    The same arguments give the same bytes. A figure that cannot be drawn is shown with the reason.
    """
    facts: dict[str, object] = {
        "questions": QUESTIONS,
        "shown": SHOWN,
        "answers": {
            question: [
                Line(answer, entry)
                for entry in sorted(studies, key=_opens, reverse=True)
                for answer in entry.verdict.answers
                if answer.question == question
            ]
            for question in QUESTIONS
        },
        "openings": [Framed(entry, shown) for entry in studies for shown in entry.frames.openings],
        "cards": [_card(results, entry) for entry in studies],
    }
    write_atomically(results / "index.md", render("index.md.j2", **facts))
    return write_atomically(results / "index.html", render("index.html.j2", **facts))


def _card(results: Path, entry: IndexEntry) -> Framed:
    shown = entry.frames.card
    files = [f"{entry.link}/{FIGURES}/{shown.name}.{kind}" for kind in ("svg", "png")]
    return Framed(entry, shown, next((name for name in files if (results / name).exists()), ""))


def frames(study: Study, table: pd.DataFrame, link: str) -> Frames:
    """A study's figures for the index; its report lies in the folder `link`, relative to the index.

    The card is the first figure that can be drawn and does not stand above already, else the last one's reason.
    """
    table = complete(table)
    shown = Shown(study.name, "")
    for spec in study.figures:
        if not spec.get("opening"):
            shown = small(spec, table, f"{study.name}-card")
            if not shown.problem:
                break
    above = [spec for spec in study.figures if spec.get("opening")]
    return Frames(
        shown, tuple(whole(spec, table, f"{link}/{FIGURES}", f"{study.name}-top") for spec in above)
    )
