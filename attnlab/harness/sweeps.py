"""A sweep: one study as it was last asked for, with what is stored of each of its cells.

It comes from a plan, or from `results/<study>/grid.json`, which remembers as data what was asked for: nothing in
that file is imported, composed or run.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import logging
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from attnlab.files import read_json, write_atomically
from attnlab.harness.cells import experiment, flat
from attnlab.harness.drawn import are_asked
from attnlab.harness.execution.queued import Job, jobs
from attnlab.harness.grid import Plan
from attnlab.harness.overrides import RUNNING
from attnlab.harness.store import Store
from attnlab.harness.table import Entry

log = logging.getLogger("attnlab")
_MEMORY = ("experiment", "title", "question", "method", "figures", "words", "earlier")
EARLIER = 10
"""Older grids that a study remembers having been asked for."""
Records = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Sweep:
    """One study as it was last asked for.

    experiment: the name its config has; module: where that config says its verdict is, None if the config is
    not in reach; question, method: the module's docstring; words: the part of the command line that made the
    grid; entries: its cells in order; earlier: the grids asked for before under the same name.
    """

    name: str
    experiment: str
    module: str | None
    title: str
    question: str
    method: str
    figures: tuple[dict[str, Any], ...]
    words: tuple[str, ...]
    entries: tuple[Entry, ...]
    earlier: tuple[Mapping[str, Any], ...] = ()

    @property
    def command(self) -> str:
        """The line that makes it again."""
        return shlex.join(["attnlab", f"experiment={self.experiment}", *self.words])

    def with_records(self, records: Records, queued: Mapping[str, Job]) -> Sweep:
        """The same grid with what is stored of it now, and with the jobs of its cells that are queued."""
        entries = [
            dataclasses.replace(
                entry,
                record=records.get(entry.key),
                job=queued[entry.key].id if entry.key in queued else None,
            )
            for entry in self.entries
        ]
        return dataclasses.replace(self, entries=tuple(entries))


def asked_for(plan: Plan, words: Sequence[str]) -> Sweep:
    """The sweep a plan describes, without records. words: the command line."""
    entries = tuple(Entry(cell.key, cell.settings()) for cell in plan.cells)
    kept = tuple(word for word in words if word.partition("=")[0].partition(".")[0] not in RUNNING)
    name = str(plan.config.hydra.runtime.choices.experiment)
    return Sweep(plan.name, name, *_told(plan.config), kept, entries)


def remembered(folder: Path, config: Callable[[str], DictConfig | None], asked: Sequence[str] = ()) -> Sweep:
    """The sweep that a study's folder remembers, with its records; every record there is, if it remembers none.

    config: the composed config of an experiment by its name, None if it is not in reach. Title, question and
    figures are the config's, where it is. asked: the word that asks for other figures than those before, if any.
    """
    store = Store(folder)
    facts = _read(folder)
    if facts is None:
        records = {record["key"]: record for record in store.all()}
        entries = [Entry(key, _settings(record)) for key, record in records.items()]
        facts = {"experiment": folder.name, "title": folder.name, "question": "", "method": "", "figures": []}
        facts |= {"words": (), "earlier": ()}
    else:
        entries = list(_entries(facts.pop("cells")))
        records = store.records(entry.key for entry in entries)
    found = config(facts["experiment"])
    if found is not None:
        module, title, question, method, figures = _told(found)
        own = not asked and are_asked(facts["words"])
        facts |= {"module": module, "title": title, "question": question, "method": method}
        facts |= {} if own else {"figures": figures}
        if asked:
            facts["words"] = [*(word for word in facts["words"] if not are_asked([word])), *asked]
    listed = {name: tuple(facts[name]) for name in ("figures", "words", "earlier")}
    facts = {"module": None, **facts, **listed, "name": folder.name, "entries": tuple(entries)}
    return Sweep(**facts).with_records(records, jobs(folder, records))


def remember(results: Path, sweep: Sweep) -> Sweep:
    """Write grid.json: what was last asked for, as data. Returns the sweep with the grids asked for before."""
    folder = results / sweep.name
    before = _read(folder)
    earlier = list(before["earlier"]) if before else []
    if before is not None:
        keys = [key for block in before["cells"] for key in block["cells"]]
        if set(keys) != {entry.key for entry in sweep.entries}:
            command = shlex.join(["attnlab", f"experiment={before['experiment']}", *before["words"]])
            earlier.insert(
                0, {"command": command, "cells": len(keys), "until": f"{datetime.now(UTC):%Y-%m-%d}"}
            )
    earlier = [old for old in earlier if old["command"] != sweep.command][:EARLIER]
    sweep = dataclasses.replace(sweep, earlier=tuple(earlier))
    _write(folder, sweep)
    return sweep


def remember_again(results: Path, sweep: Sweep) -> None:
    """Write grid.json where it is gone: somebody has deleted the folder under a run."""
    if not (results / sweep.name / "grid.json").exists():
        _write(results / sweep.name, sweep)


def _write(folder: Path, sweep: Sweep) -> None:
    facts = {name: getattr(sweep, name) for name in _MEMORY}
    write_atomically(folder / "grid.json", json.dumps({**facts, "cells": _blocks(sweep.entries)}) + "\n")


def names(results: Path) -> list[str]:
    """The folders that hold records, or word of jobs that will write some, in order."""
    recorded = {path.parts[-4] for path in results.glob("*/cells/??/*.json")}
    return sorted(recorded | {path.parts[-4] for path in results.glob("*/jobs/*/cells.json")})


def _told(config: DictConfig) -> tuple[str, str, str, str, tuple[dict[str, Any], ...]]:
    """Module, title, question, method and figures of a composed experiment."""
    plain: Any = OmegaConf.to_container(config.experiment, resolve=True)
    module, title = plain["module"], plain["title"]
    question, _, method = (inspect.getdoc(experiment(module)) or "").partition("\n\n")
    question = question.removeprefix(f"{title}: ")
    return module, title, question[:1].upper() + question[1:], method, tuple(plain["figures"])


def _read(folder: Path) -> dict[str, Any] | None:
    """What grid.json holds, or None where there is none, or a torn one."""
    try:
        facts = read_json(folder / "grid.json")
        _require_kinds(facts)
        list(_entries(facts["cells"]))
        return {name: facts[name] for name in (*_MEMORY, "cells")}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read (%s): every record is shown", folder / "grid.json", error)
        return None


def _require_kinds(facts: Mapping[str, Any]) -> None:
    """Raise TypeError where what is remembered is of other kinds than what was written."""
    texts = [facts[name] for name in ("experiment", "title", "question", "method")]
    texts += facts["words"] + [old[name] for old in facts["earlier"] for name in ("command", "until")]
    texts += [name for block in facts["cells"] for name in block["settings"]]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("expected text")
    if not all(isinstance(figure, dict) for figure in facts["figures"]):
        raise TypeError("expected figures as mappings")
    if not all(isinstance(old["cells"], int) for old in facts["earlier"]):
        raise TypeError("expected counts of cells")


def _blocks(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Cells as data: those with the same settings together, each as the list of its values."""
    blocks: dict[tuple[str, ...], dict[str, list[Any]]] = {}
    for entry in entries:
        blocks.setdefault(tuple(entry.settings), {})[entry.key] = list(entry.settings.values())
    return [{"settings": list(names), "cells": cells} for names, cells in blocks.items()]


def _entries(blocks: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    for block in blocks:
        for key, values in block["cells"].items():
            yield Entry(key, dict(zip(block["settings"], values, strict=True)))


def _settings(record: Mapping[str, Any]) -> dict[str, Any]:
    return flat(record["config"], record["choices"])
