"""From a sweep to pages: results.csv, each study's report, and the index over all studies.

Everything written here can be deleted and made again from the records.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import multiprocessing
import os
import tempfile
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, cpu_count, delayed, parallel_config

from attnlab import interruption
from attnlab.files import read_json, somewhere, write_atomically
from attnlab.harness import own, pages
from attnlab.harness.cells import experiment
from attnlab.harness.execution.worker import end_with
from attnlab.harness.grid import COMPARISONS
from attnlab.harness.patterns import unfinished
from attnlab.harness.provenance import LIBRARIES, when
from attnlab.harness.store import Store, counts
from attnlab.harness.sweeps import Sweep
from attnlab.harness.table import as_read, read_csv, tidy, write_csv
from attnlab.parts import SettingError
from attnlab.report import comparison, index, maps, study
from attnlab.report.asked import columns_of, completed
from attnlab.report.words import counted, short
from attnlab.verdicts import Verdict
from attnlab.verdicts.data import as_data, checked, verdict_of

log = logging.getLogger("attnlab")


@dataclass(frozen=True)
class Page:
    """A study's published page: where it lies, its facts, its table and its verdict."""

    path: Path
    study: study.Study
    table: pd.DataFrame
    verdict: Verdict


def tabulate(sweeps: Sequence[Sweep], results: Path) -> list[pd.DataFrame]:
    """Write results.csv of every sweep; returns the tables, as a reader of the files would find them."""
    tables = []
    for sweep in sweeps:
        path = results / sweep.name / "results.csv"
        write_csv(tidy(sweep.name, sweep.entries), path)
        tables.append(read_csv(path))
    return tables


def publish(sweeps: Sequence[Sweep], tables: Sequence[pd.DataFrame], results: Path) -> list[Page]:
    """Write the report of every sweep and the index; returns the pages."""
    facts = [_facts(sweep, results / sweep.name) for sweep in sweeps]
    told = list(zip(sweeps, facts, tables, strict=True))
    origins = [_origin(results / sweep.name, fact, sweep.module) for sweep, fact, _ in told]
    old = [pages.stands(results / sweep.name, made) for sweep, made in zip(sweeps, origins, strict=True)]
    anew = [place for place, stands in enumerate(old) if not stands]
    work = [
        (
            results / told[place][0].name,
            *told[place][1:],
            told[place][0].module,
            origins[place],
            own.folders(),
        )
        for place in anew
    ]
    drawn = _each(work, results)
    verdicts = dict(zip(anew, drawn, strict=True))
    write_index(results)
    return [
        Page(
            results / sweep.name / "report.html",
            fact,
            table,
            verdicts[place] if place in verdicts else _kept_verdict(results / sweep.name, table),
        )
        for place, (sweep, fact, table) in enumerate(told)
    ]


def _each(work: Sequence[tuple[Any, ...]], results: Path) -> list[Verdict]:
    """`_report` of each: in processes, where there are several and this machine lets processes share locks."""
    jobs = min(len(work), cpu_count())
    try:
        multiprocessing.Lock()
    except (ImportError, OSError):  # they are in /dev/shm
        jobs = 1
    if jobs < 2:
        return [_report(*one) for one in work]
    with somewhere(results), parallel_config(backend="loky", inner_max_num_threads=1):
        found: list[Verdict] = Parallel(n_jobs=jobs)(delayed(_in_process)(os.getpid(), *one) for one in work)
    return found


def _in_process(driver: int, *work: Any) -> Verdict:
    end_with(driver)
    return _report(*work)


def _origin(folder: Path, facts: study.Study, module: str | None) -> str | None:
    """What a page is made from; None, which no page stands for, if the experiment's module cannot be read."""
    try:
        return pages.origin(facts, folder / "results.csv", module)
    except Exception as error:  # a module of the user's own may break in any way
        log.debug("%s: its page is drawn anew (%s)", facts.name, error)
        return None


def look(sweeps: Sequence[Sweep], results: Path) -> list[Page]:
    """The pages as they would be published; nothing is written."""
    found = []
    for sweep in sweeps:
        folder, table = results / sweep.name, as_read(tidy(sweep.name, sweep.entries))
        verdict = _kept_verdict(folder, table) if sweep.module is None else conclude(sweep.module, table)
        found.append(Page(folder / "report.html", _facts(sweep, folder), table, verdict))
    return found


def _report(
    folder: Path,
    facts: study.Study,
    table: pd.DataFrame,
    module: str | None,
    made_from: str | None,
    folders: Sequence[str],
) -> Verdict:
    """Write the files of one study that follow from its table; its verdict."""
    own.reach(folders)  # the experiment may be a module of the user's own, and this a worker
    verdict = _kept_verdict(folder, table) if module is None else conclude(module, table)
    told = {"study": dataclasses.asdict(facts), "verdict": as_data(verdict)}
    kept = write_atomically(folder / "study.json", json.dumps(told, indent=1) + "\n")
    files = [kept, *study.write(folder, facts, table, verdict)]
    pages.keep(folder, made_from, files, index.frames(facts, table, folder.name, verdict.claimed), table)
    return verdict


def write_index(results: Path) -> None:
    """Write index.html and index.md over every study and every comparison in this folder.

    A study whose files say what no page can show is left out, and never stops the others.
    """
    every, beside = entries(results), comparison.stored(results / COMPARISONS)
    try:
        index.write(results, every, beside)
    except OSError:
        raise
    except Exception as error:  # whatever it is: data that somebody else has written
        log.debug("the index over every study: %s", error, exc_info=True)
        with tempfile.TemporaryDirectory() as aside:
            sound = [entry for entry in every if _is_shown(entry, Path(aside))]
        index.write(results, sound, beside)


def _is_shown(entry: index.IndexEntry, aside: Path) -> bool:
    """Whether an index over this study alone can be written."""
    try:
        index.write(aside, [entry])
    except Exception as error:
        _say_left_out(entry.folder, error)
        return False
    return True


def _say_left_out(folder: Path | str, error: Exception) -> None:
    told = f"{type(error).__name__}: {error}"
    log.warning("%s is left out of the index (%s): action=report makes it anew", folder, short(told))


def entries(results: Path) -> list[index.IndexEntry]:
    """Every study that has a page in this folder, whichever command made it; nothing it names is imported."""
    found = []
    for path in sorted(results.glob("*/study.json")):
        try:
            facts, verdict = read_study(path)
            frames = pages.frames(path.parent) or index.frames(
                facts, read_csv(path.with_name("results.csv")), path.parent.name, verdict.claimed
            )
        except Exception as error:  # torn, written by another version, or by anybody
            _say_left_out(path.parent, error)
            continue
        found.append(index.IndexEntry(facts, verdict, frames, path.parent.name))
    return found


def read_study(path: Path) -> tuple[study.Study, Verdict]:
    """What study.json holds, as data. Raises OSError, ValueError, KeyError or TypeError if it is none."""
    told = read_json(path)
    facts = study.Study(**told["study"])
    listed: list[Any] = [(*problem, 1) if len(problem) == 3 else tuple(problem) for problem in facts.problems]
    facts = dataclasses.replace(facts, problems=listed)  # an older one lists every cell by itself
    facts.require_kinds()
    return facts, verdict_of(told["verdict"])


def _kept_verdict(folder: Path, table: pd.DataFrame) -> Verdict:
    """The verdict as it was last drawn of this table, for a study whose experiment is not in reach."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if pages.is_of(folder, table):
            return read_study(folder / "study.json")[1]
    return Verdict(("No verdict: the experiment's config is not in reach (--config-dir).",))


def conclude(module: str, table: pd.DataFrame) -> Verdict:
    """The experiment's verdict; one that cannot be made says so instead of hiding the table."""
    try:
        made = experiment(module)
    except SettingError as error:
        return Verdict((f"No verdict: the experiment's module is not in reach ({error}).",))
    with interruption.noted():
        try:
            return checked(made.verdict(table)) if hasattr(made, "verdict") else Verdict((), drawn=False)
        except BaseException as error:  # it may exit, too
            if interruption.came():
                raise
            told = f"{type(error).__name__}: {error}".rstrip(": ")
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{last.filename}, line {last.lineno}"
            log.warning("the verdict of %s could not be made: %s (%s)", module, short(told), where)
            return Verdict((f"No verdict: it could not be made ({short(told)}).",))


def _facts(sweep: Sweep, folder: Path) -> study.Study:
    provenance = _provenance(sweep, folder)
    return study.Study(
        name=sweep.name,
        title=sweep.title,
        question=sweep.question,
        experiment=sweep.experiment if sweep.module == f"attnlab.experiments.{sweep.experiment}" else "",
        method=sweep.method,
        command=sweep.command,
        date=str(provenance["cells measured"]).rpartition(" ")[2],
        beside=_beside(sweep, folder),
        counts=counts(entry.status for entry in sweep.entries),
        problems=list(unfinished(sweep.entries)),
        settings=_common(sweep),
        provenance=provenance,
        exhibits=maps.gathered(_exhibits(sweep)),
        figures=completed(sweep.figures, columns_of([entry.settings for entry in sweep.entries])),
    )


def _beside(sweep: Sweep, folder: Path) -> str:
    """What else is stored under the study's name, and how to see it again."""
    others = Store(folder).count() - sum(entry.record is not None for entry in sweep.entries)
    if others <= 0:
        return ""
    grids = "; ".join(
        f"`{old['command']}` ({counted(old['cells'], 'cell')}, until {old['until']})" for old in sweep.earlier
    )
    before = f" Asked for before, and shown again by the same command: {grids}." if grids else ""
    return f"Also stored here: {counted(others, 'record')} of other grids or versions.{before}"


def _exhibits(sweep: Sweep) -> list[dict[str, Any]]:
    """What the cells that are done show beside their numbers, in the order of the grid."""
    records = [entry.record for entry in sweep.entries if entry.record is not None]
    return [one for record in records if record["status"] == "done" for one in record.get("exhibit") or ()]


def _common(sweep: Sweep) -> dict[str, Any]:
    """The settings that all cells share."""
    every = [entry.settings for entry in sweep.entries]
    first = every[0] if every else {}
    return {name: value for name, value in first.items() if all(row.get(name) == value for row in every)}


def _provenance(sweep: Sweep, folder: Path) -> dict[str, Any]:
    """Where the rows came from: the code of every one, libraries and machine of the latest, the days.

    Host, times and cores stand in the records and in `runs`: here they would only make equal pages differ.
    """
    records = [entry.record for entry in sweep.entries if entry.record is not None]
    codes = Counter(str(record.get("code", "unknown")) for record in records)
    code = ", ".join(codes)
    if len(codes) > 1:
        told = (f"{rows} from {name}" for name, rows in codes.most_common())
        code = f"cells of more than one commit: {', '.join(told)}"
    days = sorted({str(record["started"])[:10] for record in records})
    latest = max(records, key=lambda record: record["started"], default=None)
    run = {} if latest is None else when(folder, str(latest["run_id"]))
    known: dict[str, Any] = {name: run[name] for name in ("python", "machine") if name in run}
    libraries = {name: run["versions"][name] for name in LIBRARIES if name in run.get("versions", {})}
    measured = " to ".join(dict.fromkeys([days[0], days[-1]])) if days else "none"
    return {"code": code or "none", **known, **libraries, "cells measured": measured}
