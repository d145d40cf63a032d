"""The config files in reach, read and composed: those of the project and those of the user's own folders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException, MissingConfigException
from omegaconf import DictConfig, OmegaConf

from attnlab.parts import SettingError, SettingErrors, among

BASE: dict[str, Any] = {} if hydra.__version__.startswith("1.4.") else {"version_base": "1.3"}
"""Which of Hydra's defaults are meant: those of 1.3, and from 1.4 on, where naming any is deprecated, its own."""


def conf() -> Path:
    """The configs: inside the package where it was installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    return next(place for place in (package / "conf", package.parent / "conf") if place.is_dir())


@dataclass(frozen=True)
class ConfigFile:
    """One yaml file: package, where Hydra puts it (empty: at its group's name), and what it says."""

    package: str
    body: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Configs:
    """The config files of one command, each composition and each file read once.

    folders: the user's own. Needs Hydra to be initialised (`hydra.initialize_config_dir`) wherever it composes.
    """

    folders: tuple[str, ...] = ()
    _options: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _composed: dict[tuple[str, ...], DictConfig] = field(default_factory=dict, repr=False)
    _files: dict[tuple[str, str], ConfigFile] = field(default_factory=dict, repr=False)

    @property
    def places(self) -> tuple[Path, ...]:
        """Where configs lie, in the order in which they are looked for."""
        return (conf(), *map(Path, self.folders))

    @property
    def searchpath(self) -> list[str]:
        """The override that puts the user's folders on Hydra's search path."""
        quoted = (folder.replace("'", r"\'") for folder in self.folders)
        places = ",".join(f"'file://{folder}'" for folder in quoted)
        return [f"hydra.searchpath=[{places}]"] if self.folders else []

    def require_apart(self) -> None:
        """Raise SettingErrors for files that have the group and name of another: which one is meant?

        The same for a `config.yaml` in a folder of the user's own, in whose place the project's is read.
        """
        known: dict[tuple[str, str], Path] = {}
        problems = []
        for place in self.places:
            path = place / "config.yaml"
            if path.is_file() and path.resolve() != (conf() / "config.yaml").resolve():
                told = f"no config.yaml, which would not be read, got {path}: say it in experiment/NAME.yaml"
                problems.append(SettingError("--config-dir", str(place), told))
            for path in sorted(place.glob("*/*.yaml")):
                first = known.setdefault((path.parent.name, path.stem), path)
                if first.resolve() != path.resolve():
                    word = f"{path.parent.name}={path.stem}"
                    told = f"one file for {word}, got {path} and {first}: rename yours, and ask for that name"
                    problems.append(SettingError("--config-dir", str(place), told))
        if problems:
            raise SettingErrors(problems)

    def groups(self) -> list[str]:
        """The names of the config groups."""
        return sorted({path.parent.name for place in self.places for path in place.glob("*/*.yaml")})

    def options(self, group: str) -> tuple[str, ...]:
        """The choices of a config group, empty if there is no such group."""
        if group not in self._options:
            found = {path.stem for place in self.places for path in (place / group).glob("*.yaml")}
            self._options[group] = tuple(sorted(found)) if group else ()
        return self._options[group]

    def is_own(self, group: str, name: str) -> bool:
        """Whether this choice is a file of the user's own."""
        return not (conf() / group / f"{name}.yaml").is_file()

    def compose(self, *overrides: str) -> DictConfig:
        """The config with these overrides, Hydra's own node included.

        Raises SettingError for a choice or a key there is not, Hydra's own errors for what else is refused.
        """
        if overrides not in self._composed:
            # Hydra takes a folder `results` beside the user's configs, which we make, for a group of configs.
            places = [word for word in overrides if word.startswith("results=")]
            words = [*self.searchpath, *(word for word in overrides if word not in places)]
            try:
                config = compose("config", overrides=words, return_hydra_config=True)
            except MissingConfigException as error:
                raise self._no_choice(error) from error
            except ConfigCompositionException as error:
                key = re.match(r"Could not (?:override|delete from config\.) '([^']+)'", str(error))
                if key is None:
                    raise self._misshapen(error) or error from None
                raise self._no_key(key[1], overrides) from error
            for word in places:
                config.results = OverridesParser.create().parse_override(word).value()
            self._composed[overrides] = config
        return self._composed[overrides]

    def read(self, group: str, name: str) -> ConfigFile:
        """One choice of a group as it is written. Raises FileNotFoundError, or YAMLError for a broken file."""
        if (group, name) not in self._files:
            paths = (place / group / f"{name}.yaml" for place in self.places)
            path = next((path for path in paths if path.is_file()), None)
            if path is None:
                raise FileNotFoundError(f"{group}/{name}.yaml")
            text = path.read_text(encoding="utf-8")
            header = re.search(r"^#\s*@package\s+(\S+)", text, flags=re.MULTILINE)
            body: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
            body = {str(key): value for key, value in body.items()} if isinstance(body, dict) else {}
            self._files[group, name] = ConfigFile(header[1] if header else "", body)
        return self._files[group, name]

    def settings(self, group: str) -> dict[str, list[str]]:
        """The settings of every choice of a group, by choice; a file that cannot be read has none."""
        found = {}
        for name in self.options(group):
            try:
                body = self.read(group, name).body
            except (OSError, ValueError, yaml.YAMLError):
                body = {}
            found[name] = [key for key in body if key not in ("_target_", "defaults")]
        return found

    def _no_choice(self, error: MissingConfigException) -> Exception:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        options = self.options(group)
        if not options:
            return SettingError(group or name, name, f"a config group: {among(group, self.groups())}")
        return SettingError(group, name, among(name, options))

    def _misshapen(self, error: ConfigCompositionException) -> SettingErrors | None:
        """The refusal of a list where a mapping belongs, or the reverse, in a yaml that Hydra could not merge."""
        named = re.match(r"In '([^']+)/([^']+)': ConfigTypeError", str(error))
        file = self.read(named[1], named[2]) if named else None
        if named is None or file is None or file.package != "_global_":
            return None
        whole: Any = OmegaConf.to_container(OmegaConf.load(conf() / "config.yaml"), resolve=False)
        base = {**{group: {} for group in self.groups()}, **whole}
        found = [
            SettingError(key, value, f"{words}, in {named[1]}/{named[2]}.yaml")
            for key, value, words in _other_shapes(file.body, base)
        ]
        return SettingErrors(found) if found else None

    def _no_key(self, key: str, overrides: tuple[str, ...]) -> SettingError:
        """The refusal of a key that a config has not, with those that it has."""
        kept = [word for word in overrides if word.lstrip("+~").partition("=")[0] != key]
        value = next((word.partition("=")[2] for word in overrides if word.startswith(f"{key}=")), None)
        top, _, _ = key.rpartition(".")
        names = list(leaves(OmegaConf.to_container(self.compose(*kept), resolve=False), top))
        return SettingError(key, value, among(key, names, "a setting"))


def _other_shapes(said: Any, base: Any, under: str = "") -> Iterator[tuple[str, Any, str]]:
    """Key, value and what was expected wherever one has a list and the other a mapping."""
    if isinstance(said, Mapping) and isinstance(base, Mapping):
        for name in said.keys() & base.keys():
            yield from _other_shapes(said[name], base[name], f"{under}.{name}" if under else name)
    elif isinstance(said, list) and isinstance(base, Mapping):
        yield under, said, "a mapping, {key: value}"
    elif isinstance(said, Mapping) and isinstance(base, list):
        yield under, said, "a list, [...]"


def leaves(config: Any, under: str = "") -> Iterator[str]:
    """The dotted keys of the node `under` (of the whole config: '') that hold a value or a group."""
    node = config
    for name in filter(None, under.split(".")):
        node = node.get(name, {}) if isinstance(node, Mapping) else {}
    if isinstance(node, Mapping):
        for name in map(str, node):
            if name not in ("_target_", "hydra"):
                yield f"{under}.{name}" if under else name
