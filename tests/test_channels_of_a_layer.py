"""What a transformer does to the sum: small formats against their definition, streams and norms, who reads."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import yaml
from members import CONF, member
from scipy.optimize import linprog
from small_tables import table_of

from attnlab.arrays import Array
from attnlab.attention import output
from attnlab.inputs.gaussian import Gaussian
from attnlab.metrics import total_variation
from attnlab.parts import Declined
from attnlab.seeds import Streams
from attnlab.shapes import Sample
from attnlab.solvers.formats import BITS, STEPS, Floating, largest, stored, whole_steps
from attnlab.theory.noisy import noisy_accuracy, noisy_bits
from attnlab.verdicts import rows
from attnlab.weights.hard import Hard
from attnlab.weights.softmax import Softmax
from experiments import channel as study

ORACLES: dict[Floating, Any] = {
    "bfloat16": ml_dtypes.bfloat16,
    "float8-e5m2": ml_dtypes.float8_e5m2,
    "float8-e4m3": ml_dtypes.float8_e4m3fn,
}


finfo: Any = ml_dtypes.finfo


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", ORACLES)
def test_small_floats_are_those_of_another_library(name: Floating) -> None:
    draw = rng()
    numbers = draw.standard_normal(50_000) * 2.0 ** draw.integers(-20, 8, 50_000)
    ties = np.arange(-500, 500) / 2.0 ** (BITS[name] + 1)
    numbers = np.concatenate([numbers, ties, [0.0, largest(name), -largest(name)]])
    numbers = numbers[np.abs(numbers) <= largest(name)]
    np.testing.assert_array_equal(stored(numbers, name), numbers.astype(ORACLES[name]).astype(np.float64))
    assert largest(name) == float(finfo(ORACLES[name]).max)


def test_whole_numbers_are_multiples_of_a_rows_own_step() -> None:
    outputs = rng().standard_normal((40, 6)) * 10.0 ** rng().integers(-200, 200, (40, 1))
    outputs[0] = 0.0
    most = np.abs(outputs).max(axis=1, keepdims=True)
    for steps in STEPS.values():
        arrived = whole_steps(outputs, steps)
        counts = arrived[1:] / most[1:] * steps
        np.testing.assert_allclose(counts, np.rint(counts), atol=1e-9)
        assert np.all(np.abs(arrived - outputs) <= (1 + 1e-9) * most / (2 * steps))
        np.testing.assert_array_equal(np.abs(arrived).max(axis=1), most[:, 0])
        np.testing.assert_array_equal(whole_steps(arrived, steps), arrived)


def words(trials: int = 30, n: int = 9, d: int = 5) -> tuple[Array, Sample]:
    """Outputs over tokens of the values' dimension, some positions masked, and whose stream is asked."""
    sample = member("inputs", "tokens", n=n, d=d, m=d, mask="causal")(trials, rng())
    return output(Softmax()(sample, rng()), sample.values), sample


def stream_of(sample: Sample) -> Array:
    assert sample.tokens is not None
    last = [int(np.flatnonzero(seen)[-1]) for seen in sample.mask]
    return np.array([tokens[place] for tokens, place in zip(sample.tokens, last, strict=True)])


def test_a_stream_is_taken_away_again_by_who_knows_the_words() -> None:
    sent, sample = words()
    for weight in (0.0, 0.5, 1.0):
        arrived = member("channel", "residual", weight=weight).carry(sent, sample, rng())
        np.testing.assert_allclose(arrived - weight * stream_of(sample), sent, rtol=1e-13, atol=1e-13)
    none = replace(sample, tokens=None)
    arrived = member("channel", "residual").carry(sent, none, rng())
    np.testing.assert_allclose(
        arrived, member("channel", "residual").carry(sent, replace(none, tokens=none.values), rng())
    )


@pytest.mark.parametrize("name", ["residual", "rms_norm", "layer_norm"])
def test_tokens_of_another_dimension_are_declined(name: str) -> None:
    sample = member("inputs", "tokens", n=4, d=5, m=6)(3, rng())
    with pytest.raises(Declined, match=r"dimension 6 cannot be added to outputs of dimension 5: inputs\.m=5"):
        member("channel", name).carry(np.ones((3, 5)), sample, rng())


def test_norms_lose_what_they_say_and_no_more() -> None:
    sent, sample = words()
    summed = sent + stream_of(sample)
    centred = summed - summed.mean(axis=1, keepdims=True)
    for name, kept in (("rms_norm", summed), ("layer_norm", centred)):
        arrived = member("channel", name).carry(sent, sample, rng())
        np.testing.assert_allclose((arrived**2).mean(axis=1), 1.0)
        ratio = (arrived * kept).sum(axis=1, keepdims=True) / (kept**2).sum(axis=1, keepdims=True)
        assert (ratio > 0).all()
        np.testing.assert_allclose(arrived, ratio * kept, atol=1e-12)
        for flat in (0.0, 1.1):
            alone = member("channel", name, weight=0).carry(np.full((30, 5), flat), sample, rng())
            expected = 1.0 if name == "rms_norm" and flat else 0.0
            np.testing.assert_allclose(alone, expected)


def interval_widths(values: Array, arrived: Array, half: Array) -> Array:
    """Of every weight: the width of its interval over all weights whose output rounds to what arrived."""
    n = len(values)
    room = (np.r_[values.T, -values.T], np.r_[arrived + half, half - arrived])
    programme: Any = linprog

    def least(cost: Array) -> float:
        return float(programme(cost, *room, np.ones((1, n)), [1.0], bounds=(0, None)).fun)

    return np.array([-least(-unit) - least(unit) for unit in np.eye(n)])


def test_rounding_ruins_plain_inversion_where_positions_just_decide_the_weights_and_not_the_simplex() -> None:
    """The worst of 60 problems of 33 values in 32 dimensions, in bfloat16: inverted, its weights are off by more
    than half of all weight; that weights are at least 0 leaves intervals of a mean width near a hundredth."""
    sample = Gaussian(n=33, d=32, e=32)(60, rng())
    a = Softmax(temperature=0.3)(sample, rng())
    means = []
    for name in ("float16", "bfloat16"):
        arrived = member("channel", "rounding", format=name)(a, sample, rng())
        plain, held = (
            total_variation(a, member("decoder", decoder)(arrived, sample).weights)
            for decoder in ("least_squares", "simplex")
        )
        means.append(plain.mean())
        assert plain.max() > 5 * held.max() and plain.mean() > 2 * held.mean()
    assert means[1] > 4 * means[0]
    worst = int(plain.argmax())
    assert plain[worst] > 0.5
    half = 2.0 ** -BITS["bfloat16"] * np.abs(arrived[worst])
    assert 1e-3 < interval_widths(sample.values[worst], arrived[worst], half).mean() < 0.02


def test_tied_keys_survive_few_bits_and_not_a_tenth_of_a_value_as_noise() -> None:
    """Of the size of a value; a tenth of the output's own size, which is smaller, costs a good deal less."""
    sample = member("inputs", "tied", n=1024, d=64, e=64)(6, rng())
    a = Softmax()(sample, rng())
    size = float(np.sqrt((output(a, sample.values) ** 2).mean()))

    def off(name: str, **settings: object) -> float:
        arrived = member("channel", name, **settings)(a, sample, rng())
        return float(total_variation(a, member("decoder", "max_entropy")(arrived, sample).weights).mean())

    assert off("exact") < 1e-9 and off("rounding", format="bfloat16") < 2e-3
    assert off("noise", sigma=0.1) == pytest.approx(0.35, abs=0.03)
    assert off("noise", sigma=0.1 * size) < 0.08


CELL: dict[str, Any] = {"samples": 0, "probe": member("probe", "output_linear"), "weights": Hard()}


def row(channel: Any, inputs: Any, decoder: str = "nearest_value", trials: int = 400, **more: Any) -> Any:
    parts = {**CELL, "decoder": member("decoder", decoder), **more}
    return study.trial(inputs=inputs, channel=channel, trials=trials, rng=Streams(0), **parts)


def test_the_study_has_the_laws_beside_what_it_measures_and_only_where_they_hold() -> None:
    inputs, noise = Gaussian(n=16, d=4, e=2), member("channel", "noise", sigma=1.0)
    found = row(noise, inputs, trials=2000)
    law, bits = noisy_accuracy(16, 4, 1.0), noisy_bits(16, 4, 1.0)
    assert (found["exact"] == law).all() and (found["exact_bits"] == bits).all()
    assert (found["posterior_bits"] <= 4).all()
    for name, expected in (("top1", law), ("matched_top1", law), ("posterior_bits", bits)):
        values = found[name].astype(float)
        assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(2000), name
    silent = member("channel", "noise", sigma=0.0)
    for quiet in (silent, member("channel", "exact")):
        found = row(quiet, inputs)
        assert (
            found["matched_top1"].all()
            and (found["posterior_bits"] == 4).all()
            and (found["exact"] == 1).all()
        )
    for other in (
        row(member("channel", "rms_norm"), inputs),
        row(noise, member("inputs", "sphere", n=16, d=4, e=2)),
        row(noise, inputs, weights=Softmax()),
    ):
        assert np.isnan(other["exact"]).all() and np.isnan(other["exact_bits"]).all()
    assert np.isnan(row(noise, inputs, weights=Softmax())["matched_top1"]).all()


@pytest.mark.parametrize("name", ["residual", "rms_norm", "layer_norm", "rounding"])
def test_a_channel_that_draws_nothing_keeps_one_of_generic_words_for_who_knows_it(name: str) -> None:
    """And who takes what arrives for the sum is misled where a stream was added."""
    found = row(member("channel", name), Gaussian(n=16, d=6, e=2))
    assert found["matched_top1"].all()
    assert found["top1"].mean() < 0.7 or name == "rounding"


def test_no_probe_beats_who_knows_the_values_and_the_channel() -> None:
    inputs = member("inputs", "tokens", n=8, d=8, e=4, m=8)
    for sigma in (0.5, 2.0):
        noise = member("channel", "noise", sigma=sigma)
        for probe in ("output_linear", "pointer"):
            found = row(noise, inputs, samples=300, probe=member("probe", probe))
            gain = found["read_top1"].astype(float) - found["matched_top1"].astype(float)
            assert gain.mean() <= 2 * gain.std() / 20, (probe, sigma)
        assert found["read_top1"].mean() > 0.25  # the pointer, far above chance


SAID = ("experiment=channel", "inputs.d=4", "samples=0")
FOREIGN: dict[str, tuple[str, ...]] = {
    "duplicated": (
        "inputs=duplicated",
        "inputs.n=5",
        "channel=noise",
        "weights=hard",
        "decoder=nearest_value",
    ),
    "tied": ("inputs=tied", "inputs.n=5", "channel=exact,noise", "weights=softmax", "decoder=simplex"),
    "one": ("inputs=gaussian", "inputs.n=1", "channel=residual,rms_norm", "weights=hard"),
    "positional": ("inputs=positional", "inputs.n=5", "channel=rms_norm,residual", "weights=hard"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_sentences_of_other_inputs_name_what_is_there(name: str) -> None:
    table = table_of(*SAID, *FOREIGN[name])
    assert set(table["status"]) == {"done"}, set(table["reason"])
    found = study.verdict(table)
    for sentence in found.sentences:
        assert not re.search(r"[a-z]:[a-z]|\bnan\b|None|exact law", sentence), sentence
        assert ("Gaussian" in sentence) <= (name == "one")


def test_duplicates_are_told_apart_by_nobody() -> None:
    """A value at two positions: all that arrives is the same for both, whoever knows what."""
    table = table_of(*SAID, *FOREIGN["duplicated"])
    known = rows(table, "matched_top1")
    assert len(known) and known["value"].max() <= 1
    exact = row(member("channel", "exact"), member("inputs", "duplicated", n=5, d=4, copies=2))
    assert 0.3 < exact["matched_top1"].mean() < 0.9 and exact["posterior_bits"].mean() < np.log2(5) - 0.3


NOISE = ("inputs.n=8", "channel=noise", "weights=hard")


def test_what_noise_does_is_not_said_of_its_absence() -> None:
    """Of inputs without a law too, and where every cell is noise."""
    table = table_of(*SAID, *NOISE, "inputs=sphere", "channel.sigma=0.1,1", few=("trials=20", "repeats=2"))
    told = study.verdict(table).sentences
    for own in (
        table,
        table.rename(columns={"channel.sigma": "channel.size"}),
    ):  # what another calls its noise
        assert not [one for one in study.verdict(own).sentences if one.startswith("Without noise")]
    (through,) = (sentence for sentence in told if sentence.startswith("Through noise"))
    assert (
        "attended position is named" in through and "noise of 1 on" in through and "exact law" not in through
    )


def test_titles_say_nothing_that_not_all_their_cells_hold() -> None:
    titles = {figure["name"]: figure["title"] for figure in _figures()}
    for name in ("formats", "tied"):
        assert not re.search(r"\btied\b|d \+ 1", titles[name])


def _figures() -> list[dict[str, Any]]:
    loaded: dict[str, Any] = yaml.safe_load((CONF / "experiment" / "channel.yaml").read_text())
    found: list[dict[str, Any]] = loaded["experiment"]["figures"]
    return found


@pytest.mark.parametrize("sigma", [0.3, 1.0, 3.0])
def test_no_trial_has_more_bits_than_a_position_nor_fewer_than_none(sigma: float) -> None:
    found = row(member("channel", "noise", sigma=sigma), Gaussian(n=16, d=4, e=2))
    assert (found["posterior_bits"] >= 0).all() and (found["posterior_bits"] <= 4).all()
    table = table_of(*SAID, *NOISE, "decoder=nearest_value", "inputs=gaussian", f"channel.sigma={sigma:g}")
    own = rows(table, "posterior_bits")
    assert len(own) and not (own["low"] < 0).any()


@pytest.mark.parametrize("sigma", [5e-324, 1e-300, 1e-29, 1e-12])
def test_noise_below_all_digits_hides_nothing(sigma: float) -> None:
    found = row(member("channel", "noise", sigma=sigma), Gaussian(n=16, d=4, e=2), trials=20)
    assert found["matched_top1"].all() and (found["posterior_bits"] == 4).all()
    np.testing.assert_allclose(found["exact"], 1.0, atol=1e-7)
    np.testing.assert_allclose(found["exact_bits"], 4.0, atol=1e-7)
    np.testing.assert_allclose(found["bound_bits"], 4.0, atol=1e-7)


@pytest.mark.parametrize("sigma", [1e100, 1e300, 1e308])
def test_noise_that_leaves_nothing_is_declined(sigma: float) -> None:
    for inputs in ("gaussian", "sphere"):
        with pytest.raises(Declined, match=r"leaves nothing of them: at most 1e\+06 times their size"):
            row(member("channel", "noise", sigma=sigma), member("inputs", inputs, n=8, d=4, e=2), trials=5)
    heard = row(member("channel", "noise", sigma=5e5), Gaussian(n=8, d=4, e=2), trials=5)
    assert (heard["posterior_bits"] < 1e-6).all()
