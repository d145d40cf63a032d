"""Every wing holds its members to its contract: a broken part is named in one sentence with what was expected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numbers_of import attended, problem

from attnlab.attention import output
from attnlab.channels.base import Channel
from attnlab.collisions.base import Construction
from attnlab.contracts import BrokenContract
from attnlab.mixings.base import Mixing
from attnlab.parts import Part
from attnlab.probes.base import Probe
from attnlab.probes.targets import examples
from attnlab.projections.base import Projection
from attnlab.projections.models.base import Model
from attnlab.projections.tasks.base import Task
from attnlab.shapes import Array, Collision, Examples, Sample

SAMPLE = problem(6, 5, 3)
A = attended(SAMPLE)
RNG = np.random.default_rng


def seen() -> Examples:
    return examples(output(A, SAMPLE.values), A, SAMPLE)


@dataclass(frozen=True)
class Wayward(Part):
    """Returns what it is told to."""

    gives: Any = field(default=None)


@dataclass(frozen=True)
class WaywardChannel(Wayward, Channel):
    def carry(self, outputs: Array, sample: Sample, rng: np.random.Generator) -> Any:
        return self.gives


@dataclass(frozen=True)
class WaywardCollision(Wayward, Construction):
    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Any:
        return self.gives


@dataclass(frozen=True)
class WaywardProbe(Wayward, Probe):
    def fit(self, train: Examples, rng: np.random.Generator) -> Any:
        return (lambda _: self.gives) if not isinstance(self.gives, str) else self.gives


@dataclass(frozen=True)
class WaywardProjection(Wayward, Projection):
    width: int = 2

    def directions(self, train: Examples, rng: np.random.Generator) -> Any:
        return self.gives


@dataclass(frozen=True)
class WaywardMixing(Wayward, Mixing):
    def mixture(self, heads: int, d: int, trials: int, rng: np.random.Generator) -> Any:
        return self.gives


@dataclass(frozen=True)
class WaywardTask(Wayward, Task):
    alphabets = (4, 4)

    def __call__(self, trials: int, rng: np.random.Generator) -> Any:
        return self.gives


@dataclass(frozen=True)
class WaywardModel(Wayward, Model):
    def train(self, task: Task, share: float, seed: int) -> Any:
        return self.gives


def collision(trials: int) -> Collision:
    """Both patterns at one position that stands twice: a certificate that holds, of so many trials."""
    values = np.zeros((trials, 5, 3))
    return Collision(np.tile(np.eye(5)[:2], (trials, 1, 1)), values, "simplex")


def call(part: Any) -> object:
    """What its wing asks of a part."""
    if isinstance(part, Channel | Construction):
        return part(A, SAMPLE, RNG(0))
    if isinstance(part, Probe):
        return part.fit(seen(), RNG(0))(seen())
    if isinstance(part, Projection):
        return part.fit(seen(), RNG(0))
    if isinstance(part, Mixing):
        return part.mixture(2, 3, 6, RNG(0))
    if isinstance(part, Task):
        return part(6, RNG(0))
    return part.train(WaywardTask(), 1.0, 0)


HOLE = np.where(np.arange(18).reshape(6, 3) == 4, np.nan, 1.0)
CASES = [
    (WaywardChannel(gives=HOLE), "finite outputs (6, 3), got NaN or infinity in 1 of 6 rows"),
    (WaywardChannel(gives=np.ones((6, 4))), "outputs (6, 3), got shape (6, 4)"),
    (WaywardChannel(gives=None), "outputs (6, 3), got None"),
    (WaywardCollision(gives=None), "a Collision, got None"),
    (WaywardCollision(gives=A), "a Collision, got an array (6, 5) of float64"),
    (WaywardCollision(gives=collision(5)), "patterns (6, r, 5), got shape (5, 2, 5)"),
    (WaywardProbe(gives="reader"), "a Reader, to be called with examples, got str"),
    (WaywardProbe(gives=A * np.nan), "finite probabilities (6, 5), got NaN or infinity in 6 of 6 rows"),
    (WaywardProbe(gives=A[:, :4]), "probabilities (6, 5), got shape (6, 4)"),
    (WaywardProbe(gives=2 * A), "probabilities that sum to 1, got a sum off by 1"),
    (WaywardProbe(gives=A - np.eye(6, 5)), "nonnegative probabilities"),
    (WaywardProjection(gives=np.ones((3, 4))), "directions (3, 2), got shape (3, 4)"),
    (WaywardProjection(gives=HOLE[:3, :2] * np.nan), "finite directions (3, 2)"),
    (WaywardProjection(gives="pca"), "directions (3, 2), got a str"),
    (WaywardMixing(gives=np.eye(6)), "a mixture (6, r, 6), got an array (6, 6) of float64"),
    (WaywardMixing(gives=np.zeros((6, 2, 5))), "a mixture (6, 2, 6), got shape (6, 2, 5)"),
    (WaywardTask(gives=None), "an Episodes, got None"),
    (WaywardModel(gives=A), "a Layer, got an array (6, 5) of float64"),
]


@pytest.mark.parametrize(("part", "told"), CASES, ids=lambda case: type(case).__name__)
def test_a_broken_part_of_any_wing_is_named_with_what_was_expected(part: Part, told: str) -> None:
    with pytest.raises(BrokenContract) as refused:
        call(part)
    said = str(refused.value)
    assert said.startswith(f"{type(part).__name__}: expected {told}"), said
    assert "\n" not in said


def test_every_wing_that_promises_has_a_broken_part() -> None:
    """Decoders, weights and inputs have theirs in test_contracts, through the command line."""
    elsewhere = {"decoders", "weights", "inputs"}
    bases = [kind for kind in _subclasses(Part) if "promises" in vars(kind)]
    here = tuple(type(part) for part, _ in CASES)
    for kind in bases:
        if kind.__module__.split(".")[1] not in elsewhere:
            assert any(issubclass(one, kind) for one in here), f"no broken {kind.__name__}"


def _subclasses(kind: Any) -> list[Any]:
    return [kind, *(found for sub in kind.__subclasses__() for found in _subclasses(sub))]
