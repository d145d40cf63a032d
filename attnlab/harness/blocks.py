"""The blocks of a grid: products of axes, with the choices of groups that a command line makes.

An experiment's yaml holds `grids: {quick: {block: {key: values}}, full: ...}`; a block is a product of axes and
the study is the union of its blocks. A setting on the command line takes the place of the axis of that name. A
choice of a group goes, each combination of choices for itself, to the blocks that have it (`homes`), so that the
command's whole product is in the study.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omegaconf import DictConfig, OmegaConf

from attnlab.harness.cells import Cell
from attnlab.harness.choices import Choices
from attnlab.harness.composition import Template
from attnlab.harness.configs import Configs
from attnlab.harness.keys import NEEDED
from attnlab.harness.making import options
from attnlab.harness.overrides import Axis, yaml_axis
from attnlab.parts import SettingError, among


@dataclass(frozen=True)
class Block:
    """One product of axes. choices: for each choice of groups, its template and the leaves that it has.

    left: what of the grid or of the command line these choices cannot have, in words.
    """

    name: str
    study: str
    module: str
    axes: tuple[Axis, ...]
    choices: tuple[tuple[Template, tuple[Axis, ...]], ...]
    left: tuple[str, ...] = ()

    @property
    def used(self) -> frozenset[str]:
        """The keys, of the grid or the command line, that have an effect."""
        return frozenset(axis.key for axis in self.axes)

    @property
    def count(self) -> int:
        """How many cells it has."""
        return sum(math.prod(len(axis.values) for axis in present) for _, present in self.choices)

    def products(self) -> Iterator[tuple[int, tuple[Axis, ...]]]:
        """How many cells, of which axes: one product, or several where its choices differ in their settings."""
        groups = [axis.key for axis in self.axes if axis.group]
        alike: dict[str, list[tuple[Any, ...]]] = {}
        leaves: dict[str, tuple[Axis, ...]] = {}
        for made, present in self.choices:
            names = repr(present)
            alike.setdefault(names, []).append(tuple(made.choices[group] for group in groups))
            leaves[names] = present
        for names, combinations in alike.items():
            for product in products(combinations):
                some = [Axis(group, values, True) for group, values in zip(groups, product, strict=True)]
                axes = (*some, *leaves[names])
                yield math.prod(len(axis.values) for axis in axes), axes

    def cells(self) -> Iterator[Cell]:
        """Its cells, in the order of the axes."""
        for made, present in self.choices:
            for values in itertools.product(*(axis.values for axis in present)):
                config = made.fill({axis.key: value for axis, value in zip(present, values, strict=True)})
                yield Cell(self.study, self.module, config, made.choices)


@dataclass(frozen=True)
class Written:
    """A block as it is written, and what the command line chose in it.

    replaced: the groups whose choice is another one than the block was written for; the leaves that this choice
    does not have are then left out.
    """

    name: str
    axes: tuple[Axis, ...]
    replaced: frozenset[str] = field(default=frozenset())

    def leaf(self, key: str) -> Axis | None:
        """The axis of this name."""
        return next((axis for axis in self.axes if axis.key == key), None)

    def other(
        self, chosen: Mapping[str, str], base: Mapping[str, str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """The groups of which it states another choice, and those it leaves open that have another by default."""
        stated = {group: self.leaf(group) for group in chosen}
        against = {group for group, axis in stated.items() if axis and chosen[group] not in axis.values}
        open_ = {group for group, axis in stated.items() if axis is None and base.get(group) != chosen[group]}
        return frozenset(against), frozenset(open_)

    def choosing(self, axes: Sequence[Axis], replaced: frozenset[str]) -> Written:
        """It with these choices in place of its own."""
        chosen = {axis.key for axis in axes}
        kept = tuple(axis for axis in self.axes if axis.key not in chosen)
        return Written(self.name, (*kept, *axes), replaced)


def written(base: DictConfig, configs: Configs) -> list[Written]:
    """The blocks of the chosen size. Raises SettingError for a grid that is none."""
    return [
        Written(name, tuple(yaml_axis(key, value, configs) for key, value in block.items()))
        for name, block in _grid(base).items()
    ]


def chosen(blocks: Sequence[Written], asked: Sequence[Axis], base: Mapping[str, str]) -> list[Written]:
    """The blocks with the choices of groups of a command line; base: the choices where a block states none.

    Law: the products of the blocks that come out hold every combination of the choices.
    """
    groups = [axis for axis in asked if axis.group]
    if not groups:
        return list(blocks)
    taken: dict[int, list[tuple[Any, ...]]] = {}
    replaced: dict[int, frozenset[str]] = {}
    for values in itertools.product(*(axis.values for axis in groups)):
        choice = {axis.key: value for axis, value in zip(groups, values, strict=True)}
        for place, new in homes(blocks, choice, base):
            taken.setdefault(place, []).append(values)
            replaced[place] = replaced.get(place, frozenset()) | new
    return [
        blocks[place].choosing(
            [Axis(axis.key, some, True) for axis, some in zip(groups, product, strict=True)], replaced[place]
        )
        for place in sorted(taken)
        for product in products(taken[place])
    ]


def homes(
    blocks: Sequence[Written], choice: Mapping[str, str], base: Mapping[str, str]
) -> list[tuple[int, frozenset[str]]]:
    """Where a combination of choices belongs: the number of each block, and the groups it replaces there.

    It belongs to the blocks that have it; else to those that say nothing else of these groups; else to the first
    of those that say least else.
    """
    others = [block.other(choice, base) for block in blocks]
    least = min((len(against), len(open_)) for against, open_ in others)
    found = [
        (place, against | open_)
        for place, (against, open_) in enumerate(others)
        if (len(against), len(open_)) == least
    ]
    return found if least[0] == 0 else found[:1]


def products(combinations: Sequence[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], ...]]:
    """Products whose union these combinations are, each combination in one of them."""
    if not combinations or not combinations[0]:
        return [()]
    tails: dict[Any, list[tuple[Any, ...]]] = {}
    for first, *rest in combinations:
        tails.setdefault(first, []).append(tuple(rest))
    heads: dict[tuple[tuple[Any, ...], ...], list[Any]] = {}
    for first, rests in tails.items():
        heads.setdefault(tuple(rests), []).append(first)
    return [(tuple(firsts), *rest) for rests, firsts in heads.items() for rest in products(rests)]


def _grid(base: DictConfig) -> dict[str, dict[str, Any]]:
    """The blocks of the chosen size as they are written: interpolations wait for the cells."""
    size, grids = base.size.grid, base.experiment.grids
    if not isinstance(grids, DictConfig):
        raise SettingError("experiment.grids", grids, NEEDED["grids"])
    if size not in grids:
        raise SettingError("size", size, among(size, map(str, grids), "a grid of this experiment"))
    blocks: Any = OmegaConf.to_container(OmegaConf.create({"blocks": grids[size]}), resolve=False)
    found = blocks["blocks"]
    if not (found and isinstance(found, dict) and all(isinstance(block, dict) for block in found.values())):
        raise SettingError(f"experiment.grids.{size}", found, "blocks, each `name: {key: values, ...}`")
    return found


@dataclass(frozen=True)
class Expansion:
    """One experiment and the command line it is expanded under."""

    study: str
    choices: Choices
    asked: Sequence[Axis]

    def block(self, block: Written) -> Block:
        """One block with the axes that have an effect on it."""
        groups = [axis for axis in block.axes if axis.group and axis.key in self.choices.names]
        leaves = {axis.key: axis for axis in (*block.axes, *self.asked) if not axis.group}
        found: list[tuple[Template, tuple[Axis, ...]]] = []
        left: dict[str, None] = {}
        for choice in itertools.product(*(axis.values for axis in groups)):
            names = {axis.key: str(value) for axis, value in zip(groups, choice, strict=True)}
            made = self.choices.template(names)
            self._require_leaves(block, made, names)
            own = tuple(axis for axis in leaves.values() if made.has(axis.key))
            found.append((made, every_value(made, own)))
            left |= dict.fromkeys(_absent(axis, made) for axis in leaves.values() if not made.has(axis.key))
        present = {axis.key: axis for _, leaves_here in found for axis in leaves_here}
        axes = (*groups, *present.values())
        return Block(block.name, self.study, self.choices.module, axes, tuple(found), tuple(left))

    def _require_leaves(self, block: Written, made: Template, chosen: Mapping[str, str]) -> None:
        """Raise SettingError for a leaf of the yaml's own grid that the choices it was written for do not have."""
        for axis in block.axes:
            if not axis.group and axis.key.partition(".")[0] not in block.replaced and not made.has(axis.key):
                choice = " ".join(f"{group}={name}" for group, name in chosen.items())
                raise SettingError(axis.key, axis.values[0], f"a setting of {self.study} with {choice}")


EACH = "each"
"""The value of an axis that stands for all that the part has, such as the heads of a file."""


def every_value(made: Template, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """The axes, with all the values that a part has of a setting in place of `each`.

    A part that cannot be made, or does not know yet, has one: null. Raises SettingError where files of one command
    differ in how many they have.
    """
    plain = [axis for axis in axes if axis.values != (EACH,)]
    return tuple(
        axis if axis in plain else Axis(axis.key, _every(made, axis.key, plain), False) for axis in axes
    )


def _every(made: Template, key: str, axes: Sequence[Axis]) -> tuple[Any, ...]:
    group, _, setting = key.partition(".")
    own = [axis for axis in axes if axis.key.startswith(f"{group}.")]
    found = set()
    for values in itertools.product(*(axis.values for axis in own)):
        config = made.fill({axis.key: value for axis, value in zip(own, values, strict=True)})
        found.add(options(group, config[group], setting))
    if len(found) > 1:
        told_apart = " and ".join(str(len(some)) for some in sorted(found, key=len))
        raise SettingError(key, EACH, f"values listed, or one command a file: these have {told_apart}")
    return found.pop()


def _absent(axis: Axis, made: Template) -> str:
    """Why an axis has no effect under these choices."""
    group = axis.key.partition(".")[0]
    where = (
        f"{group}={made.choices[group]}" if made.choices.get(group, "None") != "None" else "this experiment"
    )
    return f"{told(axis)}: no setting of {where}"


SHOWN = 8
"""Values of an axis that are listed."""


def told(axis: Axis) -> str:
    """An axis as it would be typed, of many values the first."""
    listed = ",".join(map(str, axis.values[:SHOWN]))
    return f"{axis.key}={listed}" + (f",... ({len(axis.values)})" if len(axis.values) > SHOWN else "")
