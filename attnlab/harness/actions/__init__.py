"""What a command can do; one file per action, named as it is typed: `act(asked)` does it.

An action is found by its file. It may refuse (SettingError) until it writes, and returns the exit code.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from attnlab.harness.command import Asked

ACTIONS = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def act(asked: Asked) -> int:
    """Do what a command asks for; its exit code. Only the module of its action is imported."""
    action = importlib.import_module(f"{__name__}.{asked.action}")
    return cast("Callable[[Asked], int]", action.act)(asked)
