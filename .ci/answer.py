"""The answer in prose with the numbers of the reference run, the page made from it, and the blocks of README.

A share in the text is followed by a comment that says where it comes from, `94.4 % <!-- asker possible inputs.n=16
... -->`: a study, a metric, and settings that single out one row of its table.
"""

from __future__ import annotations

import functools
import itertools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from attnlab.files import write_atomically
from attnlab.harness.publish import entries
from attnlab.report import index, plane
from attnlab.report.page import prose, render

NUMBER = re.compile(r"([\d.]+) %\s*<!-- (.+?) -->")
PICTURE = re.compile(r"!\[(.+?)\]\(\.\./results/reference/(.+?)\)")
SQUARE = "plane.svg"
"""The picture of the index, standing still."""
STYLE = """
text { font: 15px sans-serif; } .link { stroke-width: 2.5; fill: none; } .link.second { stroke-dasharray: 6 3; }
.link.first { stroke: #0072b2; } .link.second { stroke: #d55e00; } .tip.first { fill: #0072b2; }
.tip.second { fill: #d55e00; } .sum-name { font-weight: 600; } .still { fill: #fff; stroke: #1a1a1a; }
"""


@dataclass(frozen=True)
class Part:
    """A heading, a paragraph or a picture. place: a heading's id, a picture's file; drawing: that of a study."""

    kind: str
    text: str | Markup
    place: str = ""
    drawing: Markup = field(default_factory=Markup)


@functools.cache
def table(path: Path) -> pd.DataFrame:
    """A study's table, every entry as it is written."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def share(asked: str, reference: Path) -> str:
    """The share `study metric setting=level ...` in per cent; raises ValueError unless one row is meant."""
    study, metric, *settings = asked.split()
    rows = table(reference / study / "results.csv")
    rows = rows[rows["metric"] == metric]
    for setting in settings:
        name, _, level = setting.partition("=")
        rows = rows[rows[name] == level]
    if len(rows) != 1:
        raise ValueError(f"{asked!r} means {len(rows)} rows of the reference run, not one")
    return f"{100 * float(rows['value'].iloc[0]):.1f}"


def filled(text: str, reference: Path) -> str:
    """The text with every share as the reference run has it."""

    def put(found: re.Match[str]) -> str:
        return share(found[2], reference) + found[0][len(found[1]) :]

    return NUMBER.sub(put, text)


def drawing(place: str, reference: Path) -> Markup:
    """The figure `<study>/figures/<name>.svg` as its study's page shows it, wide and narrow, with ids of its own.

    Raises ValueError if the page shows no such figure.
    """
    study, _, name = place.removesuffix(".svg").split("/")
    page = (reference / study / "report.html").read_text(encoding="utf-8")
    shown = page.partition(f'<figure id="figure-{name}">')[2].partition("</figure>")[0]
    both = re.search(r'<div class="wide">.*(?=<figcaption>)', shown, re.DOTALL)
    there = re.search(r'\bid="(figure\d+-)wide-', shown)
    if not both or not there:
        raise ValueError(f"{place}: expected a drawing that the page of {study} shows, got {name}")
    return Markup(both[0].strip().replace(there[1], f"{study}-{name}-"))


def parts(text: str, reference: Path) -> Iterator[Part]:
    """What the page shows, one after the other, without the title."""
    for block in re.split(r"\n\s*\n", NUMBER.sub(r"\1 %", text).strip())[1:]:
        line = " ".join(block.split())
        picture = PICTURE.fullmatch(line)
        if picture:
            own = Markup() if picture[2] == SQUARE else drawing(picture[2], reference)
            yield Part("picture", picture[1], picture[2], own)
        elif line.startswith("## "):
            yield Part("heading", line[3:], place=re.sub(r"\W+", "-", line[3:].lower()))
        else:
            yield Part("paragraph", Markup(re.sub(r"\*([^*]+)\*", r"<em>\1</em>", str(prose(line)))))


def findings(page: str) -> list[str]:
    """The claim that opens a study's page and what else it found, as they stand, without figures and tables."""
    opening, _, rest = page.partition("## What else it found")
    told = [line[2:].replace("**", "") for line in opening.splitlines() if line.startswith("> ")]
    told += ["", *rest.partition("\n## ")[0].strip().splitlines()]
    return [re.sub(r"( \((figure|table) [0-9]+\))+$", "", line) for line in told]


def blocks(readme: str, reference: Path) -> str:
    """README with its table and its findings as the reference run has them."""
    lines = (reference / "index.md").read_text(encoding="utf-8").splitlines()
    table = itertools.takewhile(
        lambda line: line.startswith("|"),
        itertools.dropwhile(lambda line: not line.startswith("| n = "), lines),
    )
    page = (reference / "four_questions" / "report.md").read_text(encoding="utf-8")
    for name, told in (("answers", table), ("findings", findings(page))):
        start, end = re.search(rf"<!-- {name}.*?-->\n", readme), readme.find(f"\n<!-- /{name} -->")
        assert start is not None and end > 0, f"README has no block {name}"
        readme = readme[: start.end()] + "\n".join(told) + readme[end:]
    return readme


def main(prose_file: Path, reference: Path, readme: Path) -> None:
    """Fill the numbers in, write the picture, the page, the index that names it, and README's blocks."""
    facts = plane.facts()
    alone = render("plane_alone.html.j2", plane=facts, style=STYLE)
    write_atomically(reference / SQUARE, alone.strip() + "\n")
    text = filled(prose_file.read_text(encoding="utf-8"), reference)
    write_atomically(prose_file, text)
    title = text.partition("\n")[0].removeprefix("# ")
    page = render("answer.html.j2", title=title, plane=facts, parts=list(parts(text, reference)))
    print(write_atomically(reference / "answer.html", page))
    index.write(reference, entries(reference))
    write_atomically(readme, blocks(readme.read_text(encoding="utf-8"), reference))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
