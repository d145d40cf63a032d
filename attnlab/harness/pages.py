"""What a study's page was drawn from and what was drawn: a page whose inputs and files are the same stays."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib
import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from attnlab.files import read_json, read_regular, write_atomically
from attnlab.harness import own, source
from attnlab.report.index import Frames, without_ways
from attnlab.report.shown import Shown
from attnlab.report.study import Study

MEMORY = "drawn.json"
LIBRARIES = ("numpy", "pandas", "matplotlib", "seaborn", "jinja2", "scipy")
"""Libraries that pages are drawn with."""


def origin(facts: Study, table: Path, module: str | None) -> str:
    """A digest of all that a page follows from: its facts, its table, the code and the libraries.

    module: where the verdict comes from; code of the user's own is read from the module, which is imported.
    Raises what importing raises.
    """
    made = hashlib.blake2b(digest_size=16)
    inside = module is None or module.startswith("attnlab.")
    own_code = None if module is None or inside else source.code(own.module(module))
    told = (dataclasses.asdict(facts), module, own_code, _code())
    made.update(json.dumps(told, sort_keys=True, default=str).encode())
    made.update(read_regular(table))
    return made.hexdigest()


@functools.cache
def _code() -> tuple[str, ...]:
    """The code of attnlab by its content, and the versions of what it draws with."""
    made = hashlib.blake2b(digest_size=16)
    for folder in dict.fromkeys(
        [str(Path(__file__).parents[1]), *importlib.import_module("attnlab.experiments").__path__]
    ):
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in (".py", ".j2", ".css", ".js", ".yaml"):
                made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest(), platform.python_version(), *(version(name) for name in LIBRARIES)


def keep(
    folder: Path, made_from: str | None, files: Sequence[Path], frames: Frames, table: pd.DataFrame
) -> None:
    """Remember what a study's page was made from; remove what the page before had and this one has not."""
    names = {path.relative_to(folder).as_posix(): _digest(path) for path in files}
    for old in _memory(folder).get("files", {}):
        if old not in names and ".." not in Path(old).parts:
            (folder / old).unlink(missing_ok=True)
    told = {"from": made_from, "files": names, "frames": dataclasses.asdict(frames), "table": _rows(table)}
    write_atomically(folder / MEMORY, json.dumps(told, indent=1, default=lambda _: None) + "\n")


def is_of(folder: Path, table: pd.DataFrame) -> bool:
    """Whether the page of a study was last drawn of this table, as far as is remembered."""
    return _memory(folder).get("table") in (None, _rows(table))


def _rows(table: pd.DataFrame) -> str:
    """A digest of a table's columns and rows."""
    made = hashlib.blake2b(repr(list(table.columns)).encode(errors="surrogateescape"), digest_size=16)
    made.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return made.hexdigest()


def stands(folder: Path, made_from: str | None) -> bool:
    """Whether the page of a study was made from just this, and all its files are as they were drawn."""
    told = _memory(folder)
    return made_from is not None and told.get("from") == made_from and _whole(folder, told)


def frames(folder: Path) -> Frames | None:
    """The figures of a study on the index as they were last drawn; None where its files have changed since."""
    told = _memory(folder)
    if not told or not _whole(folder, told):
        return None
    try:
        return Frames(_shown(told["frames"]["card"]), tuple(map(_shown, told["frames"]["openings"])))
    except (KeyError, TypeError, AttributeError):
        return None


def _whole(folder: Path, told: dict[str, Any]) -> bool:
    try:
        return all(_digest(folder / name) == digest for name, digest in told["files"].items())
    except (OSError, ValueError):
        return False


def _shown(told: dict[str, Any]) -> Shown:
    html, metrics = Markup(told["html"]), tuple(told["metrics"])
    return Shown(**{**told, "html": html, "metrics": metrics, "files": {}, "cells": frozenset()})


def _digest(path: Path) -> str:
    return hashlib.blake2b(without_ways(read_regular(path)), digest_size=16).hexdigest()


def _memory(folder: Path) -> dict[str, Any]:
    """What was remembered; nothing where it cannot be read, and then the page is drawn."""
    try:
        told = read_json(folder / MEMORY)
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) and isinstance(told.get("files"), dict) else {}
