"""A verdict as plain data and back: what a results folder holds is read, never imported."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, cast

from attnlab.intervals import Interval
from attnlab.verdicts.answers import Answer, Verdict
from attnlab.verdicts.bracket import Average, Bracket
from attnlab.verdicts.told import Levels, Told

KINDS = {kind.__name__: kind for kind in (Verdict, Answer, Interval, Average, Bracket, Told, Levels)}
"""What a verdict is made of; nothing else comes back from data."""


def as_data(value: Any) -> Any:
    """Dataclasses as mappings that name their kind, tuples as lists; anything else as it is."""
    if dataclasses.is_dataclass(value):
        fields = {field.name: as_data(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"is": type(value).__name__, **fields}
    return [as_data(entry) for entry in value] if isinstance(value, tuple | list) else value


def verdict_of(data: Any) -> Verdict:
    """The verdict that `as_data` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    return checked(_of(data))


def checked(found: Any) -> Verdict:
    """What an experiment concluded, if it is a verdict through and through. Raises TypeError for anything else."""
    if not isinstance(found, Verdict):
        raise TypeError(
            f"expected a Verdict, got {f'{found!r:.60}' if found is None else type(found).__name__}"
        )
    _require(Verdict, found, "verdict")
    return found


def _require(kind: Any, value: Any, name: str) -> None:
    """Raise TypeError where a value, or one inside it, is not of the kind that is declared for it."""
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        fits = isinstance(value, tuple | list)
        for one in value if fits else ():
            _require(options[0], one, name)
    elif origin in (typing.Union, types.UnionType):
        fits = isinstance(value, options)
        kind = type(value)
    elif origin is typing.Literal:
        fits = value in options
    elif kind is float:
        fits = isinstance(value, int | float)
    else:
        fits = isinstance(value, kind)
    if not fits:
        raise TypeError(f"{name}: expected {getattr(kind, '__name__', kind)}, got {value!r:.60}")
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            _require(hints[field.name], getattr(value, field.name), f"{name}.{field.name}")


def _of(data: Any) -> Any:
    if isinstance(data, Mapping):
        fields = {name: _of(value) for name, value in data.items() if name != "is"}
        return cast(Any, KINDS[data["is"]])(**fields)
    return tuple(map(_of, data)) if isinstance(data, list) else data
