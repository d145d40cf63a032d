"""A metric's range follows what the cell's parts declare: no interval leaves it, whatever the decoder."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from attnlab.harness.cells import Cell
from attnlab.harness.command import ask
from attnlab.intervals import DISTANCE, NONNEGATIVE, UNIT

SMALL = ("inputs.n=8", "inputs.d=3", "inputs.e=3", "weights.temperature=0.1,1.0", "trials=12", "repeats=2")


def cells(*words: str) -> list[Cell]:
    (plan,) = ask(words).plans()
    return list(plan.cells)


DECODED = cells("experiment=recovery", "inputs=gaussian", "weights=softmax", "decoder=glob(*)", *SMALL)


@pytest.mark.parametrize("cell", DECODED, ids=lambda cell: str(cell.words))
def test_every_interval_stays_in_its_range(cell: Cell) -> None:
    for channel in ("exact", "noise"):
        noisy = channel == "noise"
        config = dict(cell.config)
        if noisy:
            config["channel"] = {"_target_": "attnlab.channels.noise.Noise", "sigma": 0.5}
        there = dataclasses.replace(cell, config=config)
        measured = there.measure()
        bounded = {name: told for name, told in measured.items() if told["value"] is not None}
        for metric, told in bounded.items():
            known = UNIT if told["kind"] == "rate" else there.measures[metric]
            for end in ("low", "value", "high"):
                if told[end] is not None:
                    assert known.low - 1e-12 <= told[end] <= known.high + 1e-12, (metric, end)
        signed = bool(there.facts().get("decoder:signed"))
        known = there.measures["total_variation"]
        assert (known.high == 1.0) is not signed
        assert signed or measured["total_variation"]["value"] <= 1.0


def test_both_kinds_of_decoders_are_here() -> None:
    assert {bool(cell.facts().get("decoder:signed")) for cell in DECODED} == {True, False}
    assert len({cell.settings()["decoder"] for cell in DECODED}) >= 5


def test_a_range_that_hangs_on_a_fact() -> None:
    assert DISTANCE.given({}) is DISTANCE and DISTANCE.given({"decoder:signed": True}) is NONNEGATIVE
    assert UNIT.given({"decoder:signed": True}) is UNIT
    assert DISTANCE.refusal(np.array([1.5])) and not NONNEGATIVE.refusal(np.array([1.5]))


DECODED_BY = {"collision": None, "ladder": "informed_total_variation", "recovery": "total_variation"}
"""The distance of each study that is to a decoder's weights."""


@pytest.mark.parametrize("study", DECODED_BY)
def test_distances_between_points_of_the_simplex_are_at_most_one(study: str) -> None:
    (plan,) = ask([f"experiment={study}"]).plans()
    for cell in plan.cells:
        distances = [metric for metric in cell.measures if metric.endswith("total_variation")]
        assert distances
        for metric in distances:
            decoded = metric == DECODED_BY[study]
            signed = decoded and bool(cell.facts().get("decoder:signed"))
            assert (cell.measures[metric].high == 1.0) is not signed
