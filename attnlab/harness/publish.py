"""From records to pages: the tidy table, results.csv, each study's report, and the index over all studies."""

from __future__ import annotations

import dataclasses
import inspect
import json
import logging
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, cpu_count, delayed, parallel_config
from omegaconf import OmegaConf

from attnlab.files import write_atomically
from attnlab.harness import launch, own
from attnlab.harness.cells import Cell, experiment
from attnlab.harness.grid import Plan
from attnlab.harness.launch import Records
from attnlab.harness.overrides import RUNNING
from attnlab.harness.provenance import provenance
from attnlab.harness.store import Store, counts
from attnlab.harness.table import read_csv, tidy, write_csv
from attnlab.parts import SettingError
from attnlab.report import index, study
from attnlab.verdicts import Verdict

log = logging.getLogger("attnlab")


def tabulate(plans: Sequence[Plan], records: Mapping[str, Records], results: Path) -> dict[str, pd.DataFrame]:
    """Write results.csv of every study; returns the tables, as a reader of the files would find them."""
    tables = {}
    for plan in plans:
        path = results / plan.name / "results.csv"
        write_csv(tidy(plan.cells, records[plan.name]), path)
        tables[plan.name] = read_csv(path)
    return tables


def publish(
    plans: Sequence[Plan],
    records: Mapping[str, Records],
    tables: Mapping[str, pd.DataFrame],
    results: Path,
    words: Sequence[str],
) -> int:
    """Write the report of every planned study and the index; returns the exit code.

    words: the command line that asked for them.
    Everything written here can be deleted and made again from the records.
    """
    facts = {plan.name: _facts(plan, Store(results / plan.name), records[plan.name], words) for plan in plans}
    with parallel_config(backend="loky", inner_max_num_threads=1):
        pages = Parallel(n_jobs=min(len(plans), cpu_count()), return_as="generator")
        reports = pages(
            delayed(_report)(
                results / plan.name,
                facts[plan.name],
                tables[plan.name],
                plan.config.experiment.module,
                own.folders(),
            )
            for plan in plans
        )
        for plan, path in zip(plans, reports, strict=True):
            log.info("%-14s %s  %s", plan.name, _tally(facts[plan.name].counts), path)
    print(index.write(results, entries(results)))
    return max(launch.exit_code(found.counts) for found in facts.values())


def _report(
    folder: Path, facts: study.Study, table: pd.DataFrame, module: str, folders: Sequence[str]
) -> Path:
    """Write the files of one study that follow from its table; the path of its page."""
    own.reach(folders)  # the experiment may be a module of the user's own, and this a worker
    told = json.dumps({"module": module, **dataclasses.asdict(facts)}, indent=1)
    write_atomically(folder / "study.json", told + "\n")
    return study.write(folder, facts, table, conclude(module, table))


def entries(results: Path) -> list[index.IndexEntry]:
    """Every study that has results in this folder, whichever command made it."""
    found = []
    for path in sorted(results.glob("*/study.json")):
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            module, told = facts.pop("module"), study.Study(**facts)
            table = read_csv(path.with_name("results.csv"))
        except (OSError, ValueError, KeyError, TypeError) as error:  # torn, or written by another version
            log.warning("%s is left out of the index (%s): action=report makes it anew", path.parent, error)
            continue
        found.append(index.IndexEntry(told, conclude(module, table), table))
    return found


def conclude(module: str, table: pd.DataFrame) -> Verdict:
    """The experiment's verdict; one that cannot be made says so instead of hiding the table."""
    try:
        verdict: Verdict = experiment(module).verdict(table)
    except SettingError as error:
        return Verdict((f"No verdict: the experiment's module is not in reach ({error}).",))
    except Exception as error:
        log.exception("the verdict of %s could not be made", module)
        return Verdict((f"No verdict: it could not be made ({type(error).__name__}: {error}).",))
    return verdict


def _facts(plan: Plan, store: Store, records: Records, words: Sequence[str]) -> study.Study:
    question, _, method = (inspect.getdoc(experiment(plan.config.experiment.module)) or "").partition("\n\n")
    asked = question.removeprefix(f"{plan.config.experiment.title}: ")
    status = {cell.key: records.get(cell.key, {"status": "missing"})["status"] for cell in plan.cells}
    kept = [word for word in words if word.partition("=")[0].partition(".")[0] not in RUNNING]
    others = store.count() - len(records)
    return study.Study(
        name=plan.name,
        title=plan.config.experiment.title,
        question=asked[:1].upper() + asked[1:],
        method=method,
        command=shlex.join(["attnlab", f"experiment={plan.config.hydra.runtime.choices.experiment}", *kept]),
        counts=counts(status.values()),
        problems=[_problem(cell, records.get(cell.key)) for cell in plan.cells if status[cell.key] != "done"],
        settings=_common(plan.cells),
        provenance=_provenance(records, others),
        figures=_figures(plan),
    )


def _problem(cell: Cell, record: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if record is None:
        return cell.words, "missing", "not run yet"
    return cell.words, record["status"], record.get("reason") or record.get("error") or ""


def _figures(plan: Plan) -> list[dict[str, Any]]:
    """The figure mappings of the experiment's yaml, as plain data."""
    experiment_config: Any = OmegaConf.to_container(plan.config.experiment, resolve=True)
    return list(experiment_config["figures"])


def _common(cells: Sequence[Cell]) -> dict[str, Any]:
    """The settings that all cells share."""
    every = [cell.settings() for cell in cells]
    return {name: value for name, value in every[0].items() if all(row.get(name) == value for row in every)}


def _provenance(records: Mapping[str, dict[str, Any]], others: int) -> dict[str, Any]:
    facts = provenance()
    git, versions = facts.pop("git"), facts.pop("versions")
    started = sorted(record["started"] for record in records.values())
    return {
        "code": f"{git['sha'][:12]} ({git['state']})",
        **facts,
        **versions,
        "first cell started": started[0] if started else "none",
        "last cell started": started[-1] if started else "none",
        "seconds in cells": f"{sum(record['duration'] for record in records.values()):.1f}",
        "records of other grids or versions": others,
    }


def _tally(tally: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in tally.items() if number)
