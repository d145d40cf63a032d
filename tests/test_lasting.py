"""Rows of a file are no draws: another repeat or seed draws from the same heads, and counts for no more."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Lab
from members import heads_file

import attnlab
from attnlab.harness.summary import labels
from attnlab.intervals import interval
from attnlab.shapes import GROUP
from attnlab.verdicts.pooling import pooled

ROWS = [{GROUP: np.array([3, 3, 8])}, {GROUP: np.array([8, 5])}]


def test_groups_that_last_span_the_repeats() -> None:
    found = labels(ROWS, lasting=True)
    assert [list(found[0]), list(found[1])] == [[0, 0, 2], [2, 1]]
    anew = labels(ROWS)
    assert not set(anew[0]) & set(anew[1])
    assert [list(one) for one in labels([{"a": np.ones(2)}] * 2, lasting=True)] == [[0], [0]]


def records(lab: Lab) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in lab.results.glob("*/cells/*/*.json")]


def test_repeats_over_one_head_tell_no_more_than_the_head(lab: Lab) -> None:
    """One head is one group, and so it stays with ten repeats: no interval."""
    of = ("inputs=arrays", f"inputs.path={heads_file(11, 3, 3)}", "inputs.layer=0", "inputs.head=0")
    words = ("experiment=fibre", *of, "weights.temperature=1", "trials=4", "repeats=10", "exec=serial")
    assert lab(*words).code == 0
    found = [record["metrics"] for record in records(lab) if record["status"] == "done"]
    assert found
    for metric in (metric for metrics in found for metric in metrics.values()):
        assert metric.get("low") is None


def test_seeds_over_a_file_are_one_draw() -> None:
    part = interval(np.tile([0.0, 1.0], 50), group=np.arange(100))
    numbers = {"value": part.value, "low": 0.4, "high": 0.6, "count": 100, "effective": 100.0}
    rows = pd.DataFrame(
        [{**numbers, "seed": seed, "kind": "rate", "metric": "top1"} for seed in (0, 1, 2, 3)]
    )
    anew, again = pooled(rows), pooled(rows.assign(**{"inputs:lasting": True}))
    assert anew.high - anew.low < 0.6 * (again.high - again.low)
    assert pooled(rows.assign(**{"inputs:lasting": None})) == anew


def test_an_audit_says_that_a_repeat_draws_nothing(lab: Lab) -> None:
    assert (
        lab("experiment=audit", f"inputs.path={heads_file(11, 3, 3)}", "repeats=2", "exec=serial").code == 0
    )
    assert all("repeats=1" in str(record["reason"]) for record in records(lab))


@pytest.mark.parametrize("path", [None, 3, "heads.npy", ["heads.npz"]])
def test_a_recording_without_a_file_is_refused_before_it_begins(path: object) -> None:
    with pytest.raises(ValueError, match=r"^record: expected a file that ends in \.npz, got "):
        attnlab.record(path)  # type: ignore[arg-type]


@pytest.mark.parametrize("tokens", ["sushi", [1, 2], [b"a"]])
def test_tokens_that_are_no_strings_are_refused_before_it_begins(tokens: object) -> None:
    with pytest.raises(ValueError, match=r"^tokens: expected a list of strings, one a position, got "):
        attnlab.record("heads.npz", tokens=tokens)  # type: ignore[arg-type]
