"""What the numbers of a cell come from besides its settings: the code of parts of the user's own, and data files.

Inside attnlab a part's `version` says when its numbers change, and a test holds it to that. Outside, nobody counts
versions: there every .py in the folder of a module is part of the identity, whatever it is for, so that a changed
helper counts as well.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from attnlab.harness import own
from attnlab.harness.own import ELSEWHERE
from attnlab.parts import SettingError

MOST_FILES = 2000


def code_of(kind: type) -> str | None:
    """A hash of the code a class of the user's own is made of; None if it is attnlab's."""
    modules = (sys.modules.get(base.__module__) for base in kind.__mro__)
    return _joined(found for module in modules if module is not None and (found := code(module)))


@functools.cache
def code(module: ModuleType) -> str | None:
    """A hash of every .py in the folder of a module of the user's own; None for attnlab's and Python's modules.

    The folder is that of the outermost package. Raises SettingError where it holds too many files to tell what
    belongs to the module.
    """
    top = module.__name__.partition(".")[0]
    outermost = sys.modules.get(top, module)
    if top == "attnlab" or top in sys.stdlib_module_names or not getattr(outermost, "__file__", None):
        return None
    path = Path(str(outermost.__file__)).resolve()
    return _of_file(path) if path.parent.name in ELSEWHERE else _of_folder(path.parent)


@functools.cache
def content(path: str) -> str:
    """A hash of a file's content."""
    with Path(path).expanduser().open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def renew() -> None:
    """Forget what was read of code and files, and the modules of the user's own: a new command reads them anew."""
    for cached in (code, _of_folder, _of_file, content):
        cached.cache_clear()
    for name in own.loaded(own.folders()):
        del sys.modules[name]
    importlib.invalidate_caches()


@functools.cache
def _of_folder(folder: Path) -> str:
    made = hashlib.blake2b(digest_size=16)
    for count, path in enumerate(sorted(_files(folder))):
        if count >= MOST_FILES:
            allowed = (
                f"a folder with at most {MOST_FILES} .py files, all of which count as the code of its cells"
            )
            raise SettingError("--config-dir", str(folder), allowed)
        made.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        made.update(path.read_bytes())
    return made.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """Every .py under a folder, hidden folders and other people's code left out."""
    for place in folder.iterdir():
        if place.is_dir():
            if not place.name.startswith(".") and place.name not in ELSEWHERE and not place.is_symlink():
                yield from _files(place)
        elif place.suffix == ".py":
            yield place


@functools.cache
def _of_file(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _joined(hashes: Iterable[str]) -> str | None:
    """One hash for those of a class and its bases; None for none."""
    found = list(dict.fromkeys(hashes))
    return "+".join(found) or None
