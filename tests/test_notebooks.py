"""The examples are notebooks as well: converted by jupytext, valid, the same program, each cell runs as it is."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
CELL_BY_CELL = """
import sys
import nbformat

known = {"__name__": "__main__"}
for cell in nbformat.read(sys.argv[1], as_version=4).cells:
    if cell.cell_type == "code":
        exec(compile(cell.source, "<cell>", "exec"), known)
"""
"""What a notebook's kernel does with its cells: a namespace, and no file that a worker could import."""


def opened(path: Path) -> Any:
    """The notebook that an example opens as."""
    return jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")


def test_there_are_three() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_notebook_of_the_same_program(path: Path) -> None:
    text, notebook = path.read_text(encoding="utf-8"), opened(path)
    nbformat.validate(notebook)
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == "markdown" and notebook.cells[0].source.startswith("# ") and kinds.count("code") >= 2
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert all(ast.parse(source).body for source in code)
    assert ast.dump(ast.parse("\n".join(code))) == ast.dump(ast.parse(text))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_notebook_runs_cell_by_cell(path: Path, tmp_path: Path) -> None:
    (tmp_path / "example.ipynb").write_text(jupytext.writes(opened(path), fmt="ipynb"), encoding="utf-8")
    plain = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", CELL_BY_CELL, "example.ipynb"]
    done = subprocess.run(words, cwd=tmp_path, env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() and "Warning" not in done.stderr
