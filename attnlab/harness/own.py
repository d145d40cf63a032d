"""Modules of the user's own: found by the names configs give them, and in the way of no other module."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_folders: list[str] = []
PREFIX = "attnlab_own_"
"""What a module is called here if another module has its name."""


def reach(folders: Sequence[str]) -> None:
    """Put these folders, and no others of the user's own, at the end of the import path.

    At the end, so that a `statistics.py` among them is not what Python's own modules import.
    """
    elsewhere = [place for place in sys.path if place not in (*_folders, *folders)]
    sys.path[:] = [*elsewhere, *folders]
    _folders[:] = folders


def folders() -> tuple[str, ...]:
    """The user's own folders, for a worker to reach as well."""
    return tuple(_folders)


def loaded(folders: Sequence[str]) -> dict[str, ModuleType]:
    """The modules that were imported from these folders and are the user's own.

    A folder may hold more than that: a checkout of attnlab, an environment with its libraries, the script that
    runs. None of these is to be imported anew.
    """
    places = [Path(folder).resolve() for folder in folders]
    found = {}
    known = dict(sys.modules) if places else {}  # a copy: other threads may import meanwhile
    for name, module in known.items():
        path = getattr(module, "__file__", None)
        if path and name != "__main__" and name.partition(".")[0] != __package__.partition(".")[0]:
            file = Path(path).resolve()
            if any(place in file.parents and not _elsewhere(file.relative_to(place)) for place in places):
                found[name] = module
    return found


ELSEWHERE = ("__pycache__", "site-packages", "dist-packages", "node_modules")
"""Folders of other people's code."""


def _elsewhere(path: Path) -> bool:
    """Whether a path, from the user's folder on, leads into other people's code or a hidden folder."""
    return any(part in ELSEWHERE or part.startswith(".") for part in path.parts[:-1])


def module(name: str) -> ModuleType:
    """The module a config names: first one of the user's own, then any other. Raises what importing raises."""
    return importlib.import_module(_found(name))


def names(package: str) -> list[str]:
    """The modules a config may name: those at the top of the user's own folders, and those of a package."""
    path = importlib.import_module(package).__path__
    inside = [f"{package}.{found.name}" for found in pkgutil.iter_modules(path)]
    return [*(found.name for found in pkgutil.iter_modules(_folders)), *inside]


def attribute(name: str) -> Any:
    """The object `package.module.Name`, found like a module."""
    return pkgutil.resolve_name(_found(name))


def _found(name: str) -> str:
    """The name to import: the one that was given, unless it would import another module than the user's."""
    top, dot, rest = name.partition(".")
    path = next((path for folder in _folders for path in _places(Path(folder), top) if path.is_file()), None)
    if path is None or top == __package__.partition(".")[0] or _origin(top) == path.resolve():
        return name
    own = f"{PREFIX}{top}"
    if own not in sys.modules or _origin(own) != path.resolve():
        _load(own, path)
    return f"{own}{dot}{rest}"


def _places(folder: Path, top: str) -> tuple[Path, Path]:
    return folder / top / "__init__.py", folder / f"{top}.py"


def _origin(name: str) -> Path | None:
    """The file that importing this name would run."""
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if loaded is None and name not in sys.modules:
        spec = importlib.util.find_spec(name)
        loaded = spec.origin if spec else None
    return Path(loaded).resolve() if loaded else None


def _load(name: str, path: Path) -> None:
    inside = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=inside)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made  # before it runs: its dataclasses look themselves up
    try:
        spec.loader.exec_module(made)
    except BaseException:
        del sys.modules[name]
        raise
