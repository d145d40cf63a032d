"""One command: its words become what it asks for, checked; free of the process it runs in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hydra import initialize_config_dir
from omegaconf import DictConfig

from attnlab.files import require_writable
from attnlab.harness import own
from attnlab.harness.actions import ACTIONS
from attnlab.harness.cells import part
from attnlab.harness.execution.base import Execution
from attnlab.harness.grid import Plan, plans
from attnlab.harness.overrides import Command, Configs, parse
from attnlab.parts import SettingError, refusal


@dataclass(frozen=True)
class Asked:
    """What a command asks for: how and where it runs is checked, its grid is planned by the actions that need it.

    words: the command line; folders: those of --config-dir; config: the launch settings.
    """

    words: tuple[str, ...]
    folders: tuple[str, ...]
    configs: Configs
    command: Command
    config: DictConfig
    execution: Execution

    @property
    def action(self) -> str:
        """What is to be done."""
        return str(self.config.action)

    @property
    def results(self) -> Path:
        """Where everything is written."""
        return Path(self.config.results).expanduser()

    def plans(self) -> list[Plan]:
        """Every study, expanded and checked.

        Raises SettingErrors, SettingError or Hydra's own errors for what is refused.
        """
        with _reachable(self.folders):
            made = plans(self.command, self.configs)
        if self.action in ("run", "report"):
            for plan in made:
                require_writable(self.results / plan.name)
        return made


def ask(words: Sequence[str]) -> Asked:
    """Parse a command line. Raises SettingError or Hydra's own errors for what is refused."""
    overrides, folders = split_arguments(words)
    configs = Configs(tuple(folders))
    with _reachable(folders):
        command = parse(overrides, configs)
        alone = (
            [f"experiment={name}" for name in command.experiments] if len(command.experiments) == 1 else []
        )
        config = configs.compose(*command.composed, *alone)
    for name, kind in (("action", Literal[ACTIONS]), ("results", str)):
        allowed = refusal(kind, config[name])
        if allowed is not None:
            raise SettingError(name, config[name], allowed)
    execution = part("exec", dict(config.exec))
    if not isinstance(execution, Execution):
        raise SettingError("exec._target_", config.exec._target_, "a way to run cells")
    return Asked(tuple(words), tuple(folders), configs, command, config, execution)


@contextmanager
def _reachable(folders: Sequence[str]) -> Iterator[None]:
    """Hydra finds the configs, and Python the modules of the user's own folders (from then on)."""
    own.reach(folders)
    with initialize_config_dir(str(conf()), job_name="attnlab", version_base="1.3"):
        yield


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Overrides and the folders of --config-dir; Hydra's --multirun is allowed and changes nothing."""
    overrides, folders, words = [], [], iter(arguments)
    for word in words:
        flag, given, value = word.partition("=")
        if flag in ("--config-dir", "-cd"):
            folders.append(_folder(value if given else next(words, "")))
        elif word in ("--multirun", "-m"):
            continue
        elif word.startswith("-"):
            raise SettingError(word, None, "--config-dir DIR, --help, --cfg, --info, or key=value")
        else:
            overrides.append(word)
    return overrides, folders


def _folder(text: str) -> str:
    folder = Path(text).expanduser().absolute()
    if not text or not folder.is_dir():
        raise SettingError("--config-dir", text, "a folder that exists")
    return str(folder)


def conf() -> Path:
    """The configs: inside the package where it was installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    return next(place for place in (package / "conf", package.parent / "conf") if place.is_dir())
