"""What a cell's record must be to count: anything else in its place is no record, and its cell is missing."""

from __future__ import annotations

import json
from datetime import datetime
from math import isfinite
from sys import intern
from typing import Any

from attnlab.tidy import STATUSES

SCHEMA = 3
"""The form of a record, and a part of every key: raised when either changes."""
MOST_BYTES = 64 << 20
"""A longer file is no record."""
DEEP = 20
"""Lists and mappings inside one another that a config may have."""
LONGEST = 1e9
"""Seconds that no cell takes."""
STORED = tuple(status for status in STATUSES if status not in ("queued", "missing"))
"""The statuses that a record may have: a cell without one is in a queue, or missing."""
NEEDED = {"study": str, "module": str, "run_id": str, "host": str, "code": str, "started": str}
TEXTS = ("error", "reason", "traceback", "trials")
"""What may be there, and is text then."""
NAMED: dict[str, tuple[type, ...]] = {
    "versions": (int,),
    "sources": (str,),
    "choices": (str,),
    "facts": (str, bool),
    "config": (str, bool, int, float, type(None), list, dict),
}
"""Mappings by name, and what their values are."""
NUMBERS = ("value", "low", "high", "effective")
COUNTS = ("count", "nonfinite")


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Its names once for all records: they are most of what many of them take in memory."""
    return {intern(name): value for name, value in pairs}


_DECODER = json.JSONDecoder(parse_constant=_no_number, object_pairs_hook=_mapping)


def record_of(content: bytes, key: str) -> dict[str, Any]:
    """The record of a key in what its file holds. Raises ValueError, with what is wrong, for anything else."""
    text = content.decode("utf-8")
    try:
        record = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("brackets too deep") from None
    flaw = _flaw(record, key)
    if flaw is not None:
        raise ValueError(flaw)
    if (
        "\\ud" in text or "\\uD" in text
    ):  # half a character, which no file and no page can hold, or a whole one
        json.dumps(record, ensure_ascii=False).encode(errors="surrogateescape")
    checked: dict[str, Any] = record
    return checked


def _flaw(record: Any, key: str) -> str | None:
    """Why this is not the record of a key, None if it is."""
    if type(record) is not dict:
        return "no mapping"
    if record.get("schema") is not SCHEMA and record.get("schema") != SCHEMA:
        return f"schema {record.get('schema')!r:.40}, expected {SCHEMA}"
    if record.get("key") != key:
        return "it is of another key"
    status = record.get("status")
    if status not in STORED:
        return f"status {status!r:.40}"
    for name, kind in NEEDED.items():
        if type(record.get(name)) is not kind:
            return f"{name} is no text"
    duration: Any = record.get("duration")
    if not (_is_number(duration) and 0 <= duration < LONGEST):
        return "duration is no number of seconds"
    try:
        datetime.fromisoformat(record["started"])
    except ValueError:
        return "started is no time"
    for name in TEXTS:
        if name in record and type(record[name]) is not str:
            return f"{name} is no text"
    return _misnamed(record) or _unmeasured(record, status)


def _misnamed(record: dict[str, Any]) -> str | None:
    """What is wrong with the mappings of a record."""
    for name, kinds in NAMED.items():
        held = record.get(name)
        if type(held) is not dict or any(type(value) not in kinds for value in held.values()):
            return f"{name} is not what it should be"
    choices = record["choices"]
    for name, value in record["config"].items():
        kind = type(value)
        if kind is dict and "_target_" in value and name not in choices:
            return f"nobody chose {name}"
        if (kind is dict or kind is list or kind is float) and not _is_plain(value, DEEP):
            return f"config.{name} is not what it should be"
    return None


def _is_plain(value: Any, deep: int) -> bool:
    """Whether a setting is made of text, finite numbers, truth values, lists and mappings."""
    if type(value) is float:
        return isfinite(value)
    if type(value) is dict or type(value) is list:
        inside = value.values() if type(value) is dict else value
        return deep > 0 and all(_is_plain(one, deep - 1) for one in inside)
    return True


def _unmeasured(record: dict[str, Any], status: str) -> str | None:
    """What is wrong with the metrics of a record: one that is done has some."""
    metrics = record.get("metrics")
    if metrics is None and status != "done" and "metrics" not in record:
        return None
    if type(metrics) is not dict or not metrics:
        return "it has no metrics"
    for name, summary in metrics.items():
        if type(summary) is not dict or summary.get("kind") not in ("rate", "mean"):
            return f"metric {name!r:.60} is none"
        for number in NUMBERS:
            found = summary.get(number)
            if found is not None and not _is_number(found):
                return f"{number} of {name!r:.60} is no number"
        for number in COUNTS:
            found = summary.get(number)
            if type(found) is not int or not 0 <= found < 1 << 53:
                return f"{number} of {name!r:.60} is no count"
        if (summary.get("value") is None) != (summary["count"] == 0):
            return f"value of {name!r:.60} does not fit its count"
        means = summary.get("by_repeat", [])
        if type(means) is not list or any(one is not None and not _is_number(one) for one in means):
            return f"by_repeat of {name!r:.60} is no list of numbers"
    return None


def _is_number(value: Any) -> bool:
    kind = type(value)
    return (kind is float and isfinite(value)) or (kind is int and -(1 << 53) < value < 1 << 53)
