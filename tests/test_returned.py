"""What a part or a trial of one's own returns: anything but what was promised is one sentence with its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from conftest import Lab

import attnlab
from attnlab.contracts import BrokenContract
from attnlab.decoders.base import Decoder, estimate
from attnlab.decoders.least_squares import LeastSquares
from attnlab.shapes import Array, Estimate, Sample

VALUES = np.random.default_rng(0).normal(size=(6, 8, 3))
OUTPUTS = VALUES.mean(axis=1)
FLAT = np.full((6, 8), 1 / 8)


@dataclass(frozen=True)
class Mine(Decoder):
    """Gives the weights it was told to, through `estimate` or by hand."""

    weights: Any = None
    by_hand: bool = False

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        if self.by_hand:
            return Estimate(self.weights, np.zeros(6), np.ones(6, dtype=bool))
        return estimate(self.weights, outputs, sample)


WRONG: list[tuple[Any, str, str]] = [
    (None, "weights (6, 8), got None", "weights as a numpy array, got NoneType"),
    (3, "weights (6, 8), got an int", "weights as a numpy array, got int"),
    (FLAT.tolist(), "weights (6, 8), got a list", "weights as a numpy array, got list"),
    (
        FLAT.astype(complex),
        "weights (6, 8), got an array (6, 8) of complex128",
        "weights (6, 8), got an array",
    ),
    (FLAT.astype(object), "weights (6, 8), got an array (6, 8) of object", "weights (6, 8), got an array"),
    (FLAT.astype(str), "weights (6, 8), got an array (6, 8) of <U", "weights (6, 8), got an array"),
    (FLAT[:, :7], "weights (6, 8), got an array (6, 7) of float64", "weights (6, 8), got shape (6, 7)"),
    (FLAT[:5], "weights (6, 8), got an array (5, 8) of float64", "residual (5,), got (6,)"),
    (FLAT[0], "weights (6, 8), got an array (8,) of float64", "weights (B, n), got (8,)"),
    (FLAT[..., None], "weights (6, 8), got an array (6, 8, 1) of float64", "weights (B, n), got (6, 8, 1)"),
    (5 * FLAT, "weights that sum to 1, got a sum off by 4", "weights that sum to 1, got a sum off by 4"),
    (FLAT - np.eye(6, 8) + np.eye(6, 8, 1), "nonnegative weights, got -0.875", "nonnegative weights"),
    (FLAT * np.nan, "finite weights (6, 8), got NaN or infinity in 6", "finite weights (6, 8)"),
]


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("case", WRONG, ids=lambda case: case[1][:40])
def test_decode_says_what_a_decoder_of_ones_own_should_have_given(
    case: tuple[Any, str, str], by_hand: bool
) -> None:
    weights, told, by_itself = case
    with pytest.raises(BrokenContract) as refused:
        attnlab.decode(OUTPUTS, VALUES, decoder=Mine(weights, by_hand))
    said = str(refused.value)
    assert said.startswith(f"Mine: expected {by_itself if by_hand else told}"), said
    assert "\n" not in said


@pytest.mark.parametrize(
    "weights", [np.eye(6, 8, dtype=int), np.eye(6, 8, dtype=bool), np.eye(6, 8, dtype="f4")]
)
def test_weights_of_any_real_type_will_do(weights: Array) -> None:
    assert attnlab.decode(OUTPUTS, VALUES, decoder=Mine(weights)).weights.sum() == 6


def test_a_decoder_may_say_that_its_weights_are_signed() -> None:
    assert attnlab.decode(OUTPUTS[:, :2], VALUES[..., :2], decoder=LeastSquares()).weights.shape == (6, 8)

    @dataclass(frozen=True)
    class Signed(Mine):
        signed = True

    assert attnlab.decode(OUTPUTS, VALUES, decoder=Signed(5 * FLAT - np.eye(6, 8))).weights.min() < 0


TRIAL = '''"""Odd: what does it return?"""
import numpy as np
from attnlab.inputs.base import Inputs
from attnlab.intervals import Measure
from attnlab.parts import Count, Declined

VERSION = 1
MEASURES = {{"sum": Measure(whole=True), "rare": Measure(absent=True)}}


def trial(inputs: Inputs, how: str, trials: Count, rng):
    good = np.arange(float(trials))
    return {{"good": good, "it": {what}}}
'''
ROWS = {
    "good[:-1]": "odd.trial: expected 8 values of it, one a trial, got 7; for one of the repeat as a whole",
    "np.append(good, 1)": "expected 8 values of it, one a trial, got 9",
    "good[:1]": "expected 8 values of it, one a trial, got 1",
    "good[:0]": "expected 8 values of it, one a trial, got 0",
    "None": "odd.trial: expected an array (B,) of real numbers or booleans for 'it', got None",
    "3": "for 'it', got an int",
    "2.5": "for 'it', got a float",
    "'text'": "for 'it', got a str",
    "good + 1j": "for 'it', got an array (8,) of complex128",
    "good.astype(object)": "for 'it', got an array (8,) of object",
    "good.astype(str)": "for 'it', got an array (8,) of <U32",
    "good[:, None]": "for 'it', got an array (8, 1) of float64",
    "[[1], [1, 2]]": "for 'it', got a list of rows of different lengths",
    "good * np.nan": "metric 'it': expected a number in some trial, got NaN or infinity in all 16",
    "good + np.inf": "metric 'it': expected a number in some trial, got NaN or infinity in all 16",
    "good, 'group': np.arange(7)": "odd.trial: expected 8 values of group, one a trial, got 7",
    "good, 'group': good": "expected whole numbers as 'group'",
    "good, 'visible': good": "expected whole numbers as 'visible'",
    "good, 'sum': good[:0]": "odd.trial: expected 8 values of sum, one a trial, got 0",
    "good, 3: good": "odd.trial: expected a text that can be printed as the name of a metric, got 3",
}
WHOLES = {
    "None": "odd.trial: expected a dict of arrays, one for each metric, got None",
    "good": "got an array (8,) of float64",
    "{}": "got an empty dict",
    "[good]": "got a list",
    "good.sum()": "got a float64",
}
RIGHT = (
    "good",
    "good.tolist()",
    "good > 1",
    "good.astype(int)",
    "good, 'sum': good[:1]",
    "good, 'rare': good * np.nan",
)


@pytest.fixture
def odd(lab: Lab) -> Callable[[str], dict[str, Any]]:
    """The record of a cell whose trial returns what a module's text says."""

    def run(text: str) -> dict[str, Any]:
        (lab.folder / "mine" / "odd.py").write_text(text)
        body = (
            "experiment: {module: odd, grids: {quick: {a: {inputs.n: 4}}}}\nhow: a\ntrials: 8\nrepeats: 2\n"
        )
        (lab.folder / "mine" / "experiment" / "odd.yaml").write_text(f"# @package _global_\n{body}")
        answer = lab("experiment=odd", "exec=serial")
        (path,) = (lab.results / "odd" / "cells").glob("??/*.json")
        record: dict[str, Any] = json.loads(path.read_text())
        assert answer.code == (record["status"] == "failed"), answer.err
        return record

    return run


@pytest.mark.parametrize("what", ROWS)
def test_a_row_that_is_none_fails_its_cell(odd: Callable[[str], dict[str, Any]], what: str) -> None:
    record = odd(TRIAL.format(what=what))
    assert record["status"] == "failed" and ROWS[what] in record["error"], record.get("error")
    assert "\n" not in record["error"]


@pytest.mark.parametrize("what", WHOLES)
def test_no_row_at_all_fails_its_cell(odd: Callable[[str], dict[str, Any]], what: str) -> None:
    text = TRIAL.format(what="good")
    record = odd(text.replace("return {", f"return {what} if how else {{"))
    assert record["status"] == "failed" and WHOLES[what] in record["error"], record.get("error")


@pytest.mark.parametrize("what", RIGHT)
def test_a_row_that_is_one_is_done(odd: Callable[[str], dict[str, Any]], what: str) -> None:
    assert odd(TRIAL.format(what=what))["status"] == "done"


@pytest.mark.parametrize(("known", "status"), [("good", "skipped"), ("good + 1j", "failed")])
def test_what_was_measured_before_a_part_declined_is_held_to_the_same(
    odd: Callable[[str], dict[str, Any]], known: str, status: str
) -> None:
    decline = f"    no = Declined('no such thing')\n    no.measured = {{'it': {known}}}\n    raise no\n"
    record = odd(TRIAL.format(what="good").replace("    return {", decline + "    return {"))
    assert record["status"] == status
    assert status == "skipped" or "for 'it', got an array (8,) of complex128" in record["error"]
