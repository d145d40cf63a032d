"""What parts declare of themselves is so, and what was once said falsely is not said again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from members import CONF, drawn_weights, member, members

from attnlab.intervals import Interval, wilson
from attnlab.report.pooling import NotDrawable
from attnlab.report.specs import build
from attnlab.seeds import Streams
from attnlab.verdicts import Bracket, by_symmetry
from attnlab.weights.softmax import Softmax
from experiments import four_questions

ROOT = Path(__file__).parents[1]
GROUPS = (
    "inputs",
    "weights",
    "channel",
    "decoder",
    "probe",
    "projection",
    "mixing",
    "collision",
    "task",
    "model",
)
MANY = 20_000


@pytest.mark.parametrize("group", GROUPS)
def test_every_part_says_what_it_is_and_no_two_the_same(group: str) -> None:
    said = [member(group, name).declared().get("says", "") for name in members(group)]
    assert all(said) and len(set(said)) == len(said)
    assert not any("{" in words or words[0] == " " for words in said)


def shares(inputs: Any, weights: Any) -> np.ndarray:
    """The mean weight of each position."""
    sample = inputs(MANY, Streams(0)("inputs"))
    return np.asarray(weights(sample, Streams(0)("weights")).mean(axis=0))


@pytest.mark.parametrize("name", members("inputs"))
def test_exchangeable_positions_are_alike_in_their_values_and_in_who_is_attended(name: str) -> None:
    inputs = member("inputs", name, n=5, d=5, e=3)
    if not inputs.exchangeable:
        return
    values = inputs(MANY, Streams(1)("inputs")).values
    width = 6 * np.sqrt(values.var() / MANY)
    alike = np.abs(values.mean(axis=0) - values.mean(axis=0).mean(axis=0)).max()
    assert alike < width
    squares = (values**2).sum(axis=2).mean(axis=0)
    assert np.ptp(squares) < 0.1 * squares.mean()
    assert np.abs(shares(inputs, Softmax()) - 1 / 5).max() < 6 * np.sqrt(0.16 / MANY)


def test_a_positional_code_is_not_declared_exchangeable_and_fixed_values_are_not() -> None:
    assert not member("inputs", "positional").exchangeable
    for settings in ({"positional": 1.0}, {"values": "fixed"}, {"mask": "causal"}, {"reuse": 4}):
        assert not member("inputs", "tokens", **settings).exchangeable
    assert member("inputs", "tokens").exchangeable


@pytest.mark.parametrize("name", drawn_weights())
def test_equivariant_weights_prefer_no_position_and_positive_ones_leave_none_out(name: str) -> None:
    weights = member("weights", name)
    inputs = member("inputs", "gaussian", n=8, d=2, e=3)
    if weights.equivariant:
        assert np.abs(shares(inputs, weights) - 1 / 8).max() < 0.02
    sample = inputs(200, Streams(0)("inputs"))
    least = weights(sample, Streams(0)("weights")).min()
    assert (least > 0) == weights.positive


def test_tied_keys_are_declared_where_the_theorem_holds() -> None:
    assert member("inputs", "tied", d=8, e=8, noise=0.0).tied_keys
    assert not member("inputs", "tied", d=8, e=8, noise=0.1).tied_keys
    assert not member("inputs", "tied", d=4, e=8, noise=0.0).tied_keys
    assert not member("inputs", "gaussian").tied_keys


def test_symmetry_needs_a_reader_of_the_output_alone() -> None:
    rows = pd.DataFrame(
        [{"probe:reads": "the output", "inputs:exchangeable": True, "weights:equivariant": True}]
    )
    assert by_symmetry(rows) == "chance by symmetry"
    assert by_symmetry(rows.assign(**{"probe:reads": "the output and the tokens"})) == ""
    assert by_symmetry(rows.assign(**{"inputs:exchangeable": None})) == ""
    assert by_symmetry(rows.drop(columns="weights:equivariant")) == ""


def rate(metric: str, value: float, **settings: object) -> dict[str, object]:
    low, high = wilson(value, 200)
    return {
        "key": str(settings), "status": "done", "metric": metric, "kind": "rate", "value": value, "low": low,
        "high": high, "count": 200, "effective": 200.0, "inputs": "mine", "inputs.n": 32, "inputs.d": 8,
        **settings,
    }  # fmt: skip


def test_the_four_questions_tell_q3_as_a_bracket() -> None:
    halves = [("q3_kept", 0.12, "a"), ("q3_lost", 0.15, "a"), ("q3_kept", 0.0, "b"), ("q3_lost", 1.0, "b")]
    table = pd.DataFrame([rate(metric, value, condition=name) for metric, value, name in halves])
    verdict = four_questions.verdict(table)
    (sentence,) = verdict.sentences
    assert re.search(
        r"certainly in 12\.0 % \[.*?\] \(possibly in 85\.0 % \[.*?\]\) of trials for condition a", sentence
    )
    assert {answer.interval for answer in verdict.answers} == {
        Bracket(Interval(k, *wilson(k, 200), 200, 200.0), Interval(m, *wilson(m, 200), 200, 200.0))
        for k, m in ((0.12, 0.15), (0.0, 1.0))
    }


TABLE = pd.DataFrame(
    [
        rate("top1", 0.1 * n, **{"inputs": kind, "inputs.n": n})
        for kind, sizes in (("theirs", (2, 4, 8)), ("others", (2, 4)))
        for n in sizes
    ]
)


def test_a_figure_about_an_absent_level_shows_what_is_there_and_says_so() -> None:
    spec = {"name": "f", "kind": "lines", "x": "inputs.n", "y": "top1", "prefer": {"inputs": "gaussian"}}
    caption = build(spec).fitted(TABLE).caption(TABLE)
    assert "Only inputs: theirs." in caption and "gaussian" not in caption
    spec = {**spec, "prefer": {"inputs": ["gaussian", "others"], "weights.temperature": 1.0}}
    caption = build(spec).fitted(TABLE).caption(TABLE)
    assert "Only inputs: others." in caption and "temperature" not in caption
    adapted = build({**spec, "hue": "weights.temperature", "col": "inputs"}).fitted(TABLE)
    assert adapted.hue is None and adapted.col == "inputs"


@pytest.mark.parametrize("where", [{"inputs": "gaussian"}, {"inputs.n": 3}, {"weights.temperature": 1.0}])
def test_a_figure_that_keeps_a_level_never_shows_another(where: dict[str, object]) -> None:
    """`where` is meant as it is written; only `prefer`, which a study's own figures use, may give way."""
    figure = build({"name": "f", "kind": "lines", "x": "inputs.n", "y": "top1", "where": where})
    with pytest.raises(NotDrawable, match=re.escape(next(iter(where)))):
        figure.fitted(TABLE).caption(TABLE)


def test_the_figures_of_the_shipped_studies_prefer() -> None:
    """A grid that is narrowed on the command line still gets every figure of its study."""
    for path in (ROOT / "conf" / "experiment").glob("*.yaml"):
        figures = yaml.safe_load(path.read_text())["experiment"]["figures"]
        assert figures and not any("where" in figure for figure in figures), path.name


FALSE = (
    "can name the top position of sharp attention and not",
    "diffuse attention cannot",
    "the output alone makes",
    "an oracle would have",
    "Sharp weights leave less room",
    "Gaussian values only and are drawn",
    "Queries, keys and values here are Gaussian",
    "Values here are Gaussian",
)
"""Sentences that this project printed once and that were not so, or not so off its own grid."""


@pytest.mark.parametrize("words", FALSE)
def test_what_was_false_is_said_nowhere(words: str) -> None:
    places = [ROOT / "README.md", *(ROOT / "experiments").glob("*.py"), *CONF.rglob("*.yaml")]
    assert not [path.name for path in places if words in path.read_text(encoding="utf-8")]


def test_a_width_is_told_as_between_two_that_ran() -> None:
    from experiments import width

    rows = [
        {
            **rate("top1", value),
            "probe": "p",
            "projection": "mine",
            "projection.width": size,
            "key": str(size),
        }
        for size, value in ((4, 0.2), (8, 0.5), (16, 0.9))
    ]
    told = str(width.verdict(pd.DataFrame(rows)).told)
    assert "more than 8, at most 16" in told
