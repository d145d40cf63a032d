"""Settings as Python holds them, in the words of a command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from os import PathLike, fspath
from typing import Any

from attnlab.harness.overrides import LAUNCH, SHORT
from attnlab.parts import SettingError


def words(settings: Mapping[str, Any]) -> Iterator[str]:
    """`key=value` for each setting: a list is a sweep over its values, text is in Hydra's grammar as it is typed.

    Settings of the launch, which cannot be swept, take a list as one value. Raises SettingError for an empty list
    and for values that no command line can hold.
    """
    for key, value in settings.items():
        plain = _plain(value)
        if isinstance(plain, list) and key.split(".")[0] not in (*LAUNCH, *SHORT):
            if not plain:
                raise SettingError(key, value, "a value at least")
            yield f"{key}={','.join(_word(key, entry) for entry in plain)}"
        else:
            yield f"{key}={_word(key, plain)}"


def _plain(value: Any) -> Any:
    """Arrays, ranges and tuples as lists, numpy's numbers as Python's, paths as quoted text."""
    if isinstance(value, PathLike):
        return _quoted(str(fspath(value)))
    if hasattr(value, "tolist"):
        value = value.tolist()
    return list(value) if isinstance(value, tuple | range | set | frozenset) else value


def _word(key: str, value: Any) -> str:
    """One value in Hydra's grammar."""
    value = _plain(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float | str):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_inside(key, entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inside(key, entry) for entry in value) + "]"
    raise SettingError(key, value, "a number, text, true or false, None, or a list or mapping of these")


def _inside(key: str, value: Any) -> str:
    """A value inside a list or a mapping, where text is itself."""
    return _quoted(value) if isinstance(value, str) else _word(key, value)


def _quoted(text: str) -> str:
    """Text in Hydra's quotes: a backslash is itself, but before a quote, where it is doubled."""
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), text)
    return f"'{escaped}'"
