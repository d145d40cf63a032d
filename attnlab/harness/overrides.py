"""A command line in Hydra's grammar, sorted into what Hydra composes and the axes that are swept."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from omegaconf import DictConfig

from attnlab.harness.composition import Share
from attnlab.parts import SettingError

RUNNING = ("action", "results", "exec", "experiment")
"""Keys that say what to do, where and how: a report's command does not repeat them."""
LAUNCH = (*RUNNING, "study", "size")
"""Keys that say how and where to run; they are no axes and no part of a cell's identity."""


@dataclass(frozen=True)
class Axis:
    """One key and the values it takes; `group` if they choose between config files."""

    key: str
    values: tuple[Any, ...]
    group: bool


@dataclass(frozen=True)
class Command:
    """A command line, sorted: `composed` goes to Hydra as it is, `axes` are expanded here."""

    experiments: tuple[str, ...]
    composed: tuple[str, ...]
    axes: tuple[Axis, ...] = field(default=())


@dataclass(frozen=True)
class Configs:
    """The config files in reach: those of the project and those of the user's own folders.

    Needs Hydra to be initialised (`hydra.initialize_config_dir`) for as long as it is used.
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


def yaml_axis(key: str, value: Any, configs: Configs) -> Axis:
    """Text is read in Hydra's grammar, as on the command line; a list is its values; `{of: key, shares: [...]}`
    are shares of another axis; anything else is one value."""
    if isinstance(value, str):
        return axis(OverridesParser.create().parse_override(f"{key}={value}"), configs)
    if isinstance(value, dict):
        return Axis(key, tuple(_shares(key, value)), False)
    return _axis(key, tuple(value) if isinstance(value, list) else (value,), configs)


def _shares(key: str, value: dict[str, Any]) -> Iterator[Share]:
    try:
        yield from (Share(str(value["of"]), Fraction(share)) for share in value["shares"])
    except (KeyError, TypeError, ValueError) as error:
        raise SettingError(key, value, "{of: another setting, shares: [1/4, 1/2]}") from error
