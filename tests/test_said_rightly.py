"""What the pages say of channels, intervals, reasons, ties and steps is what the rows hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Lab
from members import member

from attnlab.intervals import SHARE, Interval, interval, wilson
from attnlab.report import index
from attnlab.report.figures.tiles import percent
from attnlab.report.pooling import NotDrawable
from attnlab.report.specs import build
from attnlab.report.study import Study
from attnlab.shapes import Array
from attnlab.verdicts import Bracket, Claim, Verdict, by_symmetry, no_other_query, stated
from attnlab.verdicts.situation import situations
from experiments import asker, collision, phase

FRAMED = {"channel": "Q4 alone: {}"}
NO_GROUPS = "(no interval: too few independent groups)"


def rate(metric: str, value: float, count: Any = 200, **settings: Any) -> dict[str, object]:
    low, high = wilson(value, count)
    return {
        "key": str(settings), "status": "done", "metric": metric, "kind": "rate", "value": value, "low": low,
        "high": high, "count": count, "effective": float(count), "inputs": "mine", "inputs.n": 32, "inputs.d": 8,
        **settings,
    }  # fmt: skip


def cells(*channels: tuple[str, dict[str, Any]]) -> pd.DataFrame:
    rows = []
    for name, settings in channels:
        part = member("channel", name, **settings)
        told = {f"channel:{fact}": words for fact, words in part.declared().items()}
        own = {f"channel.{leaf}": value for leaf, value in settings.items()}
        for tau in (0.1, 1.0):
            rows.append(rate("q4", 0.5, channel=name, **{"weights": "softmax", "weights.temperature": tau}))
            rows[-1] |= {**own, **told, "weights:says": "softmax weights", "key": f"{name} {settings} {tau}"}
    return pd.DataFrame(rows)


@pytest.mark.parametrize("sigmas", [(0.1,), (0.1, 0.5)])
def test_a_row_names_the_channel_as_what_the_reader_gets(sigmas: tuple[float, ...]) -> None:
    """Noise too, usual or not; the exact channel goes without saying."""
    noise: list[tuple[str, dict[str, Any]]] = [("noise", {"sigma": sigma}) for sigma in sigmas]
    table = cells(("exact", {}), ("rounding", {"format": "bfloat16"}), *noise)
    for some in (table, table[table["channel"] == "noise"]):
        told = situations(some, framed=FRAMED)
        assert len(set(told.values())) == len(told)
        for key, words in told.items():
            name = key.partition(" ")[0]
            own = {"noise": "noise of 0.", "rounding": "the output rounded to bfloat16"}.get(name, "")
            assert ("Q4 alone: " in words) == (name != "exact") and own in words
            assert words.startswith("softmax weights, temperature")
            for _, settings in noise if name == "noise" else ():
                assert (str(settings) in key) == (f"noise of {settings['sigma']:g} on the output" in words)


def test_a_row_with_nothing_but_its_channel_tells_its_parts_too() -> None:
    table = cells(("noise", {"sigma": 0.1})).drop(columns="weights.temperature").drop_duplicates("channel")
    assert list(situations(table, framed=FRAMED).values()) == [
        "mine, softmax weights, Q4 alone: noise of 0.1 on the output"
    ]


def test_the_shipped_tiles_frame_the_channel_and_say_what_q3_asks_without_a_query(lab: Lab) -> None:
    told = lab(
        "experiment=four_questions", "inputs=gaussian", "channel=noise", "trials=10", "samples=40", "repeats=2",
        "inputs.n=12", "inputs.d=4", "weights=uniform_support", "weights.support=2",
    )  # fmt: skip
    assert told.code == 0
    page = (lab.results / "four_questions" / "report.md").read_text()
    (row,) = {line for line in page.splitlines() if line.startswith("| equal weight")}
    assert "support 2, Q4 alone: noise of 0.1 on the output |" in row
    assert "They are about the exact sum, Q4 about what arrives of it." in page
    assert "no softmax weights over the keys give the output at all" in page
    assert "[0.0, 100.0]" not in page, (
        "an interval that leaves nothing out is none in a tile, as in a sentence"
    )


def test_a_tile_prints_an_interval_as_a_sentence_does() -> None:
    some, nothing = Interval(0.5, 0.3, 0.7, 20, 20.0), Interval(0.5, 0.0, 1.0, 20, 2.0)
    few = Interval(0.5, float("nan"), float("nan"), 8, 8.0)
    for number in (some, nothing, few, Interval(0.0, 0.0, 0.2, 20, 20.0)):
        assert " ".join(percent(number)).replace("\N{NO-BREAK SPACE}", " ") == number.percent
    assert percent(nothing)[1] == NO_GROUPS
    assert percent(Bracket(nothing, Interval(0.2, 0.1, 0.4, 20, 20.0)))[1] == NO_GROUPS
    assert (
        percent(Bracket(Interval(0.1, 0.0, 0.2, 20, 20.0), Interval(0.2, 0.1, 0.4, 20, 20.0)))[1]
        == "[0.0, 90.0]"
    )


def test_few_groups_are_not_called_few_trials() -> None:
    values: Array = np.array([1.0] + [0.0] * 19)
    group = np.repeat(np.arange(2), 10)
    told = interval(values, SHARE, group)
    assert told.silent and NO_GROUPS in told.percent and NO_GROUPS in str(told)


def test_reasons_are_told_apart_by_format(lab: Lab) -> None:
    lab(
        "experiment=collision",
        "trials=10",
        "inputs=gaussian",
        "inputs.n=1",
        "inputs.d=1",
        "collision=rounded",
    )
    page = (lab.results / "collision" / "report.md").read_text()
    found = [words for words in ("bfloat16", "float16", "float32") if f"keeps the output in {words}" in page]
    assert len(found) > 1, "the grid has several formats, and each declines in its own words"


def test_every_reason_of_a_construction_is_told_with_its_cells() -> None:
    row = {
        "status": "skipped",
        "metric": None,
        "value": None,
        "inputs.n": 1,
        "inputs.d": 1,
        "collision": "mine",
    }
    reasons = ["a", "b", "a"]
    table = pd.DataFrame([{**row, "key": str(place), "reason": why} for place, why in enumerate(reasons)])
    assert collision._declined(table)
    levels = collision._reasons(table)
    assert levels is not None and levels.heads == ("construction", "reason", "cells")
    assert levels.lines == (("mine", "a", "2"), ("mine", "b", "1"))


def test_collision_does_not_promise_that_all_decline_nor_find_nothing_all_the_same() -> None:
    told = " ".join(
        [str(collision.__doc__), *(claim.says for claim in collision.CLAIMS if hasattr(claim, "says"))]
    )
    assert "must decline" not in told and "all the same" not in told and "decline or find none" in told


@pytest.mark.parametrize("positive", [True, False])
def test_zeros_by_underflow_are_named_where_weights_are_positive_by_declaration(
    positive: bool,
) -> None:
    rows = [rate("q3_lost", 0.4), rate("q3_kept", 0.1), rate("of_keys", 0.9)]
    table = pd.DataFrame(rows)
    table = table.assign(**{"weights:positive": True}) if positive else table
    (told,) = stated(table, no_other_query()).sentences
    assert told.startswith("Not in every trial does a query give the weights")
    assert ("underflow" in told) == positive and "not all" not in told


@pytest.mark.parametrize(("n", "chance", "kind"), [(32, "3.12 %", "mean"), (1, "100 %", "mean")])
def test_a_theorem_about_chance_takes_its_value(n: int, chance: str, kind: str) -> None:
    facts = {"probe:reads": "the output", "inputs:exchangeable": True, "weights:equivariant": True}
    low, high = (1 / n, 1 / n) if n > 1 else (0.81, 1.0)
    table = pd.DataFrame(
        [
            {**rate("q4", 0.5, place=place), **facts, "key": str(place)} | own
            for place in (1, 2)
            for own in ({}, {"metric": "chance", "kind": kind, "value": 1 / n, "low": low, "high": high})
        ]
    )
    if n > 1:  # so that it is not the same; of one position all levels hold by definition
        table.loc[(table["metric"] == "chance") & (table["place"] == 2), "value"] = 0.75
    (told,) = stated(
        table,
        [
            Claim(
                metric="q4",
                says="It is read",
                over="place",
                theorem=by_symmetry,
                beside={"chance": "chance {}"},
            )
        ],
    ).sentences
    assert (f"at place 1 (chance by symmetry: {chance})" if n > 1 else f"chance {chance}") in told


def test_only_what_waits_is_not_there_yet() -> None:
    table = pd.DataFrame(
        [rate("top1", 0.5, **{"inputs.n": 2}), rate("rivals", float("nan"), **{"inputs.n": 2})]
    )
    figure = build({"name": "f", "kind": "lines", "x": "inputs.n", "y": "rivals"})
    with pytest.raises(NotDrawable, match=r"no cell here has a value of other softmax weights found$"):
        figure.marks(table)
    table.loc[0, "status"] = "missing"
    with pytest.raises(NotDrawable, match=r"no cell has a value of other softmax weights found yet$"):
        figure.marks(table)


def test_the_step_in_the_argument_is_that_of_a_shipped_experiment_whatever_the_studys_name(lab: Lab) -> None:
    lab("experiment=noop", "study=recovery")
    lab("experiment=recovery", "study=mine", "trials=10", "inputs.n=4", "inputs.d=2", "decoder=simplex")
    told = (lab.results / "index.md").read_text()
    step = index.argument()["recovery"]
    before = told[: told.index(step)]
    assert (
        told.count(step) == 1
        and "mine/report" in before[before.rindex("##") :] + told[told.index(step) :][:1500]
    )
    own = [index.IndexEntry(Study(name, name, "", experiment), Verdict(()), None) for name, experiment in  # type: ignore[arg-type]
           (("collision", ""), ("z", "recovery"), ("y", "collision"))]  # fmt: skip
    assert [entry.study.name for entry in index.in_order(own)] == ["y", "z", "collision"]


def test_what_the_askers_sentence_says_stands_not_in_its_condition_again() -> None:
    rows = [rate("c_95", 0.5), rate("possible", 0.6)]
    construction = member("collision", "extreme").says
    table = pd.DataFrame(rows).assign(collision="extreme", **{"collision:says": construction})
    told = asker.verdict(table).sentences
    assert told and not any(construction in sentence for sentence in told)


def test_phase_tells_a_support_as_positions() -> None:
    rows = [rate("unique", 0.5, **{"weights.support": k, "weights": "hard"}) for k in (1, 2)]
    (told, *_) = phase.verdict(pd.DataFrame(rows)).sentences
    assert "on 1 of the positions" in told and "at support" not in told


def test_of_places_with_one_number_the_best_known_is_quoted() -> None:
    counts = {"a": 10, "b": 200, "c": 100, "d": 10, "e": 300, "f": 50}
    values = {"a": 0.0, "b": 0.0, "c": 0.5, "d": 1.0, "e": 1.0, "f": 0.0}
    table = pd.DataFrame([rate("m", values[name], counts[name], level=name) for name in counts])
    found = Claim(metric="m", says="It is", over="level").found(table)
    assert found is not None and [place.words[-1] for place in found.shown] == ["e", "b"]
    alike = Claim(metric="m", says="It is", over="level").found(table.assign(value=0.0))
    assert alike is not None and len({place.words for place in alike.shown}) == 2
