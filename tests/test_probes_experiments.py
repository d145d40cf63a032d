"""The studies of learned readers, small: their trials, and verdicts that survive whatever cells are missing."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from members import member

from attnlab.channels.exact import Exact
from attnlab.decoders.simplex import Simplex
from attnlab.experiments import ladder, probing, training, width
from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.tokens import Tokens
from attnlab.parts import Declined
from attnlab.probes.output_linear import OutputLinear
from attnlab.probes.output_neighbours import OutputNeighbours
from attnlab.probes.output_ridge import OutputRidge
from attnlab.probes.pointer import Pointer
from attnlab.seeds import Streams
from attnlab.shapes import Row
from attnlab.verdicts import Verdict
from attnlab.weights.softmax import Softmax

SHARP = Softmax(temperature=0.3)


def rates(row: Row) -> dict[str, float]:
    return {name: float(np.mean(values)) for name, values in row.items()}


def probed(inputs: Any, probe: Any, by: str = "group", seed: int = 0) -> dict[str, float]:
    return rates(
        probing.trial(inputs, SHARP, Exact(), probe, Simplex(), "weight", by, 500, 200, Streams(seed))
    )


def test_probing_tells_the_informed_from_the_learned_and_the_learned_from_the_blind() -> None:
    fresh = Tokens(n=12, d=16, e=16, m=16)  # n <= d + 1: the decoder is exact
    blind, pointer = probed(fresh, OutputLinear()), probed(fresh, Pointer())
    assert blind["informed_top1"] == pointer["informed_top1"] == 1.0
    assert pointer["top1"] > blind["top1"] + 0.4
    assert pointer["selectivity"] > 0.4
    assert pointer["compression"] > 1.5 > 1.02 > blind["compression"]
    assert pointer["usable_bits"] > 1.0 > 0.1 > abs(blind["usable_bits"])
    assert blind["chance"] == pytest.approx(1 / 12)
    fixed = probed(Tokens(n=12, d=16, e=16, m=16, values="fixed"), OutputRidge())
    assert fixed["top1"] > 0.95
    assert (
        abs(fixed["selectivity"]) < 0.15
    )  # it reads renamed positions as well: it knows these values by heart


def test_probing_flags_the_split_that_leaks_and_only_that() -> None:
    reused, fixed = Tokens(n=8, d=8, e=8, m=12, reuse=20), Tokens(n=8, d=8, e=8, m=12, values="fixed")
    leaking, honest = probed(reused, OutputNeighbours(), "example"), probed(reused, OutputNeighbours())
    assert leaking["leaking"] == 1.0
    assert honest["leaking"] == 0.0
    assert leaking["top1"] > honest["top1"] + 0.3
    assert probed(fixed, OutputRidge())["leaking"] == 0.0


def test_the_ladder_is_ordered_and_below_the_oracle() -> None:
    inputs = Tokens(n=12, d=8, e=8, m=12)
    row = {
        name: rates(
            ladder.trial(
                inputs, SHARP, Exact(), member("probe", name), Simplex(), "weight", 3, 600, 300, Streams(1)
            )
        )
        for name in ("output_linear", "low_rank_pointer", "pointer")
    }
    linear, narrow, full = row["output_linear"], row["low_rank_pointer"], row["pointer"]
    assert linear["usable_bits"] < narrow["usable_bits"] < full["usable_bits"] < full["informed_usable_bits"]
    assert full["informed_usable_bits"] <= full["prior_bits"]
    assert full["gap_bits"] == pytest.approx(full["informed_usable_bits"] - full["usable_bits"])
    assert linear["informed_top1"] == full["informed_top1"]  # the same held-out examples on every rung


def test_width_needs_tokens_and_is_exact_at_n_minus_1() -> None:
    def through(size: int) -> dict[str, float]:
        projection = member("projection", "random", width=size)
        inputs = Tokens(n=8, d=1, e=8, m=12)
        return rates(
            width.trial(
                inputs, SHARP, projection, Exact(), Pointer(), Simplex(), "weight", 400, 200, Streams(2)
            )
        )

    narrow, wide = through(1), through(7)
    assert wide["informed_top1"] == 1.0
    assert narrow["informed_top1"] < 0.7
    assert narrow["top1"] < wide["top1"]
    assert wide["uniform_bits"] == 3.0
    with pytest.raises(Declined, match="token vectors"):
        width.trial(
            Gaussian(),
            SHARP,
            member("projection", "random"),
            Exact(),
            Pointer(),
            Simplex(),
            "weight",
            40,
            20,
            Streams(2),
        )


COLUMNS = "study key status reason trials repeats seed metric kind value low high count effective nonfinite"
STUDIES = {
    "probing": ("probe=output_ridge,pointer", "inputs.n=6"),
    "ladder": ("probe=output_ridge,pointer", "inputs.n=6"),
    "width": ("projection=random,pca", "probe=pointer"),
}


CONTROLS = {"chance", "majority_top1", "shuffled_top1", "shuffled_chance", "control_task_top1", "selectivity"}
"""What stands beside a probe in every study of one."""


@pytest.mark.parametrize("study", [*STUDIES, "training"])
def test_a_verdict_on_nothing_says_nothing(study: str) -> None:
    verdict = importlib.import_module(f"attnlab.experiments.{study}").verdict
    said = verdict(pd.DataFrame(columns=[*COLUMNS.split(), "probe"]))
    assert isinstance(said, Verdict)
    assert not said.sentences and not said.answers
    assert said.limits


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_runs_and_its_verdict_survives_the_loss_of_any_design(
    study: str, command: Callable[..., Any], tmp_path: Path
) -> None:
    small = ("samples=60", "trials=30", "repeats=2", "exec=serial", f"results={tmp_path}")
    answer = command(f"experiment={study}", *STUDIES[study], *small)
    assert answer.code == 0, answer.err
    table = pd.read_csv(tmp_path / study / "results.csv")
    assert set(table["status"]) == {"done"}
    assert set(table["metric"]) >= CONTROLS
    verdict = importlib.import_module(f"attnlab.experiments.{study}").verdict
    whole = verdict(table)
    assert whole.sentences
    assert whole.answers
    for column in ("probe", "inputs.values", "inputs.positional", "projection", "weights.temperature"):
        for level in table[column].dropna().unique() if column in table else ():
            assert isinstance(verdict(table[table[column] != level]), Verdict)
            assert isinstance(verdict(table[table[column] == level]), Verdict)


def told(**values: float) -> pd.DataFrame:
    """A table of one trained layer as a pointer reads it, every interval 0.02 wide."""
    setting = {
        "study": "training",
        "key": "one",
        "status": "done",
        "task": "previous_token",
        "model.encoding": "learned",
        "model.readability": 0.0,
        "trained": 1.0,
        "probe": "pointer",
        "target": "weight",
        "kind": "rate",
        "count": 1000,
        "effective": 1000.0,
    }
    return pd.DataFrame(
        [
            {**setting, "metric": name, "value": value, "low": value - 0.01, "high": value + 0.01}
            for name, value in values.items()
        ]
    )


def test_a_task_that_was_not_learned_gets_no_conclusion() -> None:
    said = training.verdict(told(learned=0.8, task_accuracy=1.0, attends=0.9, top1=0.9, blindfold_top1=0.1))
    assert said.answers == ()
    assert ["no conclusion" in sentence for sentence in said.sentences] == [True]
    said = training.verdict(told(learned=1.0, task_accuracy=1.0, attends=1.0, top1=0.9, blindfold_top1=0.1))
    assert [answer.interval.value for answer in said.answers] == [0.9]
    assert not any("no conclusion" in sentence for sentence in said.sentences)


def test_what_the_tokens_tell_is_no_answer_about_the_output() -> None:
    said = training.verdict(told(learned=1.0, task_accuracy=1.0, top1=0.9, blindfold_top1=0.9))
    assert said.answers == ()
    assert any("tokens alone" in sentence for sentence in said.sentences)
