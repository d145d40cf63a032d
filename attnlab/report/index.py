"""The page over all studies: the answer, the picture, four questions, and the studies as an argument."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml
from markupsafe import Markup

from attnlab.files import write_atomically
from attnlab.report import plane
from attnlab.report.comparison import Stored
from attnlab.report.glossary import glossary, linked
from attnlab.report.interval_bar import interval_bar
from attnlab.report.page import allowed, render, script
from attnlab.report.shown import Shown, small, whole
from attnlab.report.study import FIGURES, Study
from attnlab.tidy import complete
from attnlab.verdicts import QUESTIONS, Answer, Verdict

_BEFORE, _AFTER = "<!--neighbours-->", "<!--/neighbours-->"
"""Between them a study's page has the ways to its neighbours, which only the index knows."""


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
    """One answer to one of the four questions."""

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
    step: str = ""


@functools.cache
def argument() -> dict[str, str]:
    """The shipped experiments in the order of the argument, each with the step its studies take."""
    entries = yaml.safe_load(Path(__file__).with_name("argument.yaml").read_text(encoding="utf-8"))
    return {experiment: step for entry in entries for experiment, step in [_named(**entry)]}


def _named(experiment: str, step: str) -> tuple[str, str]:
    """An entry of the argument; a step whose comma yaml took for the next key is a TypeError."""
    return experiment, step


def in_order(studies: Sequence[IndexEntry]) -> list[IndexEntry]:
    """The studies as an argument; those that are no part of it follow by name."""
    places = list(argument())

    def place(entry: IndexEntry) -> tuple[int, str]:
        own, name = entry.study.experiment, entry.study.name
        return (places.index(own) if own in places else len(places), name)

    return sorted(studies, key=place)


@dataclass(frozen=True)
class Limit:
    """What some studies do not show, said once; studies: those that say so."""

    says: str
    studies: tuple[IndexEntry, ...]


def limits(studies: Sequence[IndexEntry]) -> list[Limit]:
    """Every limit of these studies, in their order."""
    found: dict[str, list[IndexEntry]] = {}
    for entry in studies:
        for limit in dict.fromkeys(entry.verdict.limits):
            found.setdefault(limit, []).append(entry)
    return [Limit(limit, tuple(own)) for limit, own in found.items()]


def write(results: Path, studies: Sequence[IndexEntry], comparisons: Sequence[Stored] = ()) -> Path:
    """Write index.html and index.md into `results`; the path of index.html is returned.

    The same arguments give the same bytes. A figure that cannot be drawn is shown with the reason.
    """
    studies = in_order(studies)
    opens = [entry for entry in studies if any(spec.get("opening") for spec in entry.study.figures)]
    others = [entry for entry in studies if not _stands_above(entry)]
    moving = script("plane.js")
    facts: dict[str, object] = {
        "questions": QUESTIONS,
        "in_prose": (results / "answer.html").exists(),
        "sentence": next((entry.verdict.opening for entry in opens if entry.verdict.opening), ""),
        "plane": plane.facts(),
        "script": moving,
        "scripts": [allowed(moving)],
        "answers": {
            question: [
                Line(answer.kept, entry)
                for entry in [*opens, *(entry for entry in studies if entry not in opens)]
                for answer in entry.verdict.answers
                if answer.question == question
            ]
            for question in QUESTIONS
        },
        "openings": [Framed(entry, shown) for entry in opens for shown in entry.frames.openings],
        "cards": [_card(results, entry) for entry in others],
        "studies": studies,
        "limits": limits(studies),
        "called": _called(studies),
        "comparisons": comparisons,
        "glossary": glossary(),
    }
    _join(results, studies, _called(studies))
    write_atomically(results / "index.md", render("index.md.j2", **facts))
    return write_atomically(results / "index.html", linked(render("index.html.j2", **facts), ""))


def _called(studies: Sequence[IndexEntry]) -> dict[str, str]:
    """How each study is called on the index, by its link: by its title, with its name where another has it too."""
    titles = [entry.study.title for entry in studies]
    return {
        entry.link: entry.study.title
        if titles.count(entry.study.title) == 1
        else f"{entry.study.title} ({entry.link})"
        for entry in studies
    }


def without_ways(page: bytes) -> bytes:
    """A study's page as it was drawn, without the ways to its neighbours."""
    before, mark, rest = page.partition(_BEFORE.encode())
    return before + mark + rest[rest.find(_AFTER.encode()) :] if mark else page


def _join(results: Path, studies: Sequence[IndexEntry], called: Mapping[str, str]) -> None:
    """Put the way to the study before and the study after into each study's page; called: by their links."""
    for place, entry in enumerate(studies):
        ways = []
        for name, at in (("Previous", place - 1), ("Next", place + 1)):
            if 0 <= at < len(studies):
                way = Markup(' <a href="../{}/report.html">{}: {}</a>')
                ways.append(way.format(studies[at].link, name, called[studies[at].link]))
        page = results / entry.link / "report.html"
        old = page.read_text(encoding="utf-8") if page.exists() else ""
        before, mark, rest = old.partition(_BEFORE)
        new = "".join([before, mark, *ways, _AFTER, rest.partition(_AFTER)[2]])
        if mark and new != old:
            write_atomically(page, new)


def _stands_above(entry: IndexEntry) -> bool:
    """Whether all figures of a study stand at the top of the index: then it needs no card."""
    figures = entry.study.figures
    return bool(figures) and all(spec.get("opening") for spec in figures)


def _card(results: Path, entry: IndexEntry) -> Framed:
    shown = entry.frames.card
    files = [f"{entry.link}/{FIGURES}/{shown.name}.{kind}" for kind in ("svg", "png")]
    picture = next((name for name in files if (results / name).exists()), "")
    return Framed(entry, shown, picture, argument().get(entry.study.experiment, ""))


def frames(study: Study, table: pd.DataFrame, link: str, claimed: str = "") -> Frames:
    """A study's figures for the index; its report lies in the folder `link`, relative to the index.

    The card is the figure `claimed`, which shows the number of the study's claim, else the first that can be drawn
    and does not stand above already, else the last one's reason.
    """
    table = complete(table)
    shown = Shown(study.name, "")
    for spec in sorted(study.figures, key=lambda spec: spec.get("name") != claimed):
        if not spec.get("opening"):
            shown = small(spec, table, f"{study.name}-card")
            if not shown.problem:
                break
    above = [spec for spec in study.figures if spec.get("opening")]
    return Frames(
        shown, tuple(whole(spec, table, f"{link}/{FIGURES}", f"{study.name}-top") for spec in above)
    )
