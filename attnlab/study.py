"""A study as it is stored: its table, its verdict, figures and trials; nothing it names is run."""

from __future__ import annotations

import functools
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from attnlab.files import path_of
from attnlab.harness import sweeps
from attnlab.harness.publish import read_study
from attnlab.harness.sides import of_records
from attnlab.harness.store import Store, counts
from attnlab.harness.table import as_read, read_csv, tidy
from attnlab.parts import among
from attnlab.report.compare import Apart, Foreign, Side, compare
from attnlab.report.drawing import Drawing, drawing, own_drawing
from attnlab.tidy import OF_TRIALS, settings_of
from attnlab.verdicts import Verdict

SENTENCES = 4
"""Of the verdict that a notebook shows."""


@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """A sweep that was run: what `attnlab.run` and `attnlab.load` give.

    folder: where it is stored; name, title and question: the experiment's own; table: a row per cell and metric,
    with every setting that made it (the columns of results.csv); verdict: what the experiment concluded (its
    `sentences` in words, `answers` in numbers, `limits`); figures: those of its page, as their yaml says.

    >>> import attnlab
    >>> study = attnlab.run("recovery", "inputs.n=8", weights="hard", decoder="simplex", keep_trials=True)
    >>> bool(study.trials["top1"].mean() == study.table.query("metric == 'top1'")["value"].iloc[0])
    True
    >>> study.figure(x="inputs.n", y="top1").save("top1.svg").name
    'top1.svg'
    """

    folder: Path
    name: str
    title: str
    question: str
    table: pd.DataFrame
    verdict: Verdict
    figures: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def counts(self) -> dict[str, int]:
        """How many cells have which status; those that no cell has are left out."""
        found = counts(self.table.drop_duplicates("key")["status"])
        return {status: count for status, count in found.items() if count}

    @functools.cached_property
    def trials(self) -> pd.DataFrame:
        """A row per cell, repeat and trial, with the cell's settings, and a column for each metric.

        `group` is the draw a trial shares with others. Raises ValueError where no cell has its trials stored.
        """
        cells = {key: settings for key, settings in self._cells()}
        store = Store(self.folder)
        found = [
            pd.DataFrame(_columns(row)).assign(key=key, repeat=repeat, **cells[key])
            for key, record in store.records(cells).items()
            if store.has_trials(record)
            for repeat, row in enumerate(store.read_trials(record))
        ]
        if not found:
            raise ValueError(
                f"expected values of trials in {self.folder}, got none: run it with keep_trials=true "
                "(the cells are measured again, with the same numbers)"
            )
        table = pd.concat(found).rename_axis("trial").reset_index()
        first = ["key", *settings_of(self.table), *OF_TRIALS]
        return table[[*first, *(column for column in table if column not in first)]]

    def _cells(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each cell that is done, with its settings."""
        done = self.table[self.table["status"] == "done"].drop_duplicates("key").set_index("key")
        for key, row in done[settings_of(self.table)].iterrows():
            yield str(key), dict(row)

    def figure(
        self,
        x: str,
        y: str | Sequence[str],
        hue: str | None = None,
        *,
        col: str | None = None,
        row: str | None = None,
        kind: str | None = None,
        where: Mapping[str, object] | None = None,
        **more: Any,
    ) -> Drawing:
        """A figure of the table, as the study's page would draw it.

        x: a setting, `a/b` or `a-b` of two numeric ones, or `metric`; y: a metric, or several; hue, col, row: the
        settings that tell series and panels apart; where: the settings to keep; kind and more: as in a yaml
        (`docs/extending.md`). Without a kind: heat for a `value`, lines over numbers, points over names. Raises
        ValueError for columns, levels, metrics, kinds or keys there are not, with the nearest that are.
        """
        given = {"x": x, "y": y, "hue": hue, "col": col, "row": row, "where": where, "kind": kind, **more}
        return drawing(self.table, {name: value for name, value in given.items() if value is not None})

    def compare(self, other: Study) -> pd.DataFrame:
        """The cells both studies have, a row per cell and metric: the table of `action=compare a=THIS b=OTHER`.

        Common are cells that agree in every setting but those in which each study is constant. value_a, low_a ...
        are this study's numbers, value_b ... the other's; difference is the other less this one with the ends of
        its 95 % interval (NaN where there is none), how says of what kind: paired by repeat where both have
        records of one seed. Raises ValueError where no cell is common, with the settings that are in the way, and
        for a study of another experiment; TypeError for what is no study.

        >>> import attnlab
        >>> settings = {"weights": "hard", "decoder": "simplex", "trials": 20}
        >>> one = attnlab.run("recovery", "inputs.n=8", **settings)
        >>> two = attnlab.run("recovery", "inputs.n=8", **settings, seed=1, study="two")
        >>> table = one.compare(two).set_index("metric")
        >>> table.loc["top1", ["value_a", "value_b", "difference", "how"]].tolist()
        [1.0, 1.0, 0.0, 'independent']
        """
        _require_study(other)
        try:
            return compare(self._side(), other._side()).table
        except (Apart, Foreign) as error:
            raise ValueError(f"expected {error}") from error

    def _side(self) -> Side:
        records = Store(self.folder).records(self.table["key"].unique())
        return of_records(self.name, self.table, records, self.figures)

    def __repr__(self) -> str:
        told = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        return f"<attnlab study {self.name}: {told or 'no cells'}>"

    def _repr_html_(self) -> str:
        """For notebooks: question, verdict, the first figure that can be drawn, the head of the table."""
        lines = [f"<h3>{html.escape(self.question or self.title)}</h3>"]
        lines += [f"<p>{html.escape(sentence)}</p>" for sentence in self.verdict.sentences[:SENTENCES]]
        for spec in self.figures:
            try:
                lines.append(own_drawing(self.table, spec)._repr_html_())
                break
            except ValueError:  # no cell of it is done: perhaps of the next
                continue
        return "\n".join([*lines, f"<p>{html.escape(repr(self))}</p>", self.table.head().to_html()])


def _require_study(given: object) -> None:
    if not isinstance(given, Study):
        kind = type(given).__name__
        raise TypeError(f"expected a Study, as attnlab.load(folder) gives it, got {given!r} ({kind})")


def load(folder: str | PathLike[str]) -> Study:
    """The study that a folder holds, from its records, or from its results.csv where there are none.

    Nothing is measured or written, and no code that the folder names is imported. Raises ValueError for a folder
    without a study.

    >>> import attnlab
    >>> _ = attnlab.run("recovery", "inputs.n=8", weights="hard", decoder="simplex", trials=20)
    >>> attnlab.load("results/recovery").counts
    {'done': 1}
    """
    place = path_of(folder, "folder")
    if not _holds_study(place):
        home = place if studies(place) else place.parent
        known = f" ({among(place.name, studies(home), f'in {home}')})" if studies(home) else ""
        raise ValueError(f"expected the folder of a study, with results.csv or cells{known}; got {place}")
    facts, verdict = _page(place)
    if next((place / "cells").glob("??/*.json"), None) is None:
        table = read_csv(place / "results.csv")
    else:
        sweep = sweeps.remembered(place, lambda _name: None)
        table = as_read(tidy(sweep.name, sweep.entries))
        facts |= {"title": sweep.title, "question": sweep.question, "figures": sweep.figures}
    named = {name: facts.get(name, "") for name in ("title", "question")}
    return Study(
        place, place.resolve().name, **named, table=table, verdict=verdict, figures=facts.get("figures", ())
    )


def studies(results: str | PathLike[str] = "results") -> list[str]:
    """The names of the studies in a results folder; `load(f"{results}/{name}")` has what each of them holds.

    >>> import attnlab
    >>> _ = attnlab.run("recovery", "inputs.n=8", weights="hard", decoder="simplex", trials=20, study="mine")
    >>> "mine" in attnlab.studies()
    True
    """
    return sorted(place.name for place in path_of(results, "results").glob("*/") if _holds_study(place))


def _columns(row: Mapping[str, Any]) -> dict[str, pd.Series]:
    """The metrics of one repeat as columns; one of the repeat as a whole is shorter."""
    return {name: pd.Series(values) for name, values in row.items()}


def _holds_study(place: Path) -> bool:
    return (place / "results.csv").is_file() or next((place / "cells").glob("??/*.json"), None) is not None


def _page(place: Path) -> tuple[dict[str, Any], Verdict]:
    """Title, question and figures, and the verdict, of study.json; its name alone where that cannot be read."""
    try:
        told, verdict = read_study(place / "study.json")
    except (OSError, ValueError, KeyError, TypeError):
        return {"title": place.resolve().name}, Verdict(())
    return {"title": told.title, "question": told.question, "figures": told.figures}, verdict
