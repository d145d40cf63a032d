"""The three studies of identifiability: their trials on cases whose answer is known, their verdicts on gaps."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from attnlab.channels.exact import Exact
from attnlab.experiments import fibre, four_questions, phase
from attnlab.identifiability import fibre_intervals, unique_probability, weak_threshold
from attnlab.inputs.duplicated import Duplicated
from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.sphere import Sphere
from attnlab.inputs.tied import Tied
from attnlab.inputs.tokens import Tokens
from attnlab.parts import Declined
from attnlab.probes.output_linear import OutputLinear
from attnlab.probes.pointer import Pointer
from attnlab.seeds import Streams
from attnlab.weights.hard import Hard
from attnlab.weights.softmax import Softmax
from attnlab.weights.uniform_support import UniformSupport

RNG = Streams(0)


def test_phase_counts_what_the_law_says_and_claims_it_only_where_it_holds() -> None:
    row = phase.trial(Gaussian(n=32, d=8, e=8), UniformSupport(support=4), 2000, RNG)
    law = unique_probability(32, 8, 4)
    assert (row["exact"] == law).all()
    assert (row["threshold"] == weak_threshold(8 / 32)).all()
    assert abs(row["unique"].mean() - law) < 3 * np.sqrt(law * (1 - law) / 2000)
    assert not row["undecided"].any()
    assert (np.isnan(row["margin"]) == ~row["unique"].astype(bool)).all()
    sphere = phase.trial(Sphere(n=64, d=4, e=4), UniformSupport(support=1), 50, RNG)
    assert sphere["unique"].all(), "every value on a sphere is a vertex"
    assert np.isnan(sphere["exact"]).all() and np.isnan(sphere["threshold"]).all()


def test_fibre_is_a_point_up_to_d_plus_one_and_never_one_for_softmax_beyond() -> None:
    few = fibre.trial(Gaussian(n=9, d=8, e=8), Softmax(), 20, RNG)
    assert (few["width"] == 0).all()
    assert few["unique"].all() and few["certified"].all() and not few["could_vanish"].any()
    many = fibre.trial(Gaussian(n=24, d=8, e=8), Softmax(), 20, RNG)
    assert (many["width"] > 0).all() and not many["unique"].any()
    assert not (many["certified"] & many["could_vanish"]).any()
    sample = Gaussian(n=24, d=8, e=8)(20, RNG("inputs"))
    a = Softmax()(sample, RNG("weights"))
    bounds = fibre_intervals(a, sample.values)
    least = bounds[np.arange(20), a.argmax(axis=1), 0]
    np.testing.assert_array_equal(many["could_vanish"], least <= 1e-9)
    assert many["could_vanish"].any()
    np.testing.assert_array_equal(many["width"], (bounds[..., 1] - bounds[..., 0]).mean(axis=1))
    doubled = fibre.trial(Duplicated(n=8, d=8, e=8), Softmax(), 20, RNG)
    assert not doubled["certified"].any(), "a copy can take all the weight of the top position"


def test_four_questions_on_their_known_cases() -> None:
    def ask(inputs: object, weights: object) -> dict[str, float]:
        row = four_questions.trial(inputs, weights, Exact(), OutputLinear(), "given", "weights", 60, 20, RNG)
        for strong, weak in (("q1", "q2"), ("q2", "q2_top"), ("q2", "q3_kept")):
            assert (~row[strong].astype(bool) | row[weak].astype(bool)).all(), "fewer rivals, no new doubt"
        return {name: float(values.mean()) for name, values in row.items()}

    few = ask(Gaussian(n=7, d=6, e=6), Softmax())
    assert few["q1"] == few["q2"] == few["q2_top"] == few["q3_kept"] == 1
    hard = ask(Gaussian(n=20, d=10, e=10), Hard())
    assert hard["q1"] == 0 and hard["q2"] == 1
    assert ask(Gaussian(n=32, d=6, e=6), Softmax())["q3_lost"] > 0.9, "other queries give the same output"
    tokens = Tokens(n=12, d=3, e=3, m=8)
    learned = four_questions.trial(
        tokens, Softmax(0.1), Exact(), Pointer(), "learned", "weights", 200, 60, RNG
    )
    given = four_questions.trial(tokens, Softmax(0.1), Exact(), Pointer(), "given", "weights", 200, 60, RNG)
    assert np.mean(learned["q4"]) > np.mean(given["q4"]), "W_V learned for the reader reads better"
    with pytest.raises(Declined, match="token vectors"):
        four_questions.trial(
            Gaussian(n=12, d=3, e=3),
            Softmax(),
            Exact(),
            OutputLinear(),
            "learned",
            "weights",
            60,
            20,
            RNG,
        )
    tied = ask(Tied(n=20, d=6, e=6), Softmax())
    assert tied["q1"] == tied["q2"] == 0 and tied["q3_kept"] == 1


def test_two_words_are_asked_of_any_weights_and_of_two_queries() -> None:
    row = four_questions.trial(
        Gaussian(n=12, d=3, e=3), Softmax(), Exact(), OutputLinear(), "given", "words", 60, 40, RNG
    )
    assert (
        "q4" not in row and (row["q2"] <= row["q3_kept"]).all() and row["q2"].mean() < row["q3_kept"].mean()
    )
    assert not (row["q3_kept"] * row["q3_lost"]).any() and row["q3_lost"].any() and not row["q1"].any()
    full = table(four_questions)
    marked = full[(full["inputs"] == "tokens") & (full["metric"] == "q1")].assign(metric="largest_c")
    spoken = four_questions.verdict(pd.concat([full, marked], ignore_index=True))
    told = [sentence for sentence in spoken.sentences if "two words" in sentence]
    assert len(told) == 2 and all("(Q2)" in sentence or "(Q3)" in sentence for sentence in told)
    assert not any("two words" in sentence for sentence in four_questions.verdict(full).sentences)


def table(module: ModuleType) -> pd.DataFrame:
    """A small finished study: each metric of the module's verdict with made-up but valid numbers."""
    common = {
        "inputs": "gaussian",
        "inputs.n": 32,
        "inputs.d": 8,
        "status": "done",
        "count": 200,
        "effective": 200.0,
    }
    cells: dict[ModuleType, list[dict[str, Any]]] = {
        phase: [{"weights": "uniform_support", "weights.support": k} for k in (1, 4, 8)]
        + [{"weights": "uniform_support", "weights.support": 4, "inputs": "sphere"}],
        fibre: [{"weights": "softmax", "weights.temperature": t} for t in (0.1, 1.0)]
        + [{"weights": "softmax", "weights.temperature": 1.0, "inputs.n": 8}]
        + [{"weights": "equal_entropy", "weights.map": "sparsemax", "weights.effective": 3.0}],
        four_questions: [{"inputs": name} for name in ("gaussian", "sphere", "tokens")],
    }
    metrics = {
        phase: ("unique", "undecided", "exact"),
        fibre: ("certified", "could_vanish", "unique", "width", "top_width", "certified_thin"),
        four_questions: ("q1", "q2", "q2_top", "q3_kept", "q3_lost", "q4", "chance"),
    }
    rates = {
        "unique",
        "undecided",
        "certified",
        "could_vanish",
        "q1",
        "q2",
        "q2_top",
        "q3_kept",
        "q3_lost",
        "q4",
    }
    return pd.DataFrame(
        {**common, **cell, "key": str(i), "metric": metric, "kind": "rate" if metric in rates else "mean",
         "value": 0.25, "low": 0.2, "high": 0.3}
        for i, cell in enumerate(cells[module])
        for metric in metrics[module]
    )  # fmt: skip


@pytest.mark.parametrize("module", [phase, fibre, four_questions])
def test_a_verdict_survives_every_gap(module: ModuleType) -> None:
    """Nothing yet; everything; any cell or metric missing. Less is said, never something else."""
    full = table(module)
    whole = module.verdict(full)
    assert len(whole.sentences) >= 3
    assert len(whole.answers) >= 2
    assert all("25" in sentence or "0.2" in sentence or "cells" in sentence for sentence in whole.sentences)
    empty = module.verdict(full.iloc[:0])
    assert empty.sentences == empty.answers == ()
    for column in ("key", "metric"):
        for missing in full[column].unique():
            part = module.verdict(full[full[column] != missing])
            assert len(part.sentences) <= len(whole.sentences)
            assert len(part.answers) <= len(whole.answers)
