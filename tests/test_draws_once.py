"""Trials that are the same draws count once, wherever cells are pooled."""

from __future__ import annotations

import pandas as pd
import pytest

from attnlab.intervals import Interval
from attnlab.verdicts.bracket import Average
from attnlab.verdicts.pooling import pooled

CELL: dict[str, object] = {
    "key": "k",
    "status": "done",
    "inputs": "gaussian",
    "inputs:says": "Gaussian values",
    "inputs.n": 8,
    "decoder": "one",
    "decoder:says": "one",
    "decoder:knows": "the values",
    "near": 0.1,
    "starts": 16,
    "trials": 50,
    "repeats": 1,
    "seed": 0,
    "metric": "share",
    "kind": "rate",
    "value": 0.5,
    "low": 0.37,
    "high": 0.63,
    "count": 50,
    "effective": 50.0,
}


def cells(**varied: list[object]) -> pd.DataFrame:
    """Cells that differ in these columns."""
    size = len(next(iter(varied.values())))
    return pd.DataFrame([CELL | {name: values[i] for name, values in varied.items()} for i in range(size)])


@pytest.mark.parametrize(
    ("varied", "drawn"),
    [
        ({"near": [0.1, 0.2, 0.4], "starts": [16, 16, 32]}, 50),  # what is asked of the same draws
        ({"decoder": ["one", "two", "three"]}, 50),  # who looks at them
        ({"inputs.n": [8, 16, 32]}, 150),
        ({"source": ["drawn", "trained", "drawn"]}, 100),  # a choice of what is drawn
        ({"inputs.n": [8, 8, 16], "near": [0.1, 0.2, 0.1]}, 100),
        ({"seed": [0, 1, 1], "near": [0.1, 0.1, 0.2]}, 100),
        ({"near": [0.1, 0.2, 0.4], "count": [50, 20, 40]}, 50),
    ],
)
def test_trials_that_are_the_same_draws_count_once(varied: dict[str, list[object]], drawn: int) -> None:
    found = pooled(cells(**varied, value=[0.4, 0.5, 0.6]))
    assert isinstance(found, Average) and (found.count, found.cells) == (drawn, 3)
    assert found.value == pytest.approx(0.5) and (found.low, found.high) == (0.4, 0.6)


def test_one_number_of_the_same_draws_is_one_measurement() -> None:
    """It keeps its interval; the same number of other draws is an average, and of another seed more trials."""
    elsewhere: dict[str, list[object]] = {"inputs.n": [8, 16]}
    assert pooled(cells(near=[0.1, 0.2], starts=[16, 32])) == Interval(0.5, 0.37, 0.63, 50, 50.0)
    assert pooled(cells(**elsewhere)) == Average(0.5, 0.5, 0.5, 100, 2)
    anew = pooled(cells(seed=[0, 1]))
    assert isinstance(anew, Interval) and anew.count == 100 and anew.high - anew.low < 0.26
