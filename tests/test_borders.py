"""The borders of claims: equality at the threshold, intervals that just meet, cells that may not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from members import member
from told import declared

from attnlab.decoders.base import Decoder
from attnlab.experiments import probing, recovery, training
from attnlab.intervals import SHARE, interval
from attnlab.seeds import Streams
from attnlab.shapes import Array, Estimate, Sample
from attnlab.verdicts import beyond


@dataclass(frozen=True)
class Claimed(Decoder):
    """The last position, whatever was attended, said to explain the output perfectly."""

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        weights = np.tile(np.eye(sample.n)[-1], (len(outputs), 1))
        return Estimate(weights, np.zeros(len(outputs)), np.ones(len(outputs), dtype=bool))


@pytest.mark.parametrize(("residual", "rival"), [(0.0, True), (1e-9, True), (2e-9, False), (0.1, False)])
def test_other_weights_are_a_rival_only_where_they_explain_the_sum(
    residual: float, rival: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The residual is taken against the sum itself; what a decoder says of its own does not count."""

    def so_far_off(weights: Array, *_: object) -> Estimate:
        return Estimate(weights, np.full(len(weights), residual), np.ones(len(weights), dtype=bool))

    monkeypatch.setattr(recovery, "explaining", so_far_off)
    row = recovery.trial(
        member("inputs", "gaussian", n=12, d=4, e=4),
        member("weights", "softmax"),
        member("channel", "exact"),
        Claimed(),
        30,
        Streams(0),
    )
    far = row["total_variation"] >= recovery.RIVAL
    assert far.any() and not row["exact"].any()
    np.testing.assert_array_equal(row["rival"], far & rival)


@pytest.mark.parametrize(("distance", "exact", "rival"), [(0.9, True, False), (1.1, False, False)])
def test_weights_count_as_given_back_up_to_the_distance_that_is_said(
    distance: float, exact: bool, rival: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from attnlab import metrics

    def apart(a: Array, b: Array) -> Array:
        return np.full(len(a), distance * recovery.EXACT)

    monkeypatch.setattr(metrics, "total_variation", apart)
    row = recovery.trial(
        member("inputs", "gaussian", n=6, d=4, e=4),
        member("weights", "softmax"),
        member("channel", "exact"),
        Claimed(),
        3,
        Streams(0),
    )
    assert row["exact"].all() == exact and row["rival"].all() == rival


def cell(metric: str, value: float, **settings: Any) -> dict[str, Any]:
    """One metric of a finished cell; 200 trials."""
    found = interval((np.arange(200) < 200 * value).astype(np.float64), SHARE)
    return {
        "study": "s", "key": str(sorted(settings.items())), "status": "done", "metric": metric, "kind": "rate",
        "value": found.value, "low": found.low, "high": found.high, "count": 200, "effective": 200.0, **settings,
    }  # fmt: skip


def recovered(n: int, d: int = 8) -> pd.DataFrame:
    """What every decoder gets back at one length."""
    at = {
        "inputs": "gaussian",
        "inputs.n": n,
        "inputs.d": d,
        "weights": "softmax",
        "weights.temperature": 1.0,
    }
    rows = pd.DataFrame(
        [
            cell(metric, value, decoder=decoder, **at)
            for decoder in ("least_squares", "max_entropy", "softmax_inverse")
            for metric, value in (("rival", 0.5), ("exact", 0.5), ("top1", 0.5), ("chance", 0.1))
        ]
    )
    return declared(rows)


def test_the_threshold_itself_belongs_to_those_below_it() -> None:
    """n = d + 1 affinely independent values leave the weights no freedom; n = d + 2 do."""
    tables = pd.concat([recovered(n) for n in (8, 9, 10)])
    assert set(beyond(tables)["inputs.n"]) == {10}
    assert set(beyond(tables, few=True)["inputs.n"]) == {8, 9}
    asked = {
        n: sorted({answer.question for answer in recovery.verdict(recovered(n)).answers}) for n in (8, 9, 10)
    }
    assert asked[8] == asked[9] != asked[10]


def probed(value: float, **settings: Any) -> list[dict[str, Any]]:
    """What a pointer reads in one design."""
    at = {
        "inputs": "tokens", "inputs.n": 16, "inputs.d": 16, "inputs.mask": "none", "inputs.values": "fresh",
        "inputs.positional": 0.0, "inputs.reuse": np.nan, "weights": "softmax", "weights.temperature": 0.3,
        "probe": "pointer", "decoder": "simplex", "samples": 800, "target": "weight", "split_by": "group",
        "inputs:says": "fresh tokens", "probe:reads": "the output and the tokens", **settings,
    }  # fmt: skip
    return [cell(metric, value, **at) for metric in ("top1", "informed_top1", "chance", "blindfold_top1")]


@pytest.mark.parametrize("split", ["group", "example"])
def test_cells_in_which_values_come_back_enter_no_answer(split: str) -> None:
    honest = probed(0.5)
    leaking = probed(0.9, **{"inputs.reuse": 40.0, "split_by": split})
    answers = probing.verdict(pd.DataFrame([*honest, *leaking])).answers
    assert answers and all(answer.interval.value == pytest.approx(0.5) for answer in answers)
    assert not probing.verdict(pd.DataFrame(leaking)).answers


@pytest.mark.parametrize(("hidden", "answered"), [(0.870, True), (0.885, False), (0.890, False)])
def test_what_a_blindfolded_reader_might_score_too_is_no_answer(hidden: float, answered: bool) -> None:
    """Intervals of +-0.01 around 0.9 and the other: where they meet, the tokens may tell it all."""
    setting = {
        "study": "training", "key": "one", "status": "done", "task": "previous_token", "trained": 1.0,
        "model.encoding": "learned", "model.readability": 0.0, "probe": "pointer", "target": "weight",
        "kind": "rate", "count": 1000, "effective": 1000.0,
    }  # fmt: skip
    values = {"learned": 1.0, "task_accuracy": 1.0, "attends": 1.0, "top1": 0.9, "blindfold_top1": hidden}
    table = pd.DataFrame(
        [{**setting, "metric": m, "value": v, "low": v - 0.01, "high": v + 0.01} for m, v in values.items()]
    )
    assert bool(training.verdict(table).answers) == answered
