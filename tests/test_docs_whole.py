"""The documentation is whole: every experiment, setting and heading there is."""

from __future__ import annotations

import ast
import re
import runpy
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from attnlab.harness.cells import arguments
from attnlab.parts import Part

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONCEPTS = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
FILES = sorted((ROOT / "experiments").glob("[a-z]*.py"))
EVERYWHERE = {"trials", "repeats", "seed"}


def table(head: str) -> list[list[str]]:
    """The rows of the table of concepts.md whose head this is."""
    rows = CONCEPTS.partition(f"{head}\n")[2].splitlines()[1:]
    return [[cell.strip() for cell in row.split(" | ")] for row in rows[: rows.index("")]]


def settings(name: str) -> dict[str, typing.Any]:
    """The plain settings that a trial takes, with their annotations."""
    taken = arguments(f"attnlab.experiments.{name}")
    return {
        key: kind
        for key, kind in taken.items()
        if not (isinstance(kind, type) and issubclass(kind, Part)) and key not in {*EVERYWHERE, "rng"}
    }


def test_every_experiment_is_told_by_its_question() -> None:
    told = {row[0].strip("|` "): row[1].strip("| ") for row in table("| name | asks |")}
    asked = {
        path.stem: " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0].split())
        for path in FILES
    }
    assert told == {name: words.partition(": ")[2] for name, words in asked.items()}


def test_every_setting_of_an_experiment_is_told_where_it_is_taken() -> None:
    told: dict[str, tuple[str, str]] = {}
    for names, words, where in table("| setting | is | of |"):
        told |= {name: (words, where.strip("| ")) for name in re.findall(r"`(\w+)`", names)}
    assert told.keys() >= EVERYWHERE
    taken: dict[str, list[str]] = {}
    for path in FILES:
        for name, kind in settings(path.stem).items():
            taken.setdefault(name, []).append(path.stem)
            assert set(typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()) <= set(
                re.findall(r"`(\w+)`", told[name][0])
            )
    assert {name: where for name, (_, where) in told.items() if name not in EVERYWHERE} == {
        name: ", ".join(where) for name, where in taken.items()
    }


def keys() -> Iterator[str]:
    """Every key of the command and of the ways to run cells."""
    base = yaml.safe_load((ROOT / "conf" / "config.yaml").read_text())
    yield from base.keys() - {"defaults", "hydra", "experiment"}
    for path in (ROOT / "conf" / "exec").glob("*.yaml"):
        yield from (f"exec.{key}" for key in yaml.safe_load(path.read_text()) if key != "_target_")


def test_every_key_of_a_command_is_named() -> None:
    code = " ".join(
        word
        for page in PAGES
        for word in re.findall(r"`[^`\n]+`|^attnlab .*$", page.read_text(), re.MULTILINE)
    )
    assert [key for key in sorted(set(keys())) if not re.search(rf"\b{re.escape(key)}\b", code)] == []


def slug(heading: str) -> str:
    """The anchor of a heading, as forges and editors make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_anchor_is_a_heading() -> None:
    for page in (*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"):
        for file, anchor in re.findall(r"\]\(([^)#\s:]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
            aimed = (page.parent / file) if file else page
            headings = re.findall(r"^#+ (.*)$", aimed.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), f"{page.name}: {file}#{anchor}"


def test_the_rows_that_an_example_prints_can_be_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no inputs are named the grid has two: the same row twice, and a mean over both."""
    monkeypatch.chdir(tmp_path)
    example = runpy.run_path(str(ROOT / "examples" / "sweep_and_figure.py"))
    rows = example["study"].table.query("metric == 'top1'")
    assert len(rows) == 4 and not rows.duplicated(["decoder", "inputs.n"]).any()
    assert "Averaged" not in example["figure"].caption
