"""A terminal shows what a cell, a file or a word says, and obeys none of it."""

from __future__ import annotations

import json
import re

import pytest
from conftest import Lab
from hypothesis import given
from hypothesis import strategies as some

from attnlab.streams import harmless

OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
EVIL = "\x1b[2J\x1b]0;owned\x07\rdone\x9b1A\x7f"
TRIAL = """
from attnlab.verdicts import Verdict
VERSION = 1
EVIL = "\\x1b[2J\\x1b]0;owned\\x07\\rdone\\x9b1A\\x7f"
def trial(level: int, word: str, rng):
    if level == 1:
        raise RuntimeError(EVIL)
    return {"number": [float(level)]}
def verdict(table):
    return Verdict((f"It says {EVIL}",), (), ())
"""
YAML = """
# @package _global_
level: 0
word: plain
experiment:
  module: evil
  title: Evil
  grids: {quick: {all: {level: "0,1"}}}
  figures: []
"""


@given(some.text())
def test_a_harmless_text_has_no_commands_and_loses_nothing_else(text: str) -> None:
    told = harmless(text)
    assert not OBEYED.search(told) and harmless(told) == told
    assert told == OBEYED.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


@pytest.fixture
def evil(lab: Lab) -> Lab:
    """An experiment whose errors and verdict command a terminal."""
    (lab.folder / "mine" / "evil.py").write_text(TRIAL)
    (lab.folder / "mine" / "experiment" / "evil.yaml").write_text(YAML)
    return lab


def test_no_action_hands_a_command_on(evil: Lab) -> None:
    """Errors of cells, verdicts, settings, names of files, refusals: by every action that tells of them."""
    run = ("experiment=evil", "exec=serial", "repeats=1", f"word='{EVIL}'")
    said = [evil(*run), evil(*run[:1], "level=range(20)", *run[1:])]
    assert said[0].code == 1 and "\\x1b[2J" in said[0].err
    (key, *_) = [path.stem for path in sorted((evil.results / "evil" / "cells").glob("??/*.json"))]
    (evil.results / "evil" / "cells" / key[:2] / f"{key}.json").write_text(EVIL)
    (evil.results / "evil" / "grid.json").write_text(json.dumps({"experiment": EVIL}))
    said += [evil(f"action={action}") for action in ("status", "report", "show")]
    said += [evil(*run, "action=plan"), evil("experiment=noop", f"level={EVIL}"), evil(f"experiment={EVIL}")]
    said += [evil(f"results={evil.folder / EVIL}", "experiment=noop", "level=0", "exec=serial")]
    said += [evil("action=show", f"key={EVIL}"), evil("action=compare", "a=evil", f"b={EVIL}")]
    for answer in said:
        assert not OBEYED.search(answer.out + answer.err), answer
    for log in evil.results.glob("evil/runs/*/log.txt"):
        assert not OBEYED.search(log.read_text())
