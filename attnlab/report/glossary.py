"""The terms of the pages, and the links to them where a page first uses one."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

_PLACES = {"p", "li", "figcaption"}
"""The elements whose words are linked."""
_LEFT = {
    "a",
    "code",
    "svg",
    "script",
    "style",
    "template",
    "summary",
    "h1",
    "h2",
    "h3",
    "dl",
    "button",
    "label",
}
"""The elements inside which they are not."""
_VOID = {"meta", "link", "br", "img", "input", "hr"}
_TAG = re.compile(r"(<(?:!--.*?--|[^>]*)>)", re.DOTALL)


@dataclass(frozen=True)
class Term:
    """A term, the other forms it takes, and what it means."""

    term: str
    says: str
    also: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its anchor in the glossary."""
        return "term-" + re.sub(r"\W+", "-", self.term.lower()).strip("-")


@functools.cache
def glossary() -> tuple[Term, ...]:
    """All terms, in the order of the alphabet."""
    entries = yaml.safe_load(Path(__file__).with_name("glossary.yaml").read_text(encoding="utf-8"))
    terms = [Term(entry["term"], entry["says"], tuple(entry.get("also", ()))) for entry in entries]
    return tuple(sorted(terms, key=lambda one: one.term.lower().lstrip("0123456789 %")))


def linked(page: str, index: str) -> str:
    """A page with each term linked to the glossary where its text first uses it. index: the way to that page."""
    forms = {form.lower(): one.id for one in glossary() for form in (one.term, *one.also)}
    longest = sorted(map(re.escape, forms), key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(longest)})(?![\w-])", re.IGNORECASE)
    seen: set[str] = set()

    def link(found: re.Match[str]) -> str:
        name = forms[found.group().lower()]
        if name in seen:
            return found.group()
        seen.add(name)
        return f'<a class="term" href="{index}#{name}">{found.group()}</a>'

    open_: list[str] = []
    pieces = _TAG.split(page)
    for place, piece in enumerate(pieces):
        if piece.startswith("<"):
            _walk(open_, piece)
        elif _PLACES & set(open_) and not _LEFT & set(open_):
            pieces[place] = pattern.sub(link, piece)
    return "".join(pieces)


def _walk(open_: list[str], tag: str) -> None:
    """Keep the stack of elements that are open after this tag."""
    found = re.match(r"</?([a-zA-Z][\w:-]*)", tag)
    if not found or found.group(1).lower() in _VOID or tag.endswith("/>"):
        return
    name = found.group(1).lower()
    if not tag.startswith("</"):
        open_.append(name)
    elif name in open_:
        del open_[len(open_) - 1 - open_[::-1].index(name) :]
