"""Usable bits where the output says nothing about the position, and the prior that they are measured against."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from attnlab.intervals import interval
from attnlab.probes import controls
from attnlab.probes.base import Probe, uniform
from attnlab.probes.information import ignorable, linear_gaussian_bits, usable_bits
from attnlab.probes.output_linear import OutputLinear
from attnlab.probes.output_neighbours import OutputNeighbours
from attnlab.probes.output_ridge import OutputRidge
from attnlab.probes.scores import bits
from attnlab.shapes import Array, Examples


def unreadable(rng: np.random.Generator, count: int, n: int, chances: Array | None = None) -> Examples:
    """Outputs that are noise, goals drawn uniformly or with the given chances: nothing to read."""
    goal = np.eye(n)[rng.choice(n, size=count, p=chances)]
    mask = np.ones((count, n), dtype=bool)
    return Examples(rng.standard_normal((count, 4)), None, goal, goal, mask, np.arange(count))


def five_repeats(probe: Probe, train: int, held: int, n: int, seed: int) -> tuple[float, float, float]:
    """Value, low and high of the usable bits of five repeats."""
    found = []
    for repeat in range(5):
        rng = np.random.default_rng([seed, repeat])
        learned, asked = unreadable(rng, train, n), unreadable(rng, held, n)
        read, blind = probe.fit(learned, rng)(asked), controls.prior(learned)(asked)
        found.append(usable_bits(read, blind, asked))
    made = interval(np.concatenate(found), group=np.repeat(np.arange(5), held))
    return made.value, made.low, made.high


NOTHING: list[tuple[Probe, int, int, int]] = [
    (OutputLinear(), 60, 100, 6),  # its fits cost most
    (OutputRidge(), 40, 100, 8),
    (OutputRidge(), 200, 60, 4),
    (OutputRidge(), 300, 300, 24),
    (OutputNeighbours(), 40, 100, 8),
    (OutputNeighbours(), 200, 60, 4),
    (OutputNeighbours(), 300, 300, 24),
]


@pytest.mark.parametrize(("probe", "train", "held", "n"), NOTHING)
def test_usable_bits_with_nothing_to_read_cover_zero(probe: Probe, train: int, held: int, n: int) -> None:
    """Six studies of five repeats: a 95 % interval may miss zero in one of them, not in two, and by little."""
    made = [five_repeats(probe, train, held, n, seed) for seed in range(6)]
    assert sum(low <= 0 <= high for _, low, high in made) >= 5, made
    assert max(abs(value) for value, _, _ in made) < 0.05


def test_linear_bits_with_nothing_to_read_cover_zero() -> None:
    covered = []
    for seed in range(20):
        found = []
        for repeat in range(5):
            rng = np.random.default_rng([seed, repeat])
            x, y = rng.standard_normal((140, 6)), rng.standard_normal((140, 3))
            found.append(linear_gaussian_bits(x[:40], y[:40], x[40:], y[40:], np.arange(100)).mean(axis=1))
        made = interval(np.concatenate(found), group=np.repeat(np.arange(5), 100))
        covered.append(made.low <= 0 <= made.high)
    assert np.mean(covered) >= 0.9


@pytest.mark.parametrize(("count", "n"), [(100, 2), (300, 8), (600, 24), (2000, 24)])
def test_an_oracle_over_even_positions_has_at_most_log2_n_bits(count: int, n: int) -> None:
    """Fitted frequencies would cost more than log2 n; they are not used where they are worse than none."""
    rng = np.random.default_rng([count, n])
    found, fitted = [], []
    for _ in range(30):
        learned, asked = unreadable(rng, count, n), unreadable(rng, 200, n)
        found.append(bits(controls.prior(learned)(asked), asked.goal).mean())
        fitted.append(bits(controls.frequency(learned)(asked), asked.goal).mean())
    assert np.mean(fitted) > np.log2(n)
    assert np.mean(found) <= np.log2(n) + 0.1 * (np.mean(fitted) - np.log2(n))
    assert np.median(found) == pytest.approx(np.log2(n), abs=1e-12)


def test_frequencies_are_used_where_they_say_something() -> None:
    rng = np.random.default_rng(0)
    chances = np.array([0.5, 0.3, 0.1, 0.1])
    learned, asked = unreadable(rng, 400, 4, chances), unreadable(rng, 400, 4, chances)
    told = bits(controls.prior(learned)(asked), asked.goal).mean()
    np.testing.assert_array_equal(controls.prior(learned)(asked), controls.frequency(learned)(asked))
    assert told < 1.8 < bits(uniform(asked.mask), asked.goal).mean()


def test_rows_that_come_back_do_not_vouch_for_frequencies() -> None:
    """Four groups, each of one row over and over: what is often in three says nothing of the fourth."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        rows = unreadable(rng, 4, 24)
        again = np.repeat(np.arange(4), 50)
        learned = dataclasses.replace(rows[again], group=again)
        asked = unreadable(rng, 100, 24)
        np.testing.assert_array_equal(controls.prior(learned)(asked), uniform(asked.mask))


def test_a_reader_that_reads_keeps_what_it_reads() -> None:
    """Falling back costs a reader that saves half a bit an example nothing, and one bit at the most."""
    gain = 0.5 + np.random.default_rng(0).standard_normal(300)
    assert ignorable(gain, np.arange(300)).mean() == pytest.approx(gain.mean(), abs=1e-9)
    assert ignorable(np.full(2, 1.0), np.arange(2)).sum() > 2 * 1.0 - 1


def test_no_example_chooses_its_own_reader() -> None:
    """Changing what one group gains moves what the other half's examples save, and nothing in its own half."""
    gain, group = np.random.default_rng(1).standard_normal(12), np.repeat(np.arange(4), 3)
    other = gain + 0.5 * (group == 0)
    moved = ignorable(other, group) != ignorable(gain, group)
    assert moved.tolist() == [True] * 6 + [False] * 3 + [True] * 3
