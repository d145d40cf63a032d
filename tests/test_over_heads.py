"""An audit's numbers over several heads: heads are the groups, ten of them make an interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from attnlab.experiments.audit import MEASURES, verdict

from attnlab.audit.over_heads import FEWEST, HEADS, LEAST, MOST, over_heads
from attnlab.intervals import SHARE, interval

COUNT = 40


def table(layers: int, heads: int, sharing: int = 1, **more: Any) -> pd.DataFrame:
    """Cells of a head each, as the store tells them: certain in some rows of each."""
    draw, rows = np.random.default_rng(0), []
    for layer in range(layers):
        for head in range(heads):
            for metric in ("certified", "could_vanish", "max_entropy_top1", "top_width"):
                value = draw.integers(COUNT + 1) / COUNT
                own = {"kind": "mean" if metric == "top_width" else "rate", "value": value, "count": COUNT}
                place = {"inputs": "minilm", "inputs.layer": layer, "inputs.head": head, "inputs.n": 64}
                facts = {"inputs:says": f"layer {layer}, head {head} of M", "inputs:model": "M"}
                facts |= {"inputs:sharing": str(sharing)} if sharing > 1 else {}
                told = {"metric": metric, "key": f"{layer}/{head}", "status": "done", "seed": 0}
                rows.append(
                    {**told, **own, **place, **facts, "low": None, "high": None, "effective": 1.0, **more}
                )
    return pd.DataFrame(rows)


def only(found: pd.DataFrame, metric: str = "certified") -> pd.DataFrame:
    return found[found["metric"] == metric]


def pooled_rows(cells: pd.DataFrame) -> pd.DataFrame:
    return over_heads(cells, MEASURES)


def test_a_layer_is_a_row_whose_interval_is_over_its_heads() -> None:
    cells = table(2, 12)
    found = only(pooled_rows(cells))
    assert len(found) == 2 and (found["count"] == 12 * COUNT).all() and (found[HEADS] == 12).all()
    for (_, row), (_, own) in zip(found.iterrows(), only(cells).groupby("inputs.layer"), strict=True):
        assert row["value"] == pytest.approx(own["value"].mean())
        assert row["low"] < row["value"] < row["high"]
        assert (row[LEAST], row[MOST]) == (own["value"].min(), own["value"].max())
        ones = np.concatenate([np.arange(COUNT) < round(value * COUNT) for value in own["value"]])
        exact = interval(ones.astype(float), SHARE, np.repeat(np.arange(12), COUNT))
        assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high), abs=0.01)


def test_fewer_heads_or_heads_of_one_set_of_values_make_no_interval() -> None:
    for cells in (table(1, FEWEST - 1), table(1, 12, sharing=2), table(1, 1)):
        assert only(pooled_rows(cells))["low"].isna().all()
    assert only(over_heads(table(2, 12, sharing=2), MEASURES, each_layer=False))["low"].notna().all()
    few, many = (verdict(table(1, heads)).sentences[0] for heads in (9, 10))
    assert "of 360 rows in 9 heads of M" in few[:1].lower() + few[1:] and "(no interval)" in few
    assert "(no interval)" not in many


def test_other_seeds_and_other_windows_are_the_same_heads() -> None:
    cells = table(1, 12)
    twice = pd.concat([cells, cells.assign(seed=1, key="again")])
    pd.testing.assert_frame_equal(pooled_rows(twice), pooled_rows(cells))
    texts: list[dict[str, Any]] = [{"inputs.window": window} for window in range(4)]
    windows = pd.concat([table(1, 12, **more) for more in texts])
    one, four = only(pooled_rows(cells)).iloc[0], only(pooled_rows(windows)).iloc[0]
    assert four["count"] == 4 * one["count"] and four[HEADS] == 12
    assert four["high"] - four["low"] == pytest.approx(one["high"] - one["low"], abs=0.02)


def test_an_interval_stays_within_what_its_metric_can_be() -> None:
    cells = only(table(1, 12)).assign(metric="largest_c", value=[0.5] * 11 + [0.54])
    (row,) = (row for _, row in pooled_rows(cells).iterrows())
    assert 0.5 <= row["low"] < row["value"] < row["high"]


def test_lengths_and_models_are_told_apart() -> None:
    others: list[dict[str, Any]] = [{}, {"inputs.n": 32}, {"inputs:model": "L"}]
    cells = pd.concat([table(1, 10, **more) for more in others])
    assert len(only(over_heads(cells, MEASURES, each_layer=False))) == 3
    assert verdict(cells).sentences[0].count("Of 400 rows in 10 heads") == 3


def test_of_one_row_no_plural_is_said() -> None:
    said = " ".join(verdict(table(1, 1, count=1)).sentences)
    assert "Of the one row in 1 head of M" in said and "Single heads" not in said


def test_a_share_of_some_rows_is_not_told_of_all() -> None:
    cells = table(1, 2)
    cells.loc[cells["metric"] == "max_entropy_top1", "count"] = 8
    said = verdict(cells).sentences[0]
    assert "Of 80 rows" in said and said.endswith("(of the 16 rows it was asked of).")
    assert "asked of" not in verdict(table(1, 2)).sentences[0]


def test_nothing_measured_says_nothing() -> None:
    assert verdict(table(1, 2, status="failed")).sentences == ()
