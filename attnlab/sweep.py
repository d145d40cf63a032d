"""From a command line to cells: Hydra composes, this module expands the grid.

An experiment's yaml holds `grids: {quick: {block: {key: values}}, full: ...}`; a block is a product of axes and
the study is the union of its blocks. A key on the command line replaces the axis of that name. One compose per
distinct choice of groups, then leaves are set on plain dictionaries: 10,000 cells take about a second.
"""

from __future__ import annotations

import copy
import difflib
import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from omegaconf import DictConfig, ListConfig, OmegaConf

from attnlab.cells import Cell, arguments, is_part
from attnlab.parts import SettingError

LAUNCH = ("action", "study", "results", "size", "exec", "experiment")
"""Keys that say how and where to run; they are no axes and no part of a cell's identity."""


@dataclass(frozen=True)
class Axis:
    """One key and the values it takes; `group` if they choose between config files."""

    key: str
    values: tuple[Any, ...]
    group: bool


@dataclass(frozen=True)
class Plan:
    """One study: its composed config, its cells in the order of the grid, and the axes the command line set."""

    name: str
    config: DictConfig
    cells: tuple[Cell, ...]
    used: frozenset[str]
    problems: tuple[SettingError, ...]


@dataclass(frozen=True)
class Command:
    """A command line, sorted: `composed` goes to Hydra as it is, `axes` are expanded here."""

    experiments: tuple[str, ...]
    composed: tuple[str, ...]
    axes: tuple[Axis, ...] = field(default=())


@dataclass(frozen=True)
class Configs:
    """The config files in reach: those of the project and those of the user's own folders.

    Needs Hydra to be initialized (`hydra.initialize_config_dir`) for as long as it is used.
    """

    folders: tuple[str, ...] = ()

    @property
    def searchpath(self) -> list[str]:
        """The override that puts the user's folders on Hydra's search path."""
        quoted = (folder.replace("'", r"\'") for folder in self.folders)
        places = ",".join(f"'file://{folder}'" for folder in quoted)
        return [f"hydra.searchpath=[{places}]"] if self.folders else []

    @functools.cache  # noqa: B019  (lives as long as one command)
    def options(self, group: str) -> tuple[str, ...]:
        """The choices of a config group, empty if there is no such group."""
        loader = GlobalHydra.instance().config_loader()
        return tuple(loader.get_group_options(group, config_name="config", overrides=self.searchpath))

    @functools.cache  # noqa: B019
    def compose(self, *overrides: str) -> DictConfig:
        """The config with these overrides, Hydra's own node included."""
        return compose("config", overrides=[*self.searchpath, *overrides], return_hydra_config=True)


def parse(arguments: Sequence[str], configs: Configs) -> Command:
    """Sort the overrides of a command line; of two with one key the last counts, as everywhere in Hydra.

    Raises SettingError or Hydra's own errors for what is no override.
    """
    composed: list[str] = []
    axes: dict[str, Axis] = {}
    experiments = configs.options("experiment")
    for override in OverridesParser.create().parse_overrides(list(arguments)):
        key, line = str(override.key_or_group), str(override.input_line)
        how = key.split(".")[0] in LAUNCH or override.is_hydra_override()
        if key == "experiment":
            experiments = tuple(dict.fromkeys(map(str, axis(override, configs).values)))
        elif how or override.is_delete() or override.package is not None:
            if override.is_sweep_override():
                raise SettingError(key, line.partition("=")[2], "one value: this cannot be swept")
            composed.append(line)
        else:
            axes[key] = axis(override, configs)
            if override.is_add() or override.is_force_add():
                composed.append(_first(override, axes[key]))
    return Command(experiments, tuple(composed), tuple(axes.values()))


def _first(override: Override, axis: Axis) -> str:
    """The override that adds a key (`+key=1,2`) with the first of its values, for Hydra to compose."""
    if not override.is_sweep_override():
        return str(override.input_line)
    text = axis.values[0] if axis.group else next(override.sweep_string_iterator())
    return f"{override.get_key_element()}={text}"


def axis(override: Override, configs: Configs) -> Axis:
    """The axis one override spans; a plain value is an axis of length one."""
    key = override.key_or_group
    if override.is_interval_sweep():
        raise SettingError(
            key, str(override.input_line), "values that can be listed: 1,2,3  range()  choice()"
        )
    values = tuple(_values(override, configs.options(key)))
    if not values:
        raise SettingError(key, str(override.input_line), "at least one value; nothing matches")
    return _axis(key, values, configs)


def _axis(key: str, values: tuple[Any, ...], configs: Configs) -> Axis:
    options = configs.options(key)
    for value in values:
        if options and value not in options:
            raise SettingError(key, value, "one of " + ", ".join(options))
    return Axis(key, values, bool(options))


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


def _values(override: Override, options: Sequence[str]) -> Iterator[Any]:
    value: Any = override.value()
    if isinstance(value, Glob):
        yield from value.filter(list(options))
    elif not override.is_sweep_override():
        yield value
    else:
        parser = OverridesParser.create()
        for text in override.sweep_string_iterator():
            yield parser.parse_override(f"{override.key_or_group}={text}").value()


def _plan(name: str, command: Command, configs: Configs) -> Plan:
    composed = (*command.composed, f"experiment={name}")
    base = configs.compose(*composed)
    if not isinstance(base.experiment, DictConfig):
        raise SettingError("experiment", base.experiment, "module, title, grids and figures")
    figures: Any = base.experiment.figures
    if not (isinstance(figures, ListConfig) and all(isinstance(figure, DictConfig) for figure in figures)):
        raise SettingError("experiment.figures", figures, "a list of figures, each `{name: ..., kind: ...}`")
    module = base.experiment.module
    used: set[str] = set()
    cells: dict[str, Cell] = {}
    problems: list[SettingError] = []
    study = _folder(str(base.study or name))
    for block in _blocks(base, command.axes, configs):
        expansion = _Expansion(study, module, composed, command.axes, configs)
        for cell in expansion.cells(block, used):
            refused = cell.problems()
            problems += refused
            if not refused:
                cells.setdefault(cell.key, cell)
    return Plan(study, base, tuple(cells.values()), frozenset(used), tuple(problems))


def _folder(study: str) -> str:
    """The name of a study, which is that of its folder in the results."""
    if "/" in study or study.startswith("."):
        raise SettingError("study", study, "the name of a folder: no slash, no leading dot")
    return study


def _blocks(base: DictConfig, asked: Sequence[Axis], configs: Configs) -> list[list[Axis]]:
    """The blocks of the grid with the groups the command line chose.

    A choice narrows the blocks that have it. A choice that no block has takes the first block, without the
    leaves under that group, which belong to the choice it replaces.
    """
    blocks = [
        [_yaml_axis(key, value, configs) for key, value in block.items()] for block in _grid(base).values()
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


def _yaml_axis(key: str, value: Any, configs: Configs) -> Axis:
    """Text is read in Hydra's grammar, as on the command line; a list is its values, anything else is one."""
    if isinstance(value, str):
        return axis(OverridesParser.create().parse_override(f"{key}={value}"), configs)
    return _axis(key, tuple(value) if isinstance(value, list) else (value,), configs)


@dataclass(frozen=True)
class _Expansion:
    """One experiment and the command line it is expanded under."""

    study: str
    module: str
    composed: Sequence[str]
    asked: Sequence[Axis]
    configs: Configs

    def cells(self, block: Sequence[Axis], used: set[str]) -> Iterator[Cell]:
        """The cells of one block; notes in `used` which keys of the command line had an effect."""
        names = (*arguments(self.module), "seed", "repeats")
        groups = [axis for axis in block if axis.group and axis.key in names]
        leaves = {axis.key: axis for axis in (*block, *self.asked) if not axis.group}
        used |= {axis.key for axis in groups}
        for choice in itertools.product(*(axis.values for axis in groups)):
            chosen = [f"{axis.key}={value}" for axis, value in zip(groups, choice, strict=True)]
            template = _template(self.module, self.configs.compose(*self.composed, *chosen), names)
            self._require_leaves(block, template, chosen)
            present = [axis for axis in leaves.values() if template.has(axis.key)]
            used |= {axis.key for axis in present}
            for values in itertools.product(*(axis.values for axis in present)):
                config = template.fill({axis.key: value for axis, value in zip(present, values, strict=True)})
                yield Cell(self.study, self.module, config, template.choices)

    def _require_leaves(self, block: Sequence[Axis], template: _Template, chosen: Sequence[str]) -> None:
        """Raise SettingError for a leaf of the yaml's own grid that these choices do not have."""
        for axis in block:
            if not axis.group and not template.has(axis.key):
                raise SettingError(
                    axis.key, axis.values[0], f"a setting of {self.study} with {' '.join(chosen)}"
                )


@dataclass(frozen=True)
class _Template:
    """One composed choice of groups, as plain dictionaries with their interpolations."""

    config: dict[str, Any]
    choices: dict[str, str]
    resolved: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        found: Any = self.config
        for name in key.split("."):
            if not isinstance(found, dict) or name not in found:
                return False
            found = found[name]
        return not is_part(found) and name != "_target_"

    def fill(self, leaves: Mapping[str, Any]) -> dict[str, Any]:
        """The config with these leaves; interpolations follow the leaves they refer to."""
        config = _copied(self.config)
        for key, value in leaves.items():
            _set(config, key, value)
        for key, value in self._resolve(config, leaves).items():
            _set(config, key, value)
        return {name: _canonical(value) for name, value in config.items()}

    def _resolve(self, config: dict[str, Any], leaves: Mapping[str, Any]) -> dict[str, Any]:
        """The interpolated leaves, remembered by the leaves they can depend on.

        An interpolation can reach another top-level node only by writing its name, so the nodes that hold or
        name one are all that matters.
        """
        waiting = dict(_interpolated(config))
        roots = {key.split(".")[0] for key in waiting}
        roots |= {name for name in self.config for text in waiting.values() if name in text}
        address = tuple((key, repr(value)) for key, value in leaves.items() if key.split(".")[0] in roots)
        if waiting and address not in self.resolved:
            tree: Any = OmegaConf.to_container(OmegaConf.create(config), resolve=True)
            self.resolved[address] = {key: _get(tree, key) for key in waiting}
        return self.resolved[address] if waiting else {}


def _template(module: str, composed: DictConfig, names: Sequence[str]) -> _Template:
    for name in names:
        if name not in composed:
            raise SettingError(
                "experiment.module", module, f"a trial without `{name}`, which no config defines"
            )
    plain = OmegaConf.to_container(OmegaConf.masked_copy(composed, list(names)), resolve=False)
    assert isinstance(plain, dict)
    config = {str(name): plain[name] for name in names}
    choices = {name: str(composed.hydra.runtime.choices.get(name)) for name in names}
    return _Template(config, choices)


def _interpolated(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _interpolated(value, f"{prefix}{name}.")
        elif isinstance(value, str) and "${" in value:
            yield f"{prefix}{name}", value


def _copied(config: dict[str, Any]) -> dict[str, Any]:
    return {name: copy.copy(value) if isinstance(value, dict) else value for name, value in config.items()}


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    path, _, leaf = key.rpartition(".")
    (_get(config, path) if path else config)[leaf] = value


def _get(config: dict[str, Any], key: str) -> Any:
    return functools.reduce(lambda node, name: node[name], key.split("."), config)


def _canonical(value: Any) -> Any:
    """One form for one number: 4.0 is 4, so that however a cell is asked for, it is the same cell."""
    if isinstance(value, dict):
        return {name: _canonical(leaf) for name, leaf in value.items()}
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if whole else value


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
