"""Studies as the sides of a comparison: a sweep with its records, or the tables of a reference run."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from attnlab.harness.publish import conclude, read_study
from attnlab.harness.store import own_name
from attnlab.harness.sweeps import Records, Sweep
from attnlab.harness.table import as_read, read_csv, tidy
from attnlab.harness.terminal import main_metrics
from attnlab.parts import SettingError
from attnlab.report.compare import Side
from attnlab.report.study import Study


def of_sweep(sweep: Sweep) -> Side:
    """A sweep as it was last asked for, with the repeats of its records."""
    records = {entry.key: entry.record for entry in sweep.entries if entry.record is not None}
    side = of_records(sweep.name, as_read(tidy(sweep.name, sweep.entries)), records, sweep.figures)
    verdict = None if sweep.module is None else functools.partial(conclude, sweep.module)
    return dataclasses.replace(side, conclude=verdict, command=sweep.command)


def of_records(
    name: str, table: pd.DataFrame, records: Records, figures: Sequence[Mapping[str, object]]
) -> Side:
    """A table with the records its rows come from, as far as there are any; its figures name its main metrics."""
    codes = Counter(str(record.get("code", "unknown")) for record in records.values())
    return Side(
        name=name,
        table=table,
        by_repeat={
            (key, metric): summary["by_repeat"]
            for key, record in records.items()
            for metric, summary in (record.get("metrics") or {}).items()
            if "by_repeat" in summary
        },
        versions={key: record.get("versions", {}) for key, record in records.items()},
        main=tuple(main_metrics(figures)),
        code=", ".join(code for code, _ in codes.most_common()),
        experiment=next((own_name(record) for record in records.values()), ""),
    )


def of_pages(name: str, folder: Path, module: str | None) -> Side:
    """A study of which there are pages and no records. Raises SettingError if its files cannot be read."""
    try:
        table = read_csv(folder / "results.csv")
    except (OSError, ValueError) as error:
        raise SettingError("study", name, f"a table that can be read ({error})") from error
    try:
        facts = read_study(folder / "study.json")[0]
    except (OSError, ValueError, KeyError, TypeError):  # of an older attnlab
        facts = Study(name, name, "")
    return Side(
        name=name,
        table=table,
        conclude=None if module is None else functools.partial(conclude, module),
        main=tuple(main_metrics(facts.figures)),
        code=str(facts.provenance.get("code", "")),
        command=facts.command,
        experiment="" if module is None else module.rpartition(".")[2],
    )
