"""The answer in README's first sentences: what is a theorem holds, what is a tendency is the reference run's."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import attnlab

ROOT = Path(__file__).parents[1]
README = re.sub(r"\s+", " ", (ROOT / "README.md").read_text(encoding="utf-8"))
TABLE = pd.read_csv(ROOT / "results" / "reference" / "four_questions" / "results.csv")
WEIGHTS = TABLE[TABLE["asks"] == "weights"]


def yes(column: str) -> pd.Series:
    """Where a part declares it; what it does not declare is left empty."""
    return WEIGHTS[column].astype(str) == "True"


def rows(metric: str, where: pd.Series, least: int) -> pd.DataFrame:
    """A metric's rows there, at least so many: a claim about no row would hold of itself."""
    found = WEIGHTS[where & (WEIGHTS["metric"] == metric)].set_index("key")
    assert len(found) >= least
    return found


def require_said(*words: str) -> None:
    for word in words:
        assert word in README, f"README no longer says: {word}"


def test_other_weights_exist_beyond_d_plus_1_positions() -> None:
    require_said(
        "Other weights with exactly the same output as a softmax exist as soon as there are more than d + 1"
    )
    many = WEIGHTS["inputs.n"] > WEIGHTS["inputs.d"] + 1
    assert (rows("q2", many & yes("weights:positive"), 5)["value"] == 0).all()


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_theorem_counts_positions_alone(d: int) -> None:
    """Any values, equal and collinear ones too, at n = d + 2; values in general position at n = d + 1: none."""
    rng = np.random.default_rng(d)
    for values in (
        rng.standard_normal((20, d + 2, d)),
        rng.integers(-1, 2, (20, d + 2, d)).astype(float),
        np.repeat(rng.standard_normal((20, d + 2, 1)), d, axis=2),
    ):
        a = attnlab.attend(rng.standard_normal((20, 3)), rng.standard_normal((20, d + 2, 3)), values).weights
        assert attnlab.is_unique(a, values).not_unique.all()
    values = rng.standard_normal((20, d + 1, d))
    a = attnlab.attend(rng.standard_normal((20, 3)), rng.standard_normal((20, d + 1, 3)), values).weights
    assert attnlab.is_unique(a, values).unique.all()


def test_a_map_that_sees_the_output_alone_is_not_above_chance_unless_the_values_carry_the_position() -> None:
    require_said(
        "a learned map that sees the output alone names the top position no better than chance",
        "as far as 200 trials tell, unless the values carry it",
    )
    alone = WEIGHTS["probe:reads"] == "the output"
    chance = rows("chance", alone, 6)["value"]
    assert (rows("q4", alone, 6)["count"] == 200).all()
    exchangeable, positional = (
        rows("q4", alone & (yes("inputs:exchangeable") == alike), least)
        for alike, least in ((True, 5), (False, 1))
    )
    assert (exchangeable["low"] <= chance[exchangeable.index]).all()
    assert (positional["low"] > chance[positional.index]).all()


def test_the_top_position_is_mostly_certain_where_attention_is_sharp() -> None:
    require_said("mostly certain of the top position where attention is sharp and no value comes twice")
    softmax = (WEIGHTS["weights"] == "softmax") & (WEIGHTS["inputs.n"] > WEIGHTS["inputs.d"] + 1)
    sharp, twice = WEIGHTS["weights.temperature"] == 0.1, WEIGHTS["inputs"] == "duplicated"
    assert (rows("q2_top", softmax & sharp & ~twice, 3)["low"] > 0.5).all()
    assert (rows("q2_top", softmax & sharp & twice, 1)["high"] < 0.5).all()
    assert (rows("q2_top", softmax & ~sharp, 3)["high"] < 0.5).all()


def test_with_the_keys_the_weights_are_known_where_the_keys_follow_the_values() -> None:
    require_said("whoever also knows the keys has the weights where the keys follow the values")
    assert (rows("q3_kept", yes("inputs:tied_keys"), 1)["value"] == 1).all()
