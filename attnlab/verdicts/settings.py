"""A setting with its value, as sentences, captions and titles say it."""

from __future__ import annotations

import functools
from numbers import Real
from pathlib import Path
from typing import TypeGuard

import numpy as np
import yaml


@functools.cache
def _words() -> dict[str, dict[str, dict[str, str] | str]]:
    return dict(yaml.safe_load(Path(__file__).with_name("settings.yaml").read_text(encoding="utf-8")))


def closed_choices() -> frozenset[str]:
    """The settings whose levels have words of their own: nobody can add a level to these."""
    return frozenset(_words()["levels"])


def named_level(column: str, value: object) -> str | None:
    """The words for one level of a closed choice, None for any other setting."""
    found = _words()["levels"].get(column, {})
    key = f"{float(value):g}" if _is_number(value) else str(value)
    return found.get(key) if isinstance(found, dict) else None


def is_name(column: str) -> bool:
    """Whether the numbers of a setting only tell things apart, as those of layers do, and are no sizes."""
    return column in _words()["names"] or column in closed_choices()


def valued(column: str, value: object) -> str:
    """A setting with its value: a closed choice by its words, `n = 32` for the letters, else `temperature 0.3`."""
    told = named_level(column, value)
    if told is not None:
        return told
    name = column.rpartition(".")[2].replace("_", " ").strip()
    phrase = _words()["phrases"].get(column)
    if _is_number(value):
        shown = f"{float(value):g}"
        if isinstance(phrase, str):
            return phrase.format(float(value) if "{:" in phrase else shown).replace("%", " %")
        if name.endswith("s"):
            return f"{shown} {name}"
    else:
        shown = str(value)
    return f"{name} = {shown}" if len(name) == 1 else f"{name} {shown}"


def _is_number(value: object) -> TypeGuard[Real]:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)
