"""Shared by the tests: the command line run in this process, and a folder of one's own configs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

EXPERIMENT = '''
"""Noop: does the harness itself work?

Draws one number per trial, or misbehaves on purpose.
"""
import os, time
import numpy as np
from attnlab.inputs.base import Inputs
from attnlab.parts import Declined
from attnlab.verdicts import Verdict, interval

VERSION = 1


def trial(inputs: Inputs, level: int, mood: str, trials: int, rng):
    if mood == "raise":
        raise RuntimeError(f"level {level} broke on purpose")
    if mood == "exit":
        raise SystemExit(3)
    if mood == "decline":
        raise Declined(f"level {level} is not possible")
    if mood == "die":
        os._exit(9)
    if mood == "sleep":
        time.sleep(60)
    if mood == "slow":
        time.sleep(0.2)
    if mood == "once":
        marker = os.environ["NOOP_MARKER"]
        if not os.path.exists(marker):
            open(marker, "w").close()
            raise RuntimeError("the first time only")
    draw = rng("inputs").standard_normal(trials) + level
    return {"draw": draw, "positive": draw > 0, "never": np.full(trials, np.nan)}


def verdict(table):
    return Verdict((f"The mean draw is {interval(table, 'draw')}.",), (), ("It measures nothing.",))
'''
CONFIG = """
# @package _global_
level: 0
mood: fine
trials: 8
experiment:
  module: noop
  title: Noop
  grids:
    quick: {all: {level: "range(4)", inputs.n: "4,8"}}
    full: {all: {level: "range(100)", inputs.n: "4,8"}}
  figures:
    - {name: draw, kind: lines, x: level, y: draw, hue: inputs.n, title: Draws}
"""


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Lab:
    """A folder with the noop experiment, and the command line pointed at it."""

    folder: Path
    command: Callable[..., Answer]

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def __call__(self, *words: str) -> Answer:
        return self.command(f"--config-dir={self.folder / 'mine'}", f"results={self.results}", *words)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """`command("action=plan", ...)`: the console application in this process."""
    from attnlab.app import main

    def run(*words: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["attnlab", *words])
        monkeypatch.setattr(sys, "path", list(sys.path))
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def lab(tmp_path: Path, command: Callable[..., Answer]) -> Lab:
    """The noop experiment in a folder of its own."""
    mine = tmp_path / "mine"
    (mine / "experiment").mkdir(parents=True)
    (mine / "noop.py").write_text(EXPERIMENT)
    (mine / "experiment" / "noop.yaml").write_text(CONFIG)
    return Lab(tmp_path, command)
