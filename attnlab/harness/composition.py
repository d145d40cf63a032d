"""One composed choice of groups as plain dictionaries: leaves are set, interpolations follow them."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from omegaconf import DictConfig, OmegaConf

from attnlab.harness.making import completed, is_part
from attnlab.parts import SettingError


@dataclass(frozen=True)
class Share:
    """A leaf that is a share of another one: to the nearest whole number, 1 at least."""

    of: str
    share: Fraction

    def __str__(self) -> str:
        return f"{self.share} of {self.of}"

    def within(self, config: Mapping[str, Any]) -> int:
        """Its value in a config. Raises SettingError unless the other leaf is there and is a number."""
        try:
            return max(1, round(_get(config, self.of) * self.share))
        except (KeyError, TypeError) as error:
            told = (
                f"a number, of which the study's grid takes {self.share}: the yaml of the part has to give it"
            )
            raise SettingError(self.of, None, told) from error


@dataclass(frozen=True)
class Template:
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
        """The config with these leaves, and what its parts find out for themselves; interpolations follow.

        A share is taken of what the other leaves, the parts, or the template say.
        """
        config = _copied(self.config)
        shares = {key: value for key, value in leaves.items() if isinstance(value, Share)}
        for key, value in leaves.items():
            if key not in shares:
                _set(config, key, value)
        config = {name: completed(node) if is_part(node) else node for name, node in config.items()}
        for key, share in shares.items():
            _set(config, key, share.within(config))
        for key, value in self._resolve(config, leaves).items():
            _set(config, key, value)
        return {name: _canonical(value) for name, value in config.items()}

    def _resolve(self, config: dict[str, Any], leaves: Mapping[str, Any]) -> dict[str, Any]:
        """The interpolated leaves, remembered by the leaves they can depend on.

        An interpolation reaches another leaf only by writing its name or that of a node it lies in, unless it
        computes the name: so the leaves of which no part is written anywhere do not matter.
        """
        waiting = dict(_interpolated(config))
        written = " ".join(waiting.values())
        computed = _COMPUTED.search(written) is not None
        address = tuple(
            (key, repr(value))
            for key, value in leaves.items()
            if computed or key in waiting or any(name in written for name in key.split("."))
        )
        if waiting and address not in self.resolved:
            tree: Any = OmegaConf.to_container(OmegaConf.create(config), resolve=True)
            self.resolved[address] = {key: _get(tree, key) for key in waiting}
        return self.resolved[address] if waiting else {}


_COMPUTED = re.compile(r"\$\{[^}]*(\$\{|:)|\$\{\.*\}")
"""An interpolation that holds another one, calls a resolver or names a node by dots alone."""


def template(module: str, composed: DictConfig, names: Sequence[str]) -> Template:
    for name in names:
        if name not in composed:
            raise SettingError(
                "experiment.module", module, f"a trial without `{name}`, which no config defines"
            )
    plain = OmegaConf.to_container(OmegaConf.masked_copy(composed, list(names)), resolve=False)
    assert isinstance(plain, dict)
    config = {str(name): plain[name] for name in names}
    choices = {name: str(composed.hydra.runtime.choices.get(name)) for name in names}
    return Template(config, choices)


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


def _get(config: Mapping[str, Any], key: str) -> Any:
    return functools.reduce(lambda node, name: node[name], key.split("."), config)


def _canonical(value: Any) -> Any:
    """One form for one number: 4.0 is 4, so that however a cell is asked for, it is the same cell."""
    if isinstance(value, dict):
        return {name: _canonical(leaf) for name, leaf in value.items()}
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if whole else value
