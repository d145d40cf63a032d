"""How a yaml mapping becomes a figure."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Mapping
from typing import Any

from attnlab.report import figures
from attnlab.report.figures.base import Figure
from attnlab.report.words import listed


def build(spec: Mapping[str, object]) -> Figure:
    """The figure a yaml mapping describes; `kind` names a file of the package of figures, and nothing else is
    imported: what is described may come from a results folder.

    Raises ValueError for an unknown kind, an unknown or a missing setting.
    """
    settings: dict[str, Any] = dict(spec)
    if not re.fullmatch(r"[\w-]+", str(settings.get("name"))):
        raise ValueError(f"figure name {settings.get('name')!r}: expected letters, digits, - and _")
    kind = str(settings.pop("kind", None))
    known = [module.name for module in pkgutil.iter_modules(figures.__path__)]
    module = importlib.import_module(f"{figures.__name__}.{kind}") if kind in known else None
    made = getattr(module, kind.title().replace("_", ""), None)
    if not (isinstance(made, type) and issubclass(made, Figure)):
        raise ValueError(f"figure {settings['name']}: no such kind: {kind}")
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
