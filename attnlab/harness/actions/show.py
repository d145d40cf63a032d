"""Show: what is stored of a study, in the terminal: what a run prints at its end, or one record whole."""

from __future__ import annotations

import json

from attnlab.harness.command import Asked
from attnlab.harness.store import Store
from attnlab.harness.sweeps import Sweep, names
from attnlab.parts import SettingError


def act(asked: Asked) -> int:
    """Print each study's numbers or verdict; with key=..., the record whose key begins so. Writes nothing."""
    sweeps = asked.sweeps()
    if not sweeps:
        known = ", ".join(names(asked.results)) or "none yet"
        raise SettingError("study", asked.study, f"a study with records in {asked.results}: {known}")
    if asked.config.key is not None:
        print(_record(asked, sweeps, str(asked.config.key)))
        return 0
    from attnlab.harness.publish import look
    from attnlab.harness.terminal import tell

    tell(look(sweeps, asked.results), asked.results)
    return 0


def _record(asked: Asked, sweeps: list[Sweep], key: str) -> str:
    folders = (Store(asked.results / sweep.name) for sweep in sweeps)
    found = [record for store in folders for record in store.all() if str(record["key"]).startswith(key)]
    if len(found) != 1:
        some = ", ".join(str(record["key"]) for record in found[:8])
        allowed = "the beginning of " + (f"one key, not of {len(found)}: {some}" if found else "a stored key")
        raise SettingError("key", key, allowed)
    return json.dumps(found[0], indent=1)
