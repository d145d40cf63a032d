"""What a study's page is made of: the files that were drawn, so that those no longer asked for go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from attnlab.files import write_atomically

MEMORY = "drawn.json"


def keep(folder: Path, files: Sequence[Path]) -> None:
    """Remember the files of a study's page, and remove those of the page before that are not among them."""
    names = [path.relative_to(folder).as_posix() for path in files]
    for old in _before(folder):
        if old not in names and ".." not in Path(old).parts:
            (folder / old).unlink(missing_ok=True)
    write_atomically(folder / MEMORY, json.dumps({"files": names}, indent=1) + "\n")


def _before(folder: Path) -> list[str]:
    """The files of the page before; none where nothing, or nothing readable, tells."""
    try:
        return [str(name) for name in json.loads((folder / MEMORY).read_text(encoding="utf-8"))["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
