"""No loop without an end: each `while` says beside it why it ends."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "attnlab").rglob("*.py"))


def loops_without_a_reason(source: str) -> list[int]:
    """The lines of the `while` loops that have no `# ends: why` on their line or the one above."""
    lines = source.splitlines()
    loops = [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.While)]
    return [at for at in loops if not any("# ends: " in line for line in lines[max(at - 2, 0) : at])]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_while_loop_says_why_it_ends(path: Path) -> None:
    at = loops_without_a_reason(path.read_text(encoding="utf-8"))
    assert not at, f"lines {at}: bound the loop with `for`, or say `# ends: why` beside it"


def test_a_bare_loop_is_seen() -> None:
    assert loops_without_a_reason("while True:\n    pass\n") == [1]
    assert loops_without_a_reason("x = 1\nwhile x:  # ends: x falls\n    x -= 1\n") == []
