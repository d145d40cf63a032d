"""A part that breaks its contract fails its cell in one sentence that names the part and what was expected."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Lab

from attnlab.attention import output
from attnlab.contracts import BrokenContract
from attnlab.decoders.base import Decoder
from attnlab.shapes import Array, Estimate, Sample
from attnlab.weights.base import Weights

FAST = ("exec=serial", "trials=6", "repeats=1", "inputs.n=8")
DECODER = """
from dataclasses import dataclass
import numpy as np
from attnlab.decoders.base import Decoder
from attnlab.shapes import Estimate


@dataclass(frozen=True)
class Wayward(Decoder):
    how: str = "nan"

    def __call__(self, outputs, sample):
        b, n = sample.mask.shape
        ok, done = np.full((b, n), 1 / n), np.ones(b, dtype=bool)
        bad = ok.copy()
        bad[0] = np.nan
        return {
            "nan": Estimate(bad, np.ones(b), done),
            "infinity": Estimate(np.where(np.isnan(bad), np.inf, bad), np.ones(b), done),
            "residual": Estimate(ok, np.full(b, np.nan), done),
            "another_n": Estimate(np.ones((b, n + 1)), np.ones(b), done),
            "none": None,
            "array": ok,
            "text": "weights",
            "objects": Estimate(ok.astype(object), np.ones(b), done),
        }[self.how]
"""
WEIGHTS = """
from dataclasses import dataclass
import numpy as np
from attnlab.weights.base import Weights


@dataclass(frozen=True)
class Wayward(Weights):
    how: str = "nan"

    def __call__(self, sample, rng):
        b, n = sample.mask.shape
        ok = np.full((b, n), 1 / n)
        return {
            "nan": ok * np.nan,
            "another_n": np.full((b, n - 1), 1 / (n - 1)),
            "none": None,
            "negative": ok - np.eye(b, n),
            "unnormalised": 2 * ok,
            "list": ok.tolist(),
        }[self.how]
"""
INPUTS = """
from dataclasses import dataclass
import numpy as np
from attnlab.inputs.base import Inputs
from attnlab.shapes import Sample


@dataclass(frozen=True)
class Wayward(Inputs):
    how: str = "nan"

    def __call__(self, trials, rng):
        b = trials + (self.how == "too_many")
        draw = rng.standard_normal
        values = draw((b, self.n, self.d)) * (np.nan if self.how == "nan" else 1)
        sample = Sample(draw((b, self.e)), draw((b, self.n, self.e)), values)
        return values if self.how == "array" else sample
"""
CASES = [
    ("decoder", DECODER, "nan", "finite weights (6, 8)"),
    ("decoder", DECODER, "infinity", "NaN or infinity in 1 of 6 rows"),
    ("decoder", DECODER, "residual", "finite residual (6,)"),
    ("decoder", DECODER, "another_n", "expected weights (6, 8), got shape (6, 9)"),
    ("decoder", DECODER, "none", "expected an Estimate, got None"),
    ("decoder", DECODER, "array", "expected an Estimate, got an array (6, 8) of float64"),
    ("decoder", DECODER, "text", "expected an Estimate, got a str"),
    ("decoder", DECODER, "objects", "expected weights (6, 8), got an array (6, 8) of object"),
    ("weights", WEIGHTS, "nan", "finite weights (6, 8)"),
    ("weights", WEIGHTS, "another_n", "expected weights (6, 8), got shape (6, 7)"),
    ("weights", WEIGHTS, "none", "expected weights (6, 8), got None"),
    ("weights", WEIGHTS, "negative", "expected nonnegative weights"),
    ("weights", WEIGHTS, "unnormalised", "expected weights that sum to 1"),
    ("weights", WEIGHTS, "list", "expected weights (6, 8), got a list"),
    ("inputs", INPUTS, "nan", "expected finite values, got NaN or infinity"),
    ("inputs", INPUTS, "too_many", "expected a Sample of 6 trials, got one of 7"),
    ("inputs", INPUTS, "array", "expected a Sample, got an array (6, 8, 8)"),
]


@pytest.mark.parametrize("group", ["decoder", "weights", "inputs"])
def test_a_part_that_breaks_its_contract_fails_its_cell(lab: Lab, group: str) -> None:
    mine = lab.folder / "mine"
    (mine / group).mkdir()
    cases = {how: told for name, _, how, told in CASES if name == group}
    (mine / f"wayward_{group}.py").write_text(next(text for name, text, *_ in CASES if name == group))
    (mine / group / "wayward.yaml").write_text(
        f"_target_: wayward_{group}.Wayward\nhow: nan\n" + _sizes(group)
    )
    words = {"inputs": "inputs=gaussian", "weights": "weights=softmax", "decoder": "decoder=simplex"}
    words[group] = f"{group}=wayward"
    hows = f"{group}.how={','.join(repr(how) for how in cases)}"
    answer = lab("experiment=recovery", *words.values(), hows, "weights.temperature=1", *FAST)
    assert answer.code in (1, 2), answer.err
    if answer.code == 2:  # `weights=wayward` has no temperature
        answer = lab("experiment=recovery", *words.values(), hows, *FAST)
    told = {record["config"][group]["how"]: record for record in _records(lab)}
    assert set(told) == set(cases)
    for how, words_ in cases.items():
        record = told[how]
        assert record["status"] == "failed" and "Wayward: expected" in record["error"], (how, record)
        assert words_ in record["error"] and "\n" not in record["error"], (how, record["error"])


def _sizes(group: str) -> str:
    return "n: 32\nd: 8\ne: 8\n" if group == "inputs" else ""


def _records(lab: Lab) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (lab.results / "recovery" / "cells").glob("??/*.json")]


@dataclass(frozen=True)
class Plain(Decoder):
    """Uniform weights."""

    def __call__(self, outputs: Array, sample: Sample) -> Estimate:
        b = len(outputs)
        return Estimate(
            sample.mask / sample.mask.sum(axis=1, keepdims=True), np.ones(b), np.ones(b, dtype=bool)
        )


@dataclass(frozen=True)
class Ragged(Weights):
    """Raises from inside."""

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        raise ValueError("could not broadcast")


def problem(trials: int = 200, n: int = 64) -> Sample:
    rng = np.random.default_rng(0)
    return Sample(
        rng.standard_normal((trials, 8)),
        rng.standard_normal((trials, n, 8)),
        rng.standard_normal((trials, n, 8)),
    )


def test_an_error_inside_a_part_names_it() -> None:
    with pytest.raises(BrokenContract, match=r"^Ragged: could not broadcast$"):
        Ragged()(problem(), np.random.default_rng())


def test_a_member_that_calls_its_base_is_checked_as_well() -> None:
    @dataclass(frozen=True)
    class Halved(Plain):
        def __call__(self, outputs: Array, sample: Sample) -> Estimate:
            found = super().__call__(outputs, sample)
            return Estimate(found.weights[:, :3], found.residual, found.converged)

    with pytest.raises(BrokenContract, match=r"^Halved: expected weights \(200, 64\), got shape \(200, 3\)$"):
        Halved()(np.zeros((200, 8)), problem())


def test_the_checks_cost_little() -> None:
    """Less than a twentieth of the least that a cell does: one output of as many trials."""
    sample, part = problem(2000), Plain()
    weights = np.full(sample.mask.shape, 1 / sample.n)
    outputs = output(weights, sample.values)
    bare = Plain.__call__.__wrapped__  # type: ignore[attr-defined]

    def clock(call: object) -> float:
        times = []
        for _ in range(7):
            began = time.perf_counter()
            call()  # type: ignore[operator]
            times.append(time.perf_counter() - began)
        return min(times)

    extra = clock(lambda: part(outputs, sample)) - clock(lambda: bare(part, outputs, sample))
    drawn = clock(lambda: problem(2000))
    assert extra < 0.05 * drawn, (extra, drawn)


def test_every_wing_promises_something() -> None:
    from attnlab.parts import Part

    root = Path(__file__).parents[1] / "attnlab"
    bases = [kind for kind in Part.__subclasses__() if kind.__module__.endswith(".base")]
    assert {kind.__module__.split(".")[1] for kind in bases} >= {"inputs", "weights", "decoders"}
    for kind in bases:
        if kind.__module__.split(".")[1] != "harness":
            assert kind.promises, f"{kind.__module__} promises nothing"
    assert root.is_dir()
