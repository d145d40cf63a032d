"""How a yaml mapping becomes a figure."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Mapping
from typing import Any

from attnlab.report import figures
from attnlab.report.figures.base import Figure
from attnlab.report.words import listed


def build(spec: Mapping[str, object]) -> Figure:
    """The figure a yaml mapping describes; `kind` names a file of this package, `_target_` any class.

    Raises ValueError for an unknown kind, an unknown or a missing setting.
    """
    settings: dict[str, Any] = dict(spec)
    if not re.fullmatch(r"[\w-]+", str(settings.get("name"))):
        raise ValueError(f"figure name {settings.get('name')!r}: expected letters, digits, - and _")
    target, kind = settings.pop("_target_", None), settings.pop("kind", None)
    module, _, name = str(
        target or f"{figures.__name__}.{kind}.{str(kind).title().replace('_', '')}"
    ).rpartition(".")
    try:
        made = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"figure {settings['name']}: no such kind: {target or kind} ({error})") from error
    if not (isinstance(made, type) and issubclass(made, Figure)):
        raise ValueError(f"figure {settings['name']}: {target or kind} is not a kind of figure")
    allowed = [one.name for one in dataclasses.fields(made)]
    unknown = [key for key in settings if key not in allowed]
    if unknown:
        raise ValueError(
            f"figure {settings['name']}: {listed(unknown)}: expected one of {', '.join(allowed)}"
        )
    try:
        return made(**settings)
    except TypeError as error:
        raise ValueError(f"figure {settings['name']}: {error}") from error
