"""From a command to cells: Hydra composes, this module expands the grid.

An experiment's yaml holds `grids: {quick: {block: {key: values}}, full: ...}`; a block is a product of axes and
the study is the union of its blocks. A key on the command line replaces the axis of that name. One compose per
distinct choice of groups, then leaves are set on plain dictionaries: 10,000 cells take about a second.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from attnlab.harness.cells import Cell, arguments
from attnlab.harness.composition import Template, template
from attnlab.harness.overrides import LAUNCH, Axis, Command, Configs, yaml_axis
from attnlab.parts import SettingError


@dataclass(frozen=True)
class Plan:
    """One study: its composed config, its cells in the order of the grid, and the axes the command line set."""

    name: str
    config: DictConfig
    cells: tuple[Cell, ...]
    used: frozenset[str]
    problems: tuple[SettingError, ...]


def plans(command: Command, configs: Configs) -> list[Plan]:
    """Every study of a command, expanded and checked.

    Raises SettingErrors with every refused setting of every cell, and for a key that no cell of any study has.
    """
    made = [_plan(name, command, configs) for name in command.experiments]
    names = [plan.name for plan in made]
    unused = [axis for axis in command.axes if not any(axis.key in plan.used for plan in made)]
    problems = [_unknown(axis, made) for axis in unused]
    problems += [
        SettingError("study", name, "one experiment; several cannot share a folder")
        for name in names
        if names.count(name) > 1
    ]
    problems += [problem for plan in made for problem in plan.problems]
    if problems:
        raise SettingErrors(problems)
    return made


class SettingErrors(Exception):
    """All the settings of a command that are refused."""

    def __init__(self, problems: Sequence[SettingError]) -> None:
        self.problems = list({str(problem): problem for problem in problems}.values())
        super().__init__("\n".join(map(str, self.problems)))


def _plan(name: str, command: Command, configs: Configs) -> Plan:
    composed = (*command.composed, f"experiment={name}")
    base = configs.compose(*composed)
    if not isinstance(base.experiment, DictConfig):
        raise SettingError("experiment", base.experiment, "module, title, grids and figures")
    figures: Any = base.experiment.figures
    if not (isinstance(figures, ListConfig) and all(isinstance(figure, DictConfig) for figure in figures)):
        raise SettingError("experiment.figures", figures, "a list of figures, each `{name: ..., kind: ...}`")
    module = base.experiment.module
    study = study_name(str(base.study or name))
    expansion = _Expansion(study, module, composed, command.axes, configs)
    blocks = [expansion.block(axes) for axes in _blocks(base, command.axes, configs)]
    cells: dict[str, Cell] = {}
    problems: list[SettingError] = []
    for cell in (cell for block in blocks for cell in block.cells):
        refused = cell.problems()
        problems += refused
        if not refused:
            cells.setdefault(cell.key, cell)
    used = frozenset[str]().union(*(block.used for block in blocks))
    return Plan(study, base, tuple(cells.values()), used, tuple(problems))


REFERENCE = "reference"
"""The folder of the committed reference run, which `make reference` makes and nothing else."""


def study_name(study: str) -> str:
    """The name of a study, which is that of its folder in the results. Raises SettingError if it cannot be."""
    if "/" in study or study.startswith("."):
        raise SettingError("study", study, "the name of a folder: no slash, no leading dot")
    if study == REFERENCE:
        raise SettingError(
            "study", study, "another name: results/reference is made by `make reference` alone"
        )
    return study


def _blocks(base: DictConfig, asked: Sequence[Axis], configs: Configs) -> list[list[Axis]]:
    """The blocks of the grid with the groups the command line chose.

    A choice narrows the blocks that have it. A choice that no block has takes the first block, without the
    leaves under that group, which belong to the choice it replaces.
    """
    blocks = [
        [yaml_axis(key, value, configs) for key, value in block.items()] for block in _grid(base).values()
    ]
    for choice in (axis for axis in asked if axis.group):
        narrowed, left = [], list(choice.values)
        for block in blocks:
            current = {axis.key: axis for axis in block}.get(choice.key)
            here = current.values if current else (base.hydra.runtime.choices.get(choice.key),)
            kept = tuple(value for value in choice.values if value in here)
            left = [value for value in left if value not in kept]
            if kept:
                narrowed.append([*_without(block, choice.key), Axis(choice.key, kept, True)])
        if left:
            bare = [axis for axis in blocks[0] if not axis.key.startswith(f"{choice.key}.")]
            narrowed.append([*_without(bare, choice.key), Axis(choice.key, tuple(left), True)])
        blocks = narrowed
    return blocks


def _grid(base: DictConfig) -> dict[str, dict[str, Any]]:
    """The blocks of the chosen size as they are written: interpolations wait for the cells."""
    size, grids = base.size.grid, base.experiment.grids
    if not isinstance(grids, DictConfig) or size not in grids:
        raise SettingError("size", size, f"a grid of this experiment, whose grids are {grids}")
    blocks: Any = OmegaConf.to_container(OmegaConf.create({"blocks": grids[size]}), resolve=False)
    found = blocks["blocks"]
    if not (found and isinstance(found, dict) and all(isinstance(block, dict) for block in found.values())):
        raise SettingError(f"experiment.grids.{size}", found, "blocks, each `name: {key: values, ...}`")
    return found


def _without(block: Sequence[Axis], key: str) -> list[Axis]:
    return [axis for axis in block if axis.key != key]


@dataclass(frozen=True)
class Block:
    """One product of axes as cells; used: the keys, of the grid or the command line, that had an effect."""

    cells: tuple[Cell, ...]
    used: frozenset[str]


@dataclass(frozen=True)
class _Expansion:
    """One experiment and the command line it is expanded under."""

    study: str
    module: str
    composed: Sequence[str]
    asked: Sequence[Axis]
    configs: Configs

    def block(self, axes: Sequence[Axis]) -> Block:
        """The cells of one block, and which keys had an effect on them."""
        names = (*arguments(self.module), "seed", "repeats")
        groups = [axis for axis in axes if axis.group and axis.key in names]
        leaves = {axis.key: axis for axis in (*axes, *self.asked) if not axis.group}
        used = {axis.key for axis in groups}
        cells: list[Cell] = []
        for choice in itertools.product(*(axis.values for axis in groups)):
            chosen = [f"{axis.key}={value}" for axis, value in zip(groups, choice, strict=True)]
            made = template(self.module, self.configs.compose(*self.composed, *chosen), names)
            self._require_leaves(axes, made, chosen)
            present = [axis for axis in leaves.values() if made.has(axis.key)]
            used |= {axis.key for axis in present}
            for values in itertools.product(*(axis.values for axis in present)):
                config = made.fill({axis.key: value for axis, value in zip(present, values, strict=True)})
                cells.append(Cell(self.study, self.module, config, made.choices))
        return Block(tuple(cells), frozenset(used))

    def _require_leaves(self, block: Sequence[Axis], made: Template, chosen: Sequence[str]) -> None:
        """Raise SettingError for a leaf of the yaml's own grid that these choices do not have."""
        for axis in block:
            if not axis.group and not made.has(axis.key):
                raise SettingError(
                    axis.key, axis.values[0], f"a setting of {self.study} with {' '.join(chosen)}"
                )


def _unknown(axis: Axis, made: Sequence[Plan]) -> SettingError:
    """The refusal of a key that no cell has, with the keys that look like it."""
    value = axis.values[0]
    used = {key for plan in made for cell in plan.cells[:1] for key in cell.settings()}
    known = used | {key for plan in made for key in _leaves(plan.config)}
    if axis.key in known:
        return SettingError(axis.key, value, f"a setting of this run, which uses {', '.join(sorted(used))}")
    tail = axis.key.split(".")[-1]
    close = [key for key in sorted(known) if key.split(".")[-1] == tail]
    close += difflib.get_close_matches(axis.key, sorted(known), n=3)
    shown = ", ".join(dict.fromkeys(close)) or ", ".join(sorted(used))
    return SettingError(axis.key, value, f"a setting of this run; did you mean {shown}?")


def _leaves(config: DictConfig) -> Iterator[str]:
    """`group` and `group.leaf` for the groups of a composed config."""
    for name in map(str, config):
        if isinstance(config[name], DictConfig) and name not in ("hydra", *LAUNCH):
            yield name
            yield from (f"{name}.{leaf}" for leaf in map(str, config[name]) if leaf != "_target_")
