"""Modules of the user's own: found by the names configs give them, and in the way of no other module."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_folders: list[str] = []
ROOM = __package__.partition(".")[0]
"""The package that no module of the user's own can take the place of."""
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
        if path and name != "__main__" and name.partition(".")[0] != ROOM:
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
    try:
        return pkgutil.resolve_name(_found(name))
    except (ImportError, AttributeError) as error:
        file = next((path for path in _files(ROOM) if path.name == f"{ROOM}.py"), None)
        if file is None or name.partition(".")[0] != ROOM:
            raise
        raise ImportError(
            f"{error}; {file} is not read, since attnlab itself has its name: rename it"
        ) from error


def where(error: BaseException) -> str:
    """`, file, line 3`: the last line of the user's own that an exception came through, if any."""
    places = [Path(folder).resolve() for folder in _folders]
    lines = [
        f", {line.filename}, line {line.lineno}"
        for line in traceback.extract_tb(error.__traceback__)
        if any(place in Path(line.filename).resolve().parents for place in places)
    ]
    return lines[-1] if lines else ""


def _found(name: str) -> str:
    """The name to import: the one that was given, unless it would import another module than the user's.

    Raises ImportError if two of the user's folders have a module of this name.
    """
    top, dot, rest = name.partition(".")
    found = [] if top == ROOM else list(_files(top))
    if len({path.resolve() for path in found}) > 1:
        raise ImportError(
            f"which of them? {' and '.join(map(str, found))}: rename one, and ask for that name"
        )
    if not found or _origin(top) == found[0].resolve():
        return name
    path = found[0]
    own = f"{PREFIX}{top}"
    if own not in sys.modules or _origin(own) != path.resolve():
        _load(own, path)
    return f"{own}{dot}{rest}"


def _files(top: str) -> Iterator[Path]:
    """The user's own module of this name, in each folder that has one: a package before a file, as Python."""
    for folder in map(Path, _folders):
        either = (folder / top / "__init__.py", folder / f"{top}.py")
        yield from [path for path in either if path.is_file()][:1]


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
