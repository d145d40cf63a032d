"""What a first user of their own folder ran into, with nothing but the documentation at hand."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from conftest import Lab

ROOT = Path(__file__).parents[1]
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


def test_threads_that_run_at_once_wait_for_one_another(tmp_path: Path) -> None:
    """Each has its own folder of modules of one name; neither sees the other's."""
    for number in (1, 2):
        place = tmp_path / f"mine{number}"
        (place / "experiment").mkdir(parents=True)
        (place / "plain.py").write_text(
            PLAIN.lstrip().replace('{"length": np', f'{{"length": np.zeros(trials) + {number} + 0 * np')
        )
        (place / "experiment" / "plain.yaml").write_text(PLAIN_YAML.lstrip())
    code = """
        import threading, attnlab
        found = {}
        def run(number):
            found[number] = attnlab.run("plain", "inputs.n=4", weights="hard", exec="serial", study=f"s{number}",
                                        config_dir=f"mine{number}")
        threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print([sorted(set(found[number].table["value"])) for number in (1, 2)])
    """
    words = [sys.executable, "-c", textwrap.dedent(code)]
    plain = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=tmp_path, env=plain, capture_output=True, text=True)
    assert done.stdout.strip() == "[[1.0], [2.0]]", done.stderr
