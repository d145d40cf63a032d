"""The law of every channel, over all of conf/channel, and where channels stand: before every observer of o."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from members import member, members

from attnlab.attention import output
from attnlab.channels.base import Channel
from attnlab.channels.noise import Noise
from attnlab.inputs.gaussian import Gaussian
from attnlab.parts import Declined, SettingError
from attnlab.probes.pointer import Pointer
from attnlab.seeds import Streams
from attnlab.shapes import Array, Sample
from attnlab.solvers.formats import BITS, EXPONENTS, Floating, largest, round_to, stored
from attnlab.weights.softmax import Softmax

CHANNELS = members("channel")
FORMATS: tuple[Floating, ...] = ("float8-e5m2", "float8-e4m3", "bfloat16", "float16", "float32")
"""From the coarsest to the finest."""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def problem(trials: int = 50, n: int = 20, d: int = 6) -> tuple[Array, Sample]:
    sample = Gaussian(n=n, d=d, e=4)(trials, rng())
    return Softmax()(sample, rng()), sample


@pytest.mark.parametrize("name", CHANNELS)
def test_what_arrives_is_finite_of_one_shape_and_the_same_again(name: str) -> None:
    channel, (a, sample) = member("channel", name), problem()
    assert isinstance(channel, Channel)
    before = output(a, sample.values)
    arrived = channel(a, sample, rng(1))
    assert arrived.shape == (50, 6) and arrived.dtype == np.float64
    assert np.isfinite(arrived).all()
    np.testing.assert_array_equal(arrived, channel(a, sample, rng(1)))
    np.testing.assert_array_equal(arrived, channel.carry(before, sample, rng(1)))
    np.testing.assert_array_equal(before, output(a, sample.values))  # nothing was written into


@pytest.mark.parametrize("name", CHANNELS)
def test_what_arrives_does_not_depend_on_the_other_trials(name: str) -> None:
    channel, (a, sample) = member("channel", name), problem()
    few = np.arange(7)
    np.testing.assert_array_equal(channel(a, sample, rng(1))[few], channel(a[few], sample[few], rng(1)))


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("c", [2.0**-3, 2.0**10])
def test_scale(name: str, c: float) -> None:
    channel, (a, sample) = member("channel", name), problem()
    sent, arrived = output(a, sample.values), channel(a, sample, rng(1))
    larger = channel(a, replace(sample, values=c * sample.values), rng(1))
    expected = {
        "with the output": c * arrived,
        "not at all": c * sent + (arrived - sent),
        "is lost": arrived,
    }
    np.testing.assert_allclose(larger, expected[channel.scales], rtol=1e-12, atol=1e-12)


def test_exact_is_the_identity() -> None:
    a, sample = problem()
    np.testing.assert_array_equal(member("channel", "exact")(a, sample, rng(1)), output(a, sample.values))


def test_noise_has_the_size_it_says_and_none_of_it_is_exact() -> None:
    a, sample = problem(trials=4000)
    sent = output(a, sample.values)
    for sigma in (1.0, 1e-3):
        z = (member("channel", "noise", sigma=sigma)(a, sample, rng(1)) - sent) / sigma
        # 24,000 draws: four standard errors of the mean and of the standard deviation
        assert abs(z.mean()) < 4 / np.sqrt(z.size) and abs(z.std() - 1) < 4 / np.sqrt(2 * z.size)
        assert abs(np.corrcoef(z.T) - np.eye(6)).max() < 4 / np.sqrt(4000)
    np.testing.assert_array_equal(member("channel", "noise", sigma=0)(a, sample, rng(1)), sent)
    with pytest.raises(SettingError, match="sigma"):
        Noise(sigma=-1.0)


def test_finer_rounding_is_nearer_and_within_half_a_step() -> None:
    a, sample = problem()
    sent = output(a, sample.values)
    missed = []
    for format in FORMATS:
        arrived = member("channel", "rounding", format=format)(a, sample, rng(1))
        normal = np.maximum(np.abs(sent), 2.0 ** EXPONENTS[format][0])  # below the least one the steps stay
        assert np.all(np.abs(arrived - sent) <= 2.0 ** -BITS[format] * normal)
        np.testing.assert_array_equal(round_to(arrived, format), arrived)
        missed.append(float(np.abs(arrived - sent).max()))
    assert sorted(missed, reverse=True) == missed and missed[-1] > 0


def test_rounding_reaches_into_the_subnormal_numbers_and_declines_what_would_be_infinite() -> None:
    small = np.concatenate([2.0**-14 * rng().random(500), 2.0 ** -np.arange(14.0, 27.0), [0.0, -3e-8]])
    np.testing.assert_array_equal(stored(small, "float16"), small.astype(np.float16).astype(float))
    assert stored(np.array([2.0**-134]), "bfloat16") == 0.0 != stored(np.array([2.0**-133]), "bfloat16")
    _, sample = problem()
    for format in FORMATS:
        channel = member("channel", "rounding", format=format)
        at_the_end = np.full((50, 6), largest(format))
        np.testing.assert_array_equal(channel.carry(at_the_end, sample, rng()), at_the_end)
        with pytest.raises(Declined, match=f"{format} ends at"):
            channel.carry(np.nextafter(2 * at_the_end, 0), sample, rng())


READERS = ("recovery", "channel", "heads", "probing", "ladder", "width", "training", "four_questions")
"""The experiments in which an observer reads the output."""


def test_a_channel_stands_before_every_observer_of_the_output_and_nowhere_else() -> None:
    pages = {path.stem for path in (Path(__file__).parents[1] / "experiments").glob("[a-z]*.py")}
    for page in sorted(pages):
        trial = importlib.import_module(f"attnlab.experiments.{page}").trial
        parts = set(inspect.signature(trial).parameters)
        assert ("channel" in parts) == bool({"decoder", "probe"} & parts) == (page in READERS), page


def test_noise_hides_the_position_from_decoders_and_probes_alike() -> None:
    from attnlab.experiments import probing

    seen = {}
    for name, channel in (
        ("exact", member("channel", "exact")),
        ("loud", member("channel", "noise", sigma=9)),
    ):
        inputs = member("inputs", "tokens", n=8, d=8, e=8, m=12)
        args = (Pointer(), member("decoder", "simplex"), "weight", "group", 300, 200, Streams(0))
        seen[name] = probing.trial(inputs, Softmax(temperature=0.3), channel, *args)
    for metric in ("top1", "informed_top1"):
        assert seen["exact"][metric].mean() > seen["loud"][metric].mean() + 0.3
    # held-out examples pass through the channel too: only training on noise would leave the pointer most of it
    assert seen["loud"]["top1"].mean() < 0.4
