"""A readout on its own: what is fitted on which rows, and what of each row stands in its metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from attnlab.probes.readout import MEASURES, readout
from attnlab.seeds import Streams
from attnlab.shapes import Array, Examples

N, TRIALS, ALL = 4, 30, 90
FLOOR = 1e-5
"""Bits are taken after a little of the uniform reader is mixed in, so that no probability is 0."""


@dataclass
class Knowing:
    """Puts 0.7 on the true position where the output shows it, and is uniform where the output is hidden."""

    seen: list[tuple[int, bool]] = field(default_factory=list)

    def fit(self, train: Examples, rng: np.random.Generator) -> Callable[[Examples], Array]:
        self.seen.append((len(train), train.outputs.shape[1] == N))

        def read(held: Examples) -> Array:
            if held.outputs.shape[1] != N:
                return np.full((len(held), N), 1 / N)
            return np.where(held.outputs > 0.5, 0.7, 0.1)

        return read


def data() -> Examples:
    position = np.random.default_rng(0).integers(N, size=ALL)
    one_hot = np.eye(N)[position]
    return Examples(one_hot, None, one_hot, one_hot, np.ones((ALL, N), bool), np.arange(ALL) // 3)


def test_a_readout_learns_from_other_groups_than_it_reads() -> None:
    everything, probe = data(), Knowing()
    seen = readout(probe, everything, TRIALS, Streams(1))  # type: ignore[arg-type]
    assert len(seen.test) == TRIALS and len(seen.train) == ALL - TRIALS
    assert not set(everything.group[seen.train]) & set(everything.group[seen.test])
    np.testing.assert_array_equal(seen.held.outputs, everything.outputs[seen.test])
    np.testing.assert_array_equal(seen.learned.goal, everything.goal[seen.train])
    assert {count for count, _ in probe.seen} == {ALL - TRIALS}
    assert [whole for _, whole in probe.seen].count(False) == 1  # once with the output hidden


def test_the_metrics_of_a_readout_are_those_of_what_was_read() -> None:
    seen = readout(Knowing(), data(), TRIALS, Streams(1))  # type: ignore[arg-type]
    row = seen.row
    ones, bits = np.ones(TRIALS), np.full(TRIALS, -np.log2(0.7))
    np.testing.assert_array_equal(row["top1"], ones)
    np.testing.assert_allclose(row["bits"], bits, rtol=FLOOR)
    np.testing.assert_allclose(row["bits_from_output"], np.log2(N) - bits, rtol=FLOOR)
    np.testing.assert_allclose(row["usable_bits"], row["prior_bits"] - bits, rtol=FLOOR)
    np.testing.assert_array_equal(row["blindfold_top1"], seen.held.goal[:, 0] == 1)  # all tie: the first
    np.testing.assert_allclose(row["selectivity"], ones - row["control_task_top1"])
    np.testing.assert_allclose(row["brier"], np.full(TRIALS, 0.3**2 + 3 * 0.1**2))
    np.testing.assert_allclose(row["calibration_error"], [0.3])  # always right, at 0.7
    assert set(MEASURES) <= set(row)


def test_the_split_is_the_one_that_is_asked_for() -> None:
    everything = data()
    seen = readout(Knowing(), everything, TRIALS, Streams(1), by="example")  # type: ignore[arg-type]
    assert set(everything.group[seen.train]) & set(everything.group[seen.test])
