"""What a command can do; one file per action, named as it is typed: `act(asked)` does it.

An action is found by its file. It may refuse (SettingError) until it writes, and returns the exit code.
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


def act(asked: Asked) -> int:
    """Do what a command asks for; its exit code. Only the module of its action is imported."""
    action: Any = importlib.import_module(f"{__name__}.{asked.action}")
    return int(action.act(asked))
