"""Other choices of groups made from one composition: what Hydra would compose, without composing again."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from omegaconf import DictConfig, OmegaConf

from attnlab.harness.cells import arguments
from attnlab.harness.composition import Template, template
from attnlab.harness.configs import Configs
from attnlab.harness.making import is_part, named, settings_of
from attnlab.parts import SettingError, SettingErrors, among


@dataclass(frozen=True, eq=False)
class Choices:
    """One experiment's composition, in which one choice of a group can be exchanged for another.

    words: the overrides of the composition, `experiment=name` last; names: the settings its trial uses.
    A group's node is its file with what the experiment's yaml says of the group laid over it. Where that recipe
    does not give the node that Hydra composed for the choice already there, or a file does more than state
    settings (a package, a defaults list), Hydra composes.

    Law: `as_composed(chosen)` is the template of the composition with these choices.
    """

    module: str
    words: tuple[str, ...]
    names: tuple[str, ...]
    configs: Configs
    _recipes: dict[tuple[str, str], dict[str, Any] | None] = field(default_factory=dict, repr=False)

    def template(self, chosen: Mapping[str, str]) -> Template:
        """The settings with these choices, without those that the study gives to the choices they replace.

        Raises SettingErrors for choices that the study's trial does not take, SettingError or Hydra's own errors.
        """
        made = self.as_composed(chosen)
        problems = [self._misfit(group, name, made) for group, name in chosen.items()]
        if any(problems):
            raise SettingErrors([problem for problem in problems if problem is not None])
        config = {name: self._fitting(name, node, chosen.get(name)) for name, node in made.config.items()}
        return replace(made, config=config)

    def as_composed(self, chosen: Mapping[str, str]) -> Template:
        """The settings with these choices, as Hydra composes them."""
        nodes = {group: self._node(group, name) for group, name in chosen.items()}
        if any(node is None for node in nodes.values()):
            words = [f"{group}={name}" for group, name in chosen.items()]
            return template(self.module, self.configs.compose(*self.words, *words), self.names)
        made = self._composed
        config = {name: nodes.get(name) or node for name, node in made.config.items()}
        return replace(made, config=config, choices={**made.choices, **chosen}, resolved={})

    def _misfit(self, group: str, name: str, made: Template) -> SettingError | None:
        """The refusal of a part of another kind than the trial's annotation says."""
        wanted, node = arguments(self.module)[group], made.config[group]
        any_will_do = wanted is Any or not isinstance(wanted, type)  # Any is a class, of which nothing is one
        if not is_part(node) or any_will_do or _is_a(node["_target_"], wanted):
            return None
        files = {option: self.configs.read(group, option).body for option in self.configs.options(group)}
        fit = [option for option, body in files.items() if _is_a(body.get("_target_", ""), wanted)]
        return SettingError(
            group, name, f"{among(name, fit)} ({self.module} works with no other kind than {wanted.__name__})"
        )

    def _fitting(self, group: str, node: Any, name: str | None) -> Any:
        """A group's node without the study's settings for the choice that `name` replaces and does not have.

        What a file says of itself, and what was typed, stays: it is refused where it is wrong.
        """
        if not is_part(node) or name in (None, self._base.hydra.runtime.choices.get(group)):
            return node
        known = settings_of(node["_target_"])
        if known is None:
            return node
        typed = {word.lstrip("+").partition("=")[0] for word in self.words}
        kept = {"_target_", *known, *self.configs.read(group, str(name)).body}
        return {key: value for key, value in node.items() if key in kept or f"{group}.{key}" in typed}

    @functools.cached_property
    def _base(self) -> DictConfig:
        return self.configs.compose(*self.words)

    @functools.cached_property
    def _composed(self) -> Template:
        return template(self.module, self._base, self.names)

    @functools.cached_property
    def _over(self) -> dict[str, Any]:
        """What the experiment's yaml says of each group."""
        name = self.words[-1].partition("=")[2]
        found = self.configs.read("experiment", name)
        return found.body if found.package == "_global_" else {}

    @functools.cached_property
    def _exchangeable(self) -> frozenset[str]:
        """The groups whose node in the composition is what the recipe makes of the choice there."""
        if any(word.startswith(("+", "~")) or "@" in word.partition("=")[0] for word in self.words):
            return frozenset()
        chosen = {group: self._base.hydra.runtime.choices.get(group) for group in self.names}
        made = {group: self._recipe(group, str(name)) for group, name in chosen.items() if name}
        return frozenset(
            group for group, node in made.items() if repr(node) == repr(self._composed.config[group])
        )

    def _node(self, group: str, name: str) -> dict[str, Any] | None:
        if group not in self._exchangeable:
            return None
        if (group, name) not in self._recipes:
            self._recipes[group, name] = self._recipe(group, name)
        return copy.deepcopy(self._recipes[group, name])

    def _recipe(self, group: str, name: str) -> dict[str, Any] | None:
        """A group's node with this choice; None if the file does more than state settings."""
        found = self.configs.read(group, name)
        if found.package or not found.body or "defaults" in found.body:
            return None
        merged = OmegaConf.merge(found.body, self._over.get(group, {}))
        node: Any = OmegaConf.to_container(merged, resolve=False)
        return {str(key): value for key, value in node.items()}


def every_setting(names: Iterable[str], configs: Configs) -> Iterator[str]:
    """The settings, and the facts of parts, that cells with these arguments may have, whatever is chosen."""
    for group in names:
        yield group
        for option, settings in configs.settings(group).items():
            yield from (f"{group}.{name}" for name in settings)
            kind = named(configs.read(group, option).body["_target_"]) if settings else None
            yield from (f"{group}:{fact}" for fact in getattr(kind, "facts", ()))


def _is_a(target: str, kind: type) -> bool:
    """Whether this is the name of a class of this kind; also if it cannot be found, which is refused elsewhere."""
    found = named(target)
    return found is None or not isinstance(found, type) or issubclass(found, kind)
