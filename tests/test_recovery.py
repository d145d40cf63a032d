"""The recovery experiment: its trial by known cases, its verdict by tables that lack what it asks for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attnlab.experiments.recovery import trial, verdict
from members import member

from attnlab.intervals import SHARE
from attnlab.intervals import interval as interval_of
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, VISIBLE, Row


def row(inputs: str, weights: str, decoder: str, **settings: object) -> Row:
    return trial(
        member("inputs", inputs, **settings),
        member("weights", weights),
        member("channel", "exact"),
        member("decoder", decoder),
        60,
        Streams(0),
    )


def test_below_the_threshold_everything_comes_back_and_beyond_it_least_squares_is_a_rival() -> None:
    few, many = (row("gaussian", "softmax", "least_squares", n=n, d=8, e=8) for n in (9, 20))
    assert few["exact"].all() and not few["rival"].any() and np.all(few["total_variation"] < 1e-8)
    assert many["rival"].all() and not many["exact"].any()


def test_tied_keys_leave_no_rival() -> None:
    tied = row("tied", "softmax", "softmax_inverse", n=40, d=8, e=8)
    assert tied["exact"].all() and not tied["rival"].any()


def test_hard_attention_is_read_off_the_nearest_value_where_others_do_worse() -> None:
    nearest, least = (
        row("gaussian", "hard", decoder, n=64, d=4, e=4) for decoder in ("nearest_value", "least_squares")
    )
    assert nearest["top1"].all() and least["top1"].mean() < 0.9
    np.testing.assert_allclose(nearest["chance"], 1 / 64)
    np.testing.assert_allclose(nearest["support_chance"], 1 / 64)
    np.testing.assert_array_equal(nearest["entropy_bits"], 0.0)


def test_every_metric_is_one_number_per_trial() -> None:
    for name, numbers in row("tokens", "uniform_support", "simplex", n=16).items():
        assert numbers.shape == (60,), name
        assert numbers.dtype in (np.bool_, np.float64) or name in (GROUP, VISIBLE), name


def cell(n: int, decoder: str, metric: str, rate: float, **settings: object) -> dict[str, object]:
    hits = interval_of((np.arange(200) < 200 * rate).astype(np.float64), SHARE)
    facts = {f"decoder:{name}": fact for name, fact in member("decoder", decoder).declared().items()}
    return {
        **facts, "key": f"{n} {decoder} {settings}", "status": "done", "inputs": "gaussian", "inputs.n": n,
        "inputs.d": 8, "weights": "softmax", "weights.temperature": 1.0, "decoder": decoder, "metric": metric,
        "kind": "rate", "value": hits.value, "low": hits.low, "high": hits.high, "count": 200,
        "effective": 200.0, **settings,
    }  # fmt: skip


CELLS = [
    cell(8, "least_squares", "exact", 0.97),
    cell(32, "max_entropy", "top1", 0.515),
    cell(32, "max_entropy", "rival", 0.995),
    cell(32, "softmax_inverse", "exact", 0.47),
    cell(32, "softmax_inverse", "rival", 0.19),
]


def test_verdict_says_what_the_table_says() -> None:
    found = verdict(pd.DataFrame(CELLS))
    told = " ".join(found.sentences)
    for number in ("97.0 %", "51.5 %", "99.5 %", "47.0 %", "19.0 %"):
        assert number in told
    assert [(answer.question, answer.interval.value) for answer in found.answers] == [("Q2", 0.995)]


def test_what_a_theorem_says_is_not_told_as_measured() -> None:
    """Softmax weights on more than d + 1 positions have rivals on the simplex in 100 %, found or not."""
    table = pd.DataFrame(CELLS).assign(**{"weights:positive": True})
    found = verdict(table)
    (answer,) = found.answers
    why = "by theorem: every visible position has weight and n > d + 1"
    assert answer.text.startswith(f"always, {why} (others found in 99.5 %")
    assert answer.kept.text.startswith(f"never, {why} (no others found in 0.5 %")
    (said,) = (sentence for sentence in found.sentences if why in sentence)
    assert f"(they exist in every trial, {why})" in said and "found in 99.5 %" in said


def test_what_was_found_throughout_stands_beside_its_theorem() -> None:
    table = pd.DataFrame([{**CELLS[2], "value": 1.0}]).assign(**{"weights:positive": True})
    found = verdict(table)
    assert "(always, by theorem" in found.sentences[0]
    assert "(measured: lost in 100.0 %" in found.answers[0].text


@pytest.mark.parametrize("kept", range(len(CELLS)))
def test_verdict_survives_missing_cells(kept: int) -> None:
    table = pd.DataFrame(CELLS)
    complete = verdict(table)
    partial = verdict(table.iloc[:kept])
    assert len(partial.sentences) <= len(complete.sentences)
    table.loc[kept:, ["status", "metric", "value"]] = ["failed", None, np.nan]
    assert len(verdict(table).sentences) == len(partial.sentences)
