"""A row of a page's further numbers tells all that its finding tells; and seeds and temperatures at the door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import attnlab
from attnlab.intervals import wilson
from attnlab.verdicts.claim import Claim


def cell(value: float, **settings: Any) -> dict[str, object]:
    """A row of a rate, with its settings among the columns of a table."""
    low, high = wilson(value, 400)
    return {
        "key": repr(sorted(settings.items())), "status": "done", **settings, "metric": "top1", "kind": "rate",
        "value": value, "low": low, "high": high, "count": 400, "effective": 400.0,
    }  # fmt: skip


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.2], [0.5, 0.2, 0.9]])
def test_one_number_stands_for_a_finding_only_where_it_tells_no_other(values: list[float]) -> None:
    table = pd.DataFrame([cell(value, n=8, d=2, head=place) for place, value in enumerate(values)])
    for over in ("", "head"):
        found = Claim(metric="top1", says="it is right", over=over, spread=True).found(table)
        assert found is not None
        others = [f"{100 * value:.1f}" for value in values if f"{100 * value:.1f}" not in found.told.number]
        if found.told.number:
            assert not any(other in found.told.words for other in others)
        else:
            assert f"{100 * found.places[0].number.value:.1f} %" in found.sentence
        assert bool(found.told.number) == (len(values) == 1 and not over)


def test_a_seed_does_for_a_generator() -> None:
    query, keys = [0.3, -0.2], [[0.0, 1.0], [1.0, 0.0], [-1.0, 0.5], [0.3, -1.0]]
    by_seed = attnlab.expected_rivals(query, keys, draws=400, rng=3)
    assert by_seed == attnlab.expected_rivals(query, keys, draws=400, rng=np.random.default_rng(3))
    assert by_seed != attnlab.expected_rivals(query, keys, draws=400)
    with pytest.raises(ValueError, match=r"got \(1,\) and \(4, 2\)$"):
        attnlab.expected_rivals(query[:1], keys)


@pytest.mark.parametrize("temperature", [None, "warm", [1.0, 2.0], 0, -1.0, float("nan"), float("inf")])
def test_a_temperature_is_one_positive_number(temperature: Any) -> None:
    with pytest.raises(ValueError, match="temperature"):
        attnlab.attend([1.0], [[1.0], [2.0]], [[1.0], [2.0]], temperature)
