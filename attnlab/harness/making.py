"""From a group's config to the part it describes: a class by its name, and its settings."""

from __future__ import annotations

import dataclasses
import functools
import json
import typing
from collections.abc import Mapping
from typing import Any

from attnlab.harness import own
from attnlab.parts import Declined, Part, SettingError, Unavailable, among

Json = Any


DATACLASS = "@dataclass(frozen=True)"
INSIDE = (
    "no part within a part: let the setting be a Literal of names, and the part make the one that is named, as "
    "attnlab/weights/equal_entropy.py does"
)


def said(error: BaseException) -> str:
    """An exception in a sentence, with the line of the user's own that it came through."""
    return f"{type(error).__name__}: {error}{own.where(error)}"


def is_part(value: Json) -> bool:
    """Whether a setting describes a part: a class and its settings."""
    return isinstance(value, dict) and "_target_" in value


def described(kind: object) -> str:
    """What is wanted of a group that describes no part, where a part of this kind belongs."""
    if not isinstance(kind, type) or not issubclass(kind, Part):
        return ""
    return (
        f"a {kind.__name__}, which a yaml of its group describes: `_target_: module.Class` and its settings"
    )


def named(target: str) -> Any:
    """The object of this name, None if it cannot be imported."""
    try:
        return own.attribute(target)
    except Exception:  # a module of the user's own may break in any way
        return None


def settings_of(target: str) -> list[str] | None:
    """The settings that a class has by its own account, None if it gives none or cannot be found."""
    kind = named(target)
    if not dataclasses.is_dataclass(kind):
        return None
    return [field.name for field in dataclasses.fields(kind) if field.init]


@functools.cache
def found_out(target: str) -> list[str]:
    """What a part of this class finds out for itself when it is made: fields of its class that are no settings."""
    kind = named(target)
    return [field.name for field in dataclasses.fields(kind) if not field.init] if _is_class(kind) else []


def completed(config: Mapping[str, Json]) -> dict[str, Json]:
    """A part's config with what the part finds out for itself; as it is where the part is refused."""
    names = found_out(config["_target_"])
    if not names:
        return dict(config)
    try:
        made = _made(json.dumps(config, sort_keys=True))
    except SettingError:  # told where all of a cell's settings are checked
        return dict(config)
    known = [name for name in names if hasattr(made, name)]
    return {**config, **{name: getattr(made, name) for name in known}}


def _is_class(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


@functools.cache
def _made(frozen: str) -> Part:
    config = json.loads(frozen)
    target = config.pop("_target_")
    try:
        kind = own.attribute(target)
    except Exception as error:
        raise SettingError("_target_", target, f"an importable class ({said(error)})") from error
    config = {name: value for name, value in config.items() if name not in found_out(target)}
    _require_whole(kind, target, config)
    try:
        return typing.cast(Part, kind(**config))
    except TypeError as error:
        raise SettingError("_target_", target, f"settings that it takes ({error})") from error


def _require_whole(kind: Any, target: str, config: Mapping[str, Json]) -> None:
    """Raise SettingError for a class that lacks a method, or the field of a setting."""
    lacking = sorted(getattr(kind, "__abstractmethods__", ()))
    if lacking:
        raise SettingError(
            "_target_", target, f"a class with {', '.join(lacking)}, which its base class asks for"
        )
    kinds = typing.get_type_hints(kind) if _is_class(kind) else {}
    for name, value in config.items():
        if is_part(value) or described(kinds.get(name)):
            raise SettingError(name, value, INSIDE)
    known = settings_of(target)
    fields = list(config) if known is None else known
    for name in config:
        if name not in fields:
            bare = "__dataclass_params__" not in vars(kind)
            typo = f" (it is no dataclass of its own: write {DATACLASS} above the class)" if bare else ""
            raise SettingError(name, config[name], among(name, fields, f"a setting of {target}") + typo)


def facts_of(made: object) -> dict[str, str | bool]:
    """What a part declares of itself; nothing for an object that is no part, nor for one that lacks a library.

    Raises SettingError if it cannot.
    """
    try:
        return made.declared() if isinstance(made, Part) else {}
    except Unavailable:  # its cells say so, with the reason: the others of a sweep go on
        return {}
    except Exception as error:  # a property of the user's own may break in any way
        raise SettingError("facts", type(made).__name__, f"facts that can be read ({said(error)})") from error


def part(group: str, config: Mapping[str, Json]) -> Part:
    """The part a group's config describes. Raises SettingError naming `group.setting` if it is refused."""
    try:
        return _made(json.dumps(config, sort_keys=True))
    except SettingError as error:
        raise SettingError(f"{group}.{error.setting}", error.value, error.allowed) from error


def options(group: str, config: Mapping[str, Json], setting: str) -> tuple[Json, ...]:
    """All values that a part has of a setting, by its own `every`; null where it is refused or does not know."""
    try:
        made: Any = part(group, config)
        return tuple(made.every(setting))
    except (SettingError, Declined, AttributeError):  # told where the cell is checked, or measured
        return (None,)


def renew() -> None:
    """Forget the parts that were made: a new command makes them of classes as they are now."""
    _made.cache_clear()
    found_out.cache_clear()
