"""What an audit asks of some rows alone: second queries, the asker's scenario, every decoder, rounded outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from members import member, members
from test_audit import heads, of

from attnlab import audit
from attnlab.decoders.base import Decoder
from attnlab.identifiability import effective_attention, softmax_rivals, softmax_scenario
from attnlab.inputs.heads import Heads

ROWS = (0, 4, 8)
OF_KEYS = ("q3_kept", "q3_lost", "q3_flip", "softmax_c", "softmax_bound", "softmax_inverse_top1")


def test_every_decoder_is_asked() -> None:
    own: dict[str, Decoder] = {name: member("decoder", name) for name in members("decoder")}
    assert own.keys() == audit.DECODERS.keys()
    assert {name: type(part) for name, part in own.items()} == {
        name: type(part) for name, part in audit.DECODERS.items()
    }
    row = of(heads(6, 5))
    for name, decoder in audit.DECODERS.items():
        if decoder.assumes in ("nothing", "softmax"):  # at most d + 1 values: they return the true weights
            assert row[f"{name}_top1"].all() and row[f"{name}_variation"].max() < 1e-6, name


def test_least_squares_is_effective_attention() -> None:
    row = of(heads(12, 3))
    np.testing.assert_array_equal(row["least_squares_top1"], row["effective_top1"])
    head = heads(12, 3).head(0, 0)
    off = effective_attention(head.weights, head.values) - head.weights
    np.testing.assert_allclose(row["least_squares_variation"], 0.5 * np.abs(off).sum(axis=1), atol=1e-9)


def test_second_queries_and_the_scenario_are_those_of_the_library() -> None:
    found = heads(9, 3, 2.0)
    head, row = found.head(0, 1), of(found, 1, searched=3)
    assert head.keys is not None
    for name in OF_KEYS[:5]:
        np.testing.assert_array_equal(np.flatnonzero(np.isfinite(row[name])), ROWS, err_msg=name)
    known = softmax_rivals(head.weights, head.values, head.keys)
    top = np.argsort(-head.weights, axis=1)
    for i in ROWS:
        assert (row["q3_kept"][i], row["q3_lost"][i]) == (known.kept[i], known.lost[i])
        scenario = softmax_scenario(top[i, 0], top[i, 1], head.values, head.keys)
        assert (row["softmax_c"][i], row["softmax_bound"][i]) == (scenario.found, scenario.bound)
        assert row["softmax_bound"][i] <= row["largest_c"][i] + 1e-9


def test_keys_that_the_values_determine_leave_one_query() -> None:
    keys = np.random.default_rng(0).standard_normal((1, 2, 12, 4))
    row = of(
        heads(12, 4, keys=keys, values=keys @ np.random.default_rng(1).standard_normal((4, 4))), searched=9
    )
    asked = np.isfinite(row["q3_kept"])
    assert asked.sum() == 9 and row["q3_kept"][asked].all() and not row["q3_lost"][asked].any()
    assert row["softmax_inverse_top1"].all()


@pytest.mark.parametrize("kind", [np.float64, np.float16])
def test_queries_are_judged_by_their_own_softmax_however_the_weights_were_stored(kind: Any) -> None:
    found = heads(12, 4)
    keys = np.array(found.keys)
    exact = Heads(queries=found.queries, keys=keys, values=keys)
    weights = np.stack([exact.head(0, head).weights for head in (0, 1)])[None].astype(kind)
    row = of(Heads(queries=found.queries, keys=keys, values=keys, weights=weights), searched=3)
    asked = np.isfinite(row["q3_kept"])
    assert row["q3_kept"][asked].all() and not row["q3_lost"][asked].any()


def test_without_keys_nothing_is_said_of_queries() -> None:
    weights = np.full((9, 9), 0.1) + 0.1 * np.eye(9)
    row = of(Heads(values=np.random.default_rng(0).standard_normal((9, 3)), weights=weights))
    for name in (*OF_KEYS, "softmax_inverse_variation"):
        assert np.isnan(row[name]).all(), name
    for name in audit.DECODERS.keys() - {"softmax_inverse"}:
        assert np.isfinite(row[f"{name}_top1"]).all() and np.isfinite(row[f"{name}_variation"]).all(), name
    assert np.isfinite(row["bfloat16_width"]).sum() == 2


def test_rounding_the_output_leaves_more_open() -> None:
    row = of(heads(9, 3, 2.0), searched=9)
    assert (row["top_width"] <= row["float16_width"] + 1e-6).all()
    assert (row["float16_width"] <= row["bfloat16_width"] + 1e-6).all()
    assert (row["certified"] >= row["float16_certified"]).all()
    assert (row["float16_certified"] >= row["bfloat16_certified"]).all()
    far = heads(9, 3, 2.0, values=1e6 * np.asarray(heads(9, 3).values))
    beyond = of(far, searched=9)
    assert np.isnan(beyond["float16_width"]).any() and np.isfinite(beyond["bfloat16_width"]).all()
