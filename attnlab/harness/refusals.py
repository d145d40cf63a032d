"""What a refused command is told: each setting with its value, and what would have been allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from attnlab.parts import SettingError, SettingErrors

REFUSALS = (SettingError, SettingErrors, yaml.YAMLError, HydraException, OmegaConfBaseException)
"""What refuses a command before anything runs."""
MOST = 60
"""The characters of a value that are shown."""


def told(error: BaseException) -> list[tuple[str, str]]:
    """What was refused and what is allowed instead, one pair for each thing to mend."""
    if isinstance(error, SettingErrors):
        return [pair for problem in error.problems for pair in told(problem)]
    if isinstance(error, SettingError):
        alone = error.setting.startswith("~") or "=" in error.allowed[:4]
        value = "" if error.value is None and alone else f" = {typed(error.value)}"
        return [(f"{error.setting}{value}", f"expected {error.allowed}")]
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return [(f"{mark.name}, line {mark.line + 1}", f"expected yaml that can be read: {error.problem}")]
    return [("the command line or a config", "\n".join(dict.fromkeys(_lines(error))))]


def _lines(error: BaseException) -> Iterator[str]:
    """The sentences of an error of Hydra's and of its cause, without what only its developers need."""
    said = [error, error.__cause__] if isinstance(error.__cause__, OmegaConfBaseException) else [error]
    for one in said:
        for line in str(one).splitlines():
            if line.strip().rstrip(":") in ("Search path", "Config search path"):
                break
            if line.strip() and not line.strip().startswith(
                ("object_type=", "See https://", "reference_type=")
            ):
                yield line.strip()


def typed(value: Any) -> str:
    """A value as it is typed on the command line, at most 60 characters of it."""
    if isinstance(value, DictConfig | ListConfig):
        value = OmegaConf.to_container(value, resolve=False)
    text = _typed(value)
    return text if len(text) <= MOST else f"{text[: MOST - 3]}..."


def _typed(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_typed(leaf)}" for key, leaf in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_typed, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) or "''"
