"""The README stays true: its answer is the reference run's, its files exist, its commands are accepted."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Answer
from fences import commands

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_answer_is_the_one_of_the_reference_run() -> None:
    block = re.search(r"<!-- answers.*?-->\n(.*?)\n<!-- /answers -->", README, re.DOTALL)
    assert block is not None
    table = block[1].strip()
    assert table.startswith("|") and len(table.splitlines()) > 5
    assert table in (ROOT / "results" / "reference" / "index.md").read_text(encoding="utf-8")


def test_its_blocks_are_those_of_the_reference_run() -> None:
    script = ROOT / ".ci" / "answer.py"
    if not script.exists():
        pytest.skip("not a checkout")
    assert runpy.run_path(str(script))["blocks"](README, ROOT / "results" / "reference") == README
    block = re.search(r"<!-- findings.*?-->\n(.*?)\n<!-- /findings -->", README, re.DOTALL)
    assert block is not None and len(block[1].splitlines()) > 3
    assert "figure" not in block[1] and "Q4" in block[1]


def test_every_file_it_names_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    quoted = [
        path
        for row in README.splitlines()
        if row.startswith("|")
        for path in re.findall(r"`([\w/.]+/[\w.]+)`", row)
    ]
    assert links and quoted
    for path in links + quoted:
        assert (ROOT / path).exists(), path


def test_every_room_is_on_the_plan() -> None:
    rooms = {path.stem if path.is_dir() else path.name for path in (ROOT / "attnlab").iterdir()}
    for room in rooms - {"__init__.py", "__init__.pyi", "__main__.py", "__pycache__", "conf", "py.typed"}:
        assert re.search(rf"\b{re.escape(room)}\b", README), f"{room} is not in the README"


@pytest.mark.parametrize("line", commands(ROOT / "README.md"))
def test_its_commands_are_accepted(
    line: str, command: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(line)[1:]
    if any(word.startswith(("--help", "--config-dir")) for word in words):
        return  # run as they are by other tests
    monkeypatch.chdir(tmp_path)
    plan = [word for word in words if not word.startswith(("action=", "a=", "b="))] or ["experiment=recovery"]
    assert command(*plan, "action=plan").code == 0
    assert not list(tmp_path.iterdir())


def test_the_two_commands_come_first() -> None:
    head = README.split("```")[1].splitlines()
    assert [line.split("#")[0].strip() for line in head if line.strip()] == ["make tour", "make test"]
