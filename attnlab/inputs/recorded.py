"""Inputs that some model computed: whole heads, of which a trial is one query row."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

import numpy as np

from attnlab.arrays import Precision
from attnlab.inputs.base import Inputs
from attnlab.inputs.head import Rows
from attnlab.inputs.heads import Heads, readable_rows
from attnlab.parts import Count, Declined, Index, SettingError, Unavailable
from attnlab.shapes import Sample


class Sizes(NamedTuple):
    """How many layers, heads of each, positions; the widths of values and keys; of what, in which float type; how
    many heads share each set of values."""

    layers: int
    heads: int
    n: int
    d: int
    e: int
    source: str
    precision: Precision
    sharing: int = 1


@dataclass(frozen=True)
class Recorded(Inputs, abc.ABC):
    """Heads of a model. n, d and e are what `heads` has, no settings; unknown while it is Unavailable.

    Settings: layer and head (null: all of them), counted from 0; a trial is one query row of one of these heads,
    drawn without replacement for as long as there are others. Rows of heads that share their values share a group.
    Law: as of all inputs; and a sample's queries are scaled so that the softmax at temperature 1 gives the model's
    own weights. model: what they are of; sharing: how many heads share a set of values.
    """

    n: Count = field(init=False, repr=False, compare=False)
    d: Count = field(init=False, repr=False, compare=False)
    e: int = field(init=False, repr=False, compare=False)  # 0 where only weights were recorded
    layer: Index | None = None
    head: Index | None = None
    lasting: ClassVar[bool] = True
    facts: ClassVar[tuple[str, ...]] = (*Inputs.facts, "model", "sharing")

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            sizes = self.sizes
        except Unavailable:  # told where a trial asks for them
            return
        for name, of in (("layer", sizes.layers), ("head", sizes.heads)):
            value = getattr(self, name)
            if value is not None and value >= of:
                raise SettingError(name, value, f"null, or an integer from 0 to {of - 1} ({sizes.source})")
        for name in ("n", "d", "e"):
            object.__setattr__(self, name, getattr(sizes, name))

    @property
    @abc.abstractmethod
    def heads(self) -> Heads:
        """The model's heads. Raises SettingError, Declined or Unavailable where there are none."""

    @property
    def sizes(self) -> Sizes:
        """What is known of the heads without their numbers: all that a plan asks for. Raises as `heads` does."""
        heads = self.heads
        shared = heads.heads // int(heads.values.shape[-3])
        return Sizes(
            heads.layers, heads.heads, heads.n, heads.d, heads.e, heads.source, heads.precision, shared
        )

    def every(self, setting: str) -> Sequence[int]:
        """All values of layer or head: what a grid's `each` stands for."""
        return range({"layer": self.sizes.layers, "head": self.sizes.heads}[setting])

    @property
    def model(self) -> str:
        """What the heads are of, and the float type of their values, in words; nothing while it is Unavailable."""
        try:
            return f"{self.sizes.source} ({self.sizes.precision})"
        except Unavailable:
            return ""

    @property
    def sharing(self) -> str:
        """How many heads of a layer share one set of values, where several do."""
        try:
            return str(self.sizes.sharing) if self.sizes.sharing > 1 else ""
        except Unavailable:
            return ""

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """Which heads of what."""
        return f"{self.chosen} of {self.model}" if self.model else ""

    @property
    def chosen(self) -> str:
        """The layers and heads that are used, in words."""
        sizes = self.sizes
        layer = f"layer {self.layer}" if self.layer is not None else f"{sizes.layers} layers"
        head = f"head {self.head}" if self.head is not None else f"{sizes.heads} heads"
        layer = "1 layer" if layer == "1 layers" else layer
        return f"{layer}, {'1 head' if head == '1 heads' else head}"

    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        heads = self.heads
        place, row = readable_rows(heads)
        kept = (self.layer is None) | (place // heads.heads == self.layer)
        kept = kept & ((self.head is None) | (place % heads.heads == self.head))
        every = np.flatnonzero(kept)
        if not len(every):
            raise Declined(heads.nothing_seen)
        times = -(-trials // len(every))
        drawn = np.concatenate([rng.permutation(every) for _ in range(times)])[:trials]
        return sample(heads, place[drawn], row[drawn])

    def multihead(self, heads: int, trials: int, rng: np.random.Generator) -> tuple[Sample, ...]:
        """Rows of one layer, in so many of its heads: others in every trial, none twice.

        Declines a head by its number, more heads than a layer has, and heads that see other positions.
        """
        if heads == 1:
            return (self(trials, rng),)
        every = self.heads
        if self.head is not None:
            raise Declined(f"head {self.head} is one head: inputs.head=null draws {heads} of a layer")
        if heads > every.heads:
            raise Declined(f"{heads} heads of a layer that has {every.heads}")
        place, row = readable_rows(every)
        first = (place % every.heads == 0) & ((self.layer is None) | (place // every.heads == self.layer))
        drawn = rng.choice(np.flatnonzero(first), size=trials, replace=int(first.sum()) < trials)
        which = rng.permuted(np.tile(np.arange(every.heads), (trials, 1)), axis=1)[:, :heads]
        found = tuple(sample(every, place[drawn] + head, row[drawn]) for head in which.T)
        if not all(np.array_equal(one.mask, found[0].mask) for one in found):
            raise Declined(f"the heads of a layer of {every.source} do not all see the same positions")
        return tuple(replace(one, draw=place[drawn] // every.heads) for one in found)


def sample(heads: Heads, place: Rows, row: Rows) -> Sample:
    """Rows of heads as attention problems; place (B,): layer * H + head; row (B,)."""
    trials = len(place)
    queries, keys = np.zeros((trials, heads.e)), np.zeros((trials, heads.n, heads.e))
    values, mask = np.zeros((trials, heads.n, heads.d)), np.zeros((trials, heads.n), dtype=bool)
    weights, group = np.zeros((trials, heads.n)), np.zeros(trials, dtype=np.int64)
    for one in np.unique(place):
        here = np.flatnonzero(place == one)
        wanted, back = np.unique(row[here], return_inverse=True)
        head = heads.head(*divmod(int(one), heads.heads), some=wanted)
        values[here], mask[here], weights[here] = head.values, head.mask[back], head.weights[back]
        group[here] = head.group
        if head.queries is not None and head.keys is not None:
            keys[here] = head.keys
            queries[here] = head.queries[back] * (float(heads.scale or 1.0) * np.sqrt(heads.e))
    return Sample(
        queries,
        keys,
        values,
        mask=mask,
        group=group,
        spacing=heads.spacing,
        weights=None if heads.weights is None else weights,
    )
