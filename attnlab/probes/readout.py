"""One probe, fitted and read on held-out examples, with everything that must stand beside what it reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.intervals import ANY, NONNEGATIVE, SHARE, UNIT, Measure
from attnlab.probes import controls
from attnlab.probes.base import Probe
from attnlab.probes.information import usable_bits
from attnlab.probes.scores import bits, brier, calibration_error, calibration_floor, hit
from attnlab.probes.splits import By, Indices, split
from attnlab.seeds import Streams
from attnlab.shapes import Array, Examples, Row

MEASURES = {
    **dict.fromkeys(("chance", "shuffled_chance"), UNIT),
    **dict.fromkeys(("calibration_error", "calibration_floor"), Measure(0.0, 1.0, whole=True)),
    **dict.fromkeys(("bits", "prior_bits"), NONNEGATIVE),
    **dict.fromkeys(("top1", "blindfold_top1", "majority_top1", "shuffled_top1", "control_task_top1"), SHARE),
    **dict.fromkeys(("usable_bits", "bits_from_output"), ANY),
    "selectivity": Measure(-1.0, 1.0),
    "brier": Measure(0.0, 2.0),
}
"""What is known of the metrics of `Readout.row`."""


@dataclass(frozen=True)
class Readout:
    """What a probe read.

    train, test: the rows of all examples that it learned from and that were held out (B of them); learned,
    held: those examples; probabilities (B, n): what it read; blind (B, n): what `controls.prior` says;
    hidden (B, n): what the same probe reads with the output hidden; beside: its controls, by name, each (B,).
    """

    train: Indices
    test: Indices
    learned: Examples
    held: Examples
    probabilities: Array
    blind: Array
    hidden: Array
    beside: Row

    @property
    def row(self) -> Row:
        """The metrics of every study of a probe, each (B,), the calibration error and its floor (1,).

        selectivity: accuracy minus that on the control task; usable_bits: beyond the prior;
        bits_from_output: beyond the same probe with the output hidden; prior_bits: what an oracle would have.
        """
        goal, top1 = self.held.goal, hit(self.probabilities, self.held.goal)
        return {
            "top1": top1,
            **self.beside,
            "blindfold_top1": hit(self.hidden, goal),
            "selectivity": top1.astype(np.float64) - self.beside["control_task_top1"],
            "bits": bits(self.probabilities, goal),
            "usable_bits": usable_bits(self.probabilities, self.blind, self.held),
            "bits_from_output": usable_bits(self.probabilities, self.hidden, self.held),
            "prior_bits": bits(self.blind, goal),
            "brier": brier(self.probabilities, goal),
            "calibration_error": np.array([calibration_error(self.probabilities, goal)]),
            "calibration_floor": np.array([calibration_floor(self.probabilities)]),
        }


def readout(probe: Probe, everything: Examples, trials: int, rng: Streams, by: By = "group") -> Readout:
    """Fit on the other examples, read `trials` held-out ones, and measure the controls on the same split.

    Raises Declined where the examples lack what the probe reads, ValueError where no group is left to learn from.
    """
    train, test = split(everything.group, trials, rng("split"), by)
    learned, held = everything[train], everything[test]
    return Readout(
        train,
        test,
        learned,
        held,
        probabilities=probe.fit(learned, rng("fit"))(held),
        blind=controls.prior(learned)(held),
        hidden=probe.fit(controls.blindfolded(learned), rng("fit"))(controls.blindfolded(held)),
        beside=controls.battery(probe, everything, train, test, rng),
    )
