"""What a first user of their own folder ran into, with nothing but the documentation at hand."""

from __future__ import annotations

from conftest import Lab

PLAIN = '''
"""Plain: how long is the output?"""
import numpy as np
VERSION = 1
def trial(inputs, weights, trials, rng):
    sample = inputs(trials, rng("inputs"))
    drawn = weights(sample, rng("weights"))
    return {"length": np.linalg.norm(np.einsum("bn,bnd->bd", drawn, sample.values), axis=1)}
'''
PLAIN_YAML = """
# @package _global_
trials: 12
experiment:
  module: plain
  title: Plain
  grids: {quick: {all: {inputs.n: "4,8", weights: "softmax,hard"}}}
  figures: [{name: length, kind: lines, x: inputs.n, y: length, hue: weights}]
"""


def test_an_experiment_without_annotations_sweeps_its_groups(lab: Lab) -> None:
    """`typing.Any`, what an argument without annotation takes, is a class of which no part is a member."""
    (lab.folder / "mine" / "plain.py").write_text(PLAIN.lstrip())
    (lab.folder / "mine" / "experiment" / "plain.yaml").write_text(PLAIN_YAML.lstrip())
    answer = lab("experiment=plain", "exec=serial")
    assert answer.code == 0 and "plain: 4 done" in answer.out, answer.err
    assert lab("experiment=plain", "exec=serial", "weights=sparsemax", "inputs=duplicated").code == 0
