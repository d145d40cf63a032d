"""Which trials share a draw: what the inputs say, what a cell makes of it, and what the record shows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import f as snedecor

from attnlab.harness.cells import Cell
from attnlab.inputs.base import Inputs
from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.tied import Tied
from attnlab.inputs.tokens import Tokens
from attnlab.intervals import SHARE, Measure
from attnlab.shapes import GROUP, Array, Row, Sample

INPUTS = {
    "gaussian": Gaussian(n=6, d=3, e=3),
    "tied": Tied(n=6, d=3, e=3),
    "fresh tokens": Tokens(n=6, d=3, e=3, m=6),
    "fixed tokens": Tokens(n=6, d=3, e=3, m=6, values="fixed"),
    "reused tokens": Tokens(n=6, d=3, e=3, m=6, reuse=3),
}


def features(sample: Sample) -> Array:
    """Numbers of each trial (B, .) that what it shares with others would move: sizes and alignments."""
    scores = np.einsum("bne,be->bn", sample.keys, sample.queries)
    return np.stack(
        [
            (sample.values**2).sum(axis=(1, 2)),
            (sample.keys**2).sum(axis=(1, 2)),
            (sample.values[:, 0] * sample.values[:, 1]).sum(axis=1),
            (scores**2).sum(axis=1),
            (sample.values * sample.keys).sum(axis=(1, 2)),
        ],
        axis=1,
    )


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_say_which_trials_share_a_draw(name: str) -> None:
    """Analysis of variance over calls: trials that are declared independent do not agree within a call."""
    made: Inputs = INPUTS[name]
    calls = [made(40, np.random.default_rng(seed)) for seed in range(60)]
    found = np.stack([features(sample) for sample in calls])  # (calls, trials, features)
    between = 40 * found.mean(axis=1).var(axis=0, ddof=1)
    chance = snedecor.sf(between / found.var(axis=1, ddof=1).mean(axis=0), 59, 60 * 39).min()
    independent = np.unique(calls[0].draw).size == 40
    assert independent == (name in ("gaussian", "tied"))
    assert (chance > 1e-4) == independent


def study(name: str, trial: Callable[..., Row], measures: dict[str, Measure] | None = None) -> ModuleType:
    """An experiment made on the spot."""
    module = ModuleType(name)
    module.__dict__.update(trial=trial, verdict=None, VERSION=1, MEASURES=measures or {})
    sys.modules[name] = module
    return module


def measured(name: str, repeats: int) -> dict[str, dict[str, object]]:
    cell = Cell("study", name, {"seed": 0, "repeats": repeats, "trials": 40}, {})
    return cell.measure()


def test_a_row_without_groups_is_one_group_a_repeat() -> None:
    study("ungrouped_study", lambda rng: {"hit": rng("draw").random(40) < 0.5})
    assert measured("ungrouped_study", 1)["hit"]["low"] is None
    many = measured("ungrouped_study", 5)["hit"]
    assert isinstance(many["low"], float) and isinstance(many["effective"], float) and many["effective"] < 200


def test_a_row_with_groups_is_worth_its_groups() -> None:
    study("grouped_study", lambda rng: {GROUP: np.arange(40), "hit": rng("draw").random(40) < 0.5})
    assert measured("grouped_study", 1)["hit"]["effective"] == 40
    study("reused_study", lambda rng: {GROUP: np.arange(40) % 4, "hit": np.arange(40) % 4 == 1})
    assert float(str(measured("reused_study", 1)["hit"]["effective"])) < 5


def test_what_is_declared_of_a_metric_is_what_its_record_shows() -> None:
    def trial(rng: object) -> Row:
        asked = np.arange(40) % 2 == 0
        return {
            GROUP: np.arange(40),
            "conditional": np.where(asked, np.arange(40) % 4 == 0, np.nan),
            "fitted": np.arange(40) % 2 == 0,
            "summary": np.array([0.5]),
        }

    whole = Measure(whole=True)
    study("declared_study", trial, {"conditional": SHARE, "fitted": whole, "summary": whole})
    found = measured("declared_study", 5)
    conditional = found["conditional"]
    assert (conditional["kind"], conditional["count"], conditional["nonfinite"]) == ("rate", 100, 100)
    assert float(str(conditional["effective"])) == 100
    assert found["fitted"]["kind"] == "rate" and float(str(found["fitted"]["effective"])) < 110
    assert found["summary"]["count"] == 5 and found["summary"]["low"] is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"share": np.full(40, 0.5)}, "metric 'share': expected 0, 1 or NaN"),
        ({"share": np.ones(40), GROUP: np.full(40, 0.5)}, "expected whole numbers as 'group'"),
    ],
)
def test_a_row_that_contradicts_its_declaration_is_refused(row: Row, words: str) -> None:
    name = f"refused_study_{len(row)}"  # modules are read once
    study(name, lambda rng: row, {"share": SHARE})
    with pytest.raises(ValueError, match=words):
        measured(name, 2)
