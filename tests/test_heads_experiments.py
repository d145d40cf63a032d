"""Every experiment runs on anyone's heads as it is: sizes come from the file, and the grid's own are left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Lab
from hydra import initialize_config_dir
from members import CONF, heads_file, members
from numbers_of import CELL, TINY

from attnlab.harness.command import ask
from attnlab.harness.configs import BASE, Configs
from attnlab.harness.grid import plans
from attnlab.harness.overrides import parse
from attnlab.parts import Declined, SettingErrors


def with_inputs(name: str) -> bool:
    return any(word.startswith("inputs.n") for word in CELL[name])


@pytest.mark.parametrize(
    "name", [name for name in members("experiment") if name in CELL and with_inputs(name)]
)
def test_every_experiment_runs_on_a_file(name: str) -> None:
    own = [word for word in CELL[name] if not word.startswith("inputs")]
    words = (f"experiment={name}", *TINY, *own, "inputs=arrays", f"inputs.path={heads_file(9, 4, 4)}")
    configs = Configs()
    with initialize_config_dir(str(CONF), **BASE):
        (plan,) = plans(parse(words, configs), configs)
    cell = next(plan.blocks[0].cells())
    sizes = {letter: cell.settings()[f"inputs.{letter}"] for letter in "nde"}
    assert sizes == {"n": 9, "d": 4, "e": 4}
    try:
        (row,) = cell.rows()
    except Declined as reason:  # what a few rows of one file cannot carry
        assert len(str(reason)) > 10
        return
    assert row


def test_sizes_of_the_grid_are_left_out_and_told(lab: Lab) -> None:
    answer = lab("action=plan", "experiment=fibre", "inputs=arrays", f"inputs.path={heads_file()}")
    assert answer.code == 0
    assert "left out: inputs.n=8,16,32,64: no setting of inputs=arrays" in answer.out
    assert "inputs.n=16 inputs.d=8 inputs.e=8" in answer.out


def test_a_file_is_asked_for_by_name(lab: Lab) -> None:
    answer = lab("experiment=fibre", "inputs=arrays")
    assert answer.code == 0, "as where a library is absent: tried again next time"
    assert "unavailable: inputs=arrays reads heads of a file: inputs.path=heads.npz names it" in answer.err


def test_a_record_says_the_sizes_and_follows_the_content(lab: Lab) -> None:
    path = lab.folder / "heads.npz"
    path.write_bytes(Path(heads_file(6, 3, 2)).read_bytes())
    words = [
        "experiment=recovery",
        "inputs=arrays",
        f"inputs.path={path}",
        "weights=softmax",
        "decoder=simplex",
    ]
    words += ["weights.temperature=1", "trials=5", "repeats=1", "exec=serial"]
    assert lab(*words).code == 0
    (record,) = (json.loads(p.read_text()) for p in (lab.results / "recovery" / "cells").glob("*/*.json"))
    assert record["config"]["inputs"]["n"] == 6
    assert "heads.npz (float64)" in record["facts"]["inputs:says"]
    assert "nothing to run" in lab("action=plan", *words).out
    with np.load(heads_file(6, 3, 2)) as held:
        np.savez(path, **{name: held[name] + (name == "values") for name in held.files})
    assert "1 to run" in lab("action=plan", *words).out


def test_weights_alone_are_measured_as_given(lab: Lab) -> None:
    path = lab.folder / "weights.npz"
    rng = np.random.default_rng(0)
    np.savez(
        path, weights=rng.dirichlet(np.ones(6), size=(2, 3, 6)), values=rng.standard_normal((2, 3, 6, 3))
    )
    words = ["experiment=recovery", "inputs=arrays", f"inputs.path={path}", "decoder=simplex"]
    words += ["trials=5", "repeats=1", "exec=serial"]
    assert "1 done" in lab(*words, "weights=given").out
    refused = lab(*words, "weights=softmax", "weights.temperature=1")
    assert "weights=given takes theirs" in refused.out + refused.err


def test_a_bad_file_is_refused_at_planning(lab: Lab) -> None:
    path = lab.folder / "bad.npz"
    np.savez(path, values=np.ones((3, 2)))
    with pytest.raises(
        SettingErrors, match=r"inputs\.path=.*a file of heads: expected queries and keys, or weights"
    ):
        ask(["experiment=fibre", "inputs=arrays", f"inputs.path={path}"]).plans()
