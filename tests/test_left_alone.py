"""What a part is handed is the others' as well: it cannot be written into, and the cell says which part tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Lab

from attnlab.arrays import Array
from attnlab.channels.exact import Exact
from attnlab.decoders.base import Decoder, estimate
from attnlab.inputs.gaussian import Gaussian
from attnlab.shapes import Estimate, Examples, Sample

WRITES: dict[str, Callable[[Array, Sample], object]] = {
    "values": lambda _outputs, sample: sample.values.fill(0),
    "keys": lambda _outputs, sample: sample.keys.sort(),
    "queries": lambda _outputs, sample: np.add(sample.queries, 1, out=sample.queries),
    "mask": lambda _outputs, sample: sample.mask.fill(True),
    "group": lambda _outputs, sample: sample.group.fill(0),
    "outputs": lambda outputs, _sample: outputs.fill(0),
}
MEDDLER = '''
from dataclasses import dataclass
from attnlab.decoders.simplex import Simplex


@dataclass(frozen=True)
class Meddler(Simplex):
    """Centres the values for itself, where they stand."""

    def __call__(self, outputs, sample):
        v = sample.values
        v -= v.mean(axis=1, keepdims=True)
        return super().__call__(outputs, sample)
'''


def sample() -> Sample:
    return Gaussian(n=4, d=2, e=2)(3, np.random.default_rng(0))


@pytest.mark.parametrize("name", WRITES)
def test_a_part_that_writes_into_what_it_is_given_is_named(name: str) -> None:
    class Meddler(Decoder):
        def __call__(self, outputs: Array, sample: Sample) -> Estimate:
            WRITES[name](outputs, sample)
            return estimate(np.full(sample.mask.shape, 1 / sample.n), outputs, sample)

    with pytest.raises(ValueError, match=r"Meddler: .*read-only: .*change a copy of it"):
        Meddler()(np.ones((3, 2)), sample())


def test_weights_and_outputs_are_given_read_only_and_stay_the_callers() -> None:
    class Meddler(Exact):
        def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Array:
            outputs *= 2
            return outputs

    with pytest.raises(ValueError, match=r"Meddler: .*read-only"):
        Meddler()(np.full((3, 4), 0.25), sample(), np.random.default_rng(0))
    mine = np.ones((1, 3, 2))
    held = Sample.of(mine)
    mine[0, 0, 0] = 5  # the caller's own array is not frozen
    assert not held.values.flags.writeable


def test_what_a_probe_learns_from_is_read_only_too() -> None:
    weights = np.full((2, 3), 1 / 3)
    examples = Examples(np.ones((2, 2)), None, weights, weights, np.ones((2, 3), bool), np.arange(2))
    for part in (examples, examples[np.array([True, False])]):
        assert not any(
            getattr(part, name).flags.writeable for name in ("outputs", "weights", "goal", "mask", "group")
        )
    assert weights.flags.writeable


def test_the_cell_of_such_a_part_fails_and_says_so(lab: Lab) -> None:
    mine = Path(lab.folder / "mine")
    (mine / "meddling.py").write_text(MEDDLER)
    (mine / "decoder").mkdir()
    (mine / "decoder" / "meddler.yaml").write_text("_target_: meddling.Meddler\n")
    words = ("experiment=recovery", "decoder=meddler", "weights=hard", "inputs.n=4", "trials=4")
    answer = lab(*words, "exec=serial")
    assert answer.code == 1 and "Meddler: output array is read-only" in answer.err
    (record,) = (json.loads(path.read_text()) for path in lab.results.glob("recovery/cells/*/*.json"))
    assert record["status"] == "failed" and "metrics" not in record
