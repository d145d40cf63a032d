"""What a command can do; one file per action, named as it is typed: `act(asked)` does it.

An action is found by its file. It may refuse (SettingError) until it writes, and returns the exit code. `HEEDS`
are those of KEYS with an effect on it: any other one that is typed is refused.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Protocol


class Asked(Protocol):
    """A command, checked; what else it holds (`attnlab.harness.command.Asked`) is for its action to know."""

    @property
    def action(self) -> str:
        """What is to be done."""


ACTIONS = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
KEYS = {
    "experiment": "chooses what is asked",
    "study": "names a sweep",
    "grid": "asks for a grid of cells",
    "figures": "asks for figures",
    "exec": "says how cells run",
    "keep_trials": "says what is stored of cells that run",
    "force": "lets many cells be planned",
    "key": "names one record",
    "a": "names the study that is compared with",
    "b": "names the study that is compared",
}
"""What each key of a command is for; `grid` stands for size, every axis and the experiment's own settings."""


def act(asked: Asked) -> int:
    """Do what a command asks for; its exit code. Only the module of its action is imported."""
    return int(_module(asked.action).act(asked))


def heeds(action: str) -> tuple[str, ...]:
    """The keys that have an effect on an action."""
    return tuple(_module(action).HEEDS)


def _module(action: str) -> Any:
    return importlib.import_module(f"{__name__}.{action}")
