"""A part that cannot say what it is without a library: its cells are unavailable, the others of a sweep go on."""

from __future__ import annotations

import json

from conftest import Lab

PART = """
from dataclasses import dataclass

from attnlab.inputs.base import Inputs
from attnlab.parts import Unavailable


@dataclass(frozen=True)
class Lacking(Inputs):
    @property
    def says(self):
        raise Unavailable("pip install the-missing-thing")

    def __call__(self, trials, rng):
        raise Unavailable("pip install the-missing-thing")
"""
TRIAL = '''"""Asks: does it draw?"""
VERSION = 1


def trial(inputs, trials, rng):
    return {"draw": inputs(trials, rng("inputs")).values[:, 0, 0]}
'''


def test_a_sweep_over_parts_goes_on_without_one_that_lacks_a_library(lab: Lab) -> None:
    mine = lab.folder / "mine"
    (mine / "inputs").mkdir()
    (mine / "lacking.py").write_text(PART)
    (mine / "inputs" / "lacking.yaml").write_text("_target_: lacking.Lacking\nn: 4\nd: 2\ne: 2\n")
    (mine / "draws.py").write_text(TRIAL)
    grid = "{quick: {all: {inputs: 'gaussian,lacking', inputs.n: 4, inputs.d: 2, inputs.e: 2}}}"
    (mine / "experiment" / "draws.yaml").write_text(
        f"# @package _global_\ntrials: 4\nexperiment: {{module: draws, grids: {grid}}}\n"
    )
    answer = lab("experiment=draws", "exec=serial")
    assert answer.code == 0 and answer.err.count("the-missing-thing") == 1, answer.err
    told = [json.loads(path.read_text()) for path in (lab.results / "draws" / "cells").glob("??/*.json")]
    assert sorted(record["status"] for record in told) == ["done", "unavailable"]
