"""A verdict as plain data and back: what a results folder holds is read, never imported."""

from __future__ import annotations

import dataclasses
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
    found = _of(data)
    if not isinstance(found, Verdict):
        raise TypeError(f"expected the data of a verdict, got {type(found).__name__}")
    return found


def _of(data: Any) -> Any:
    if isinstance(data, Mapping):
        fields = {name: _of(value) for name, value in data.items() if name != "is"}
        return cast(Any, KINDS[data["is"]])(**fields)
    return tuple(map(_of, data)) if isinstance(data, list) else data
