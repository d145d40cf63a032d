"""A claim over many levels with much beside it looks every number up a few times, not once for every other."""

from __future__ import annotations

import pandas as pd
import pytest

from attnlab.verdicts import Claim, finding, scene

BESIDE = {f"other{k}": f"other {k}: {{}}" for k in range(4)}


def table(levels: int) -> pd.DataFrame:
    rows = [
        {
            "study": "s", "key": f"k{level}", "status": "done", "inputs": f"kind{level}", "inputs.n": 8, "seed": 0,
            "metric": metric, "kind": "rate", "value": 0.01 * (level + k), "low": 0.0, "high": 0.9,
            "count": 100, "effective": 100.0,
        }
        for level in range(levels)
        for k, metric in enumerate(("top1", *BESIDE))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_look_ups_of_a_sentence_grow_with_its_levels_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    plain = scene.metric_rows

    def counted(table: pd.DataFrame, metric: str, like: pd.DataFrame) -> pd.DataFrame:
        nonlocal looked
        looked += 1
        return plain(table, metric, like)

    monkeypatch.setattr(finding, "metric_rows", counted)
    costs = []
    for levels in (6, 12, 24):
        looked = 0
        found = Claim(metric="top1", says="It is named", over="inputs", beside=BESIDE).found(table(levels))
        assert found is not None and found.sentence
        costs.append(looked / (levels * len(BESIDE)))
    assert max(costs) < 6 and costs[2] <= costs[0]
