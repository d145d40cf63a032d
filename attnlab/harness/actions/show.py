"""Show: what is stored of a study, in the terminal: what a run prints at its end, or one record whole."""

from __future__ import annotations

import json

from attnlab.harness.command import Asked
from attnlab.harness.drawn import are_asked
from attnlab.harness.store import Store
from attnlab.harness.sweeps import Sweep
from attnlab.parts import SettingError

SHOWN = 8
"""Keys that are listed."""
HEEDS = ("experiment", "study", "grid", "figures", "force", "key")


def act(asked: Asked) -> int:
    """Print each study's numbers or verdict; with key=..., the record whose key begins so. Writes nothing."""
    sweeps = asked.sweeps()
    if not sweeps:
        raise SettingError("results", str(asked.results), "a folder with studies: this one holds no record")
    if asked.config.key is not None:
        print(_record(asked, sweeps, str(asked.config.key)))
        return 0
    from attnlab.harness.publish import look
    from attnlab.harness.terminal import tell

    tell(look(sweeps, asked.results), asked.results)
    return 0


def _record(asked: Asked, sweeps: list[Sweep], key: str) -> str:
    """The one record whose key begins so, of all that the studies hold."""
    if asked.grid or are_asked(asked.words):
        raise SettingError("key", key, "no grid and no figures beside it: a record is shown whole")
    found: dict[str, list[str]] = {}
    for sweep in sweeps:
        for path in sorted((asked.results / sweep.name / "cells").glob("??/*.json")):
            if path.stem.startswith(key):
                found.setdefault(path.stem, []).append(sweep.name)
    if len(found) != 1:
        told = [f"{name} ({', '.join(studies)})" for name, studies in sorted(found.items())]
        some = "\n".join(told[:SHOWN]) + (f"\nand {len(told) - SHOWN} more" if len(told) > SHOWN else "")
        few = f"the beginning of one key, not of {len(found)}\n{some}"
        raise SettingError(
            "key", key, few if found else "the beginning of a stored key: results.csv has them"
        )
    ((whole, studies),) = found.items()
    if len(studies) > 1:
        raise SettingError("key", key, f"study=NAME beside it: {' and '.join(studies)} hold this cell")
    record = Store(asked.results / studies[0]).read(whole)
    if record is None:
        raise SettingError("key", key, f"a record that can be read: {whole} of {studies[0]} cannot")
    return json.dumps(record, indent=1)
