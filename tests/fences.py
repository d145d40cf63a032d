"""The fenced blocks of a page of Markdown, read line by line: a closing fence opens nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class Block(NamedTuple):
    """The language that is named ('': none) and the lines between the fences."""

    kind: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order. Raises AssertionError for a fence that is never closed."""
    found: list[Block] = []
    kind, inside = "", None
    for line in page.read_text(encoding="utf-8").splitlines(keepends=True):
        fence = line.startswith("```")
        if fence and inside is None:
            kind, inside = line[3:].strip(), ""
        elif fence and inside is not None:
            assert line.strip() == "```", f"{page.name}: {line!r} closes a block"
            found.append(Block(kind, inside))
            inside = None
        elif inside is not None:
            inside += line
    assert inside is None, f"{page.name}: a block is never closed"
    return found


def of_kind(page: Path, kind: str) -> list[str]:
    """The texts of the blocks in this language."""
    return [block.text for block in blocks(page) if block.kind == kind]


def commands(page: Path, name: str = "attnlab") -> list[str]:
    """Every line of a page that calls a command, without its comment."""
    lines = [line for text in of_kind(page, "") for line in text.splitlines()]
    return [re.split(r"\s+#", line)[0].strip() for line in lines if line.split(" ")[0] == name]
