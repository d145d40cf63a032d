"""The contract of every source of queries, keys and values."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from attnlab.contracts import BrokenContract, instance, told
from attnlab.parts import Count, Declined, Part
from attnlab.shapes import Array, Sample

Pattern = NDArray[np.int64]


def _sample(part: Part, result: object, trials: int, *_: object, **__: object) -> Sample:
    """A Sample of that many trials; its arrays are checked when it is made."""
    found = instance(part, result, Sample)
    if found.trials != trials:
        raise BrokenContract(part, f"a Sample of {trials} trials", f"one of {found.trials}")
    return found


def _multihead(
    part: Part, result: object, heads: int, trials: int, *_: object, **__: object
) -> tuple[Sample, ...]:
    """So many Samples of that many trials, over the same positions."""
    if not isinstance(result, tuple) or len(result) != heads:
        length = f" of {len(result)}" if isinstance(result, tuple) else ""
        raise BrokenContract(part, f"a tuple of {heads} Samples", f"{told(result)}{length}")
    found = tuple(_sample(part, one, trials) for one in result)
    if not all(np.array_equal(one.mask, found[0].mask) for one in found):
        raise BrokenContract(part, "one mask for all heads of a layer", "others")
    return found


@dataclass(frozen=True)
class Inputs(Part, abc.ABC):
    """Where queries, keys and values come from.

    Settings: n positions, d value dimension, e key dimension.
    Law: `inputs(trials, rng)` is a Sample of that many trials with queries (B, e), keys (B, n, e) and values
    (B, n, d), a function of its settings and the generator alone; trials that share their values share a
    group, and no others do. Raises Declined where its settings do not fit one another.
    """

    n: Count = 32
    d: Count = 8
    e: Count = 8

    promises: ClassVar = {"__call__": _sample, "multihead": _multihead}
    generic_values: ClassVar[bool] = False
    """True if the values are independent standard Gaussians for every trial: exact laws hold only there."""
    tied_keys: ClassVar[bool] = False
    """True if the keys are an affine function of the values: then softmax weights are the only ones with their
    output (exponential-family theorem), at every n."""
    exchangeable: ClassVar[bool] = False
    """True if for every trial tokens, keys and values are drawn afresh, and permuting the positions so that any
    takes the place of any other leaves their law as it is: then the output alone tells nothing of the position,
    and every reader of it is right in 1/n, by symmetry."""
    density: ClassVar[bool] = False
    """True if the values have a density given the keys and the query: what fails on a null set never happens."""
    lasting: ClassVar[bool] = False
    """True if values come from outside: a group's number means the same ones in every repeat, at every seed."""
    facts: ClassVar[tuple[str, ...]] = (
        "says",
        "generic_values",
        "tied_keys",
        "exchangeable",
        "density",
        "lasting",
    )

    @abc.abstractmethod
    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        """Draw `trials` attention problems."""

    def least_bytes(self, trials: int) -> int:
        """Bytes of memory that drawing so many surely takes, by which a command is refused that no memory holds.

        0: not known. Of a class of your own it counts only where that class says it itself.
        """
        return 0

    def bytes_of_floats(self, trials: int) -> int:
        """Those of queries, keys and values, each a float64 of its own in every trial."""
        return 8 * trials * (self.e + self.n * (self.d + self.e))

    def multihead(self, heads: int, trials: int, rng: np.random.Generator) -> tuple[Sample, ...]:
        """Draw `trials` layers: a Sample for each of so many heads over the same positions, all of one mask.

        A layer of one head is that head. Heads that have nothing in common but their positions are drawn one after
        the other, which is what happens here; where they share tokens, or what is repeated where, the part says so
        in a method of its own. Raises Declined for inputs with tokens or a mask that have none.
        """
        drawn = tuple(self(trials, rng) for _ in range(heads))
        if heads > 1 and (drawn[0].tokens is not None or not all(one.mask.all() for one in drawn)):
            raise Declined(
                "several heads read the same tokens, and these inputs do not say what theirs share"
            )
        return drawn


@dataclass(frozen=True)
class Shaped(Inputs, abc.ABC):
    """Independent standard Gaussian queries and keys; the values have a shape of their own.

    Value entries have mean square about 1, so that noise and rounding mean the same for every shape. Where
    sizes agree, queries and keys are the same draws as those of `gaussian`.
    """

    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        return Sample(
            queries=rng.standard_normal((trials, self.e)),
            keys=rng.standard_normal((trials, self.n, self.e)),
            values=self.values(trials, rng),
        )

    def least_bytes(self, trials: int) -> int:
        return self.bytes_of_floats(trials)

    @abc.abstractmethod
    def values(self, trials: int, rng: np.random.Generator) -> Array:
        """The values (B, n, d), fresh in every trial."""


@dataclass(frozen=True)
class Patterned(Shaped, abc.ABC):
    """Which positions are alike is drawn once for all heads of a layer; what stands there, for each head."""

    def values(self, trials: int, rng: np.random.Generator) -> Array:
        return self.patterned(trials, rng, None)[0]

    def multihead(self, heads: int, trials: int, rng: np.random.Generator) -> tuple[Sample, ...]:
        """Positions that are alike are so in every head."""
        drawn: list[Sample] = []
        pattern: Pattern | None = None
        for _ in range(heads):
            queries = rng.standard_normal((trials, self.e))
            keys = rng.standard_normal((trials, self.n, self.e))
            values, pattern = self.patterned(trials, rng, pattern)
            drawn.append(Sample(queries=queries, keys=keys, values=values))
        return tuple(drawn)

    @abc.abstractmethod
    def patterned(
        self, trials: int, rng: np.random.Generator, pattern: Pattern | None
    ) -> tuple[Array, Pattern]:
        """The values (B, n, d), and which of them are alike: a number a position (B, n), drawn where not given."""
