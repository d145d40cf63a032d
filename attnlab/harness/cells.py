"""A cell: one setting of one experiment with its trials inside, its identity, and how it is measured.

An experiment is a module with `trial(...) -> Row`, `VERSION` and, if it concludes something in words,
`verdict(table) -> Verdict`. The argument names of `trial` are the settings it uses: a config group gives the part
made from it, any other name the plain value, and `rng` the random streams of one repeat. What a trial does not ask
for is not part of the cell.
A module may declare `MEASURES`, all its metrics by name with what is known of each; a row, which trials share a
draw.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from attnlab.harness import making, own, source
from attnlab.harness.making import facts_of, is_part, part, said
from attnlab.harness.records import SCHEMA
from attnlab.harness.summary import labels, most_visible, returned, summary
from attnlab.intervals import ANY, Measure
from attnlab.parts import Count, SettingError, declared, file_settings, names_file, nearest, refusal
from attnlab.seeds import Streams
from attnlab.shapes import NO_METRICS
from attnlab.tidy import BOOKKEEPING, OF_TRIALS, lasting

RESERVED = ("seed", "repeats", "rng")
ALWAYS = {"seed": int, "repeats": Count, "trials": Count}
"""Settings with one meaning in every experiment."""
COLUMNS = BOOKKEEPING.union(OF_TRIALS)
"""The columns of the tables of results and of trials, beside settings and metrics."""
Json = Any


def renew() -> None:
    """Forget modules and parts of the user's own: a new command takes them as they are now."""
    source.renew()
    making.renew()
    for cached in (experiment, arguments, measures):
        cached.cache_clear()


@functools.cache
def experiment(module: str) -> ModuleType:
    """The experiment's module. Raises SettingError if it cannot be imported or lacks a function."""
    try:
        found = own.module(module)
    except Exception as error:  # a module of the user's own may break in any way
        lost = isinstance(error, ModuleNotFoundError) and module.startswith(str(error.name))
        close = nearest(module, own.names("attnlab.experiments")) if lost else []
        meant = f"; did you mean {' or '.join(close)}?" if close else ""
        raise SettingError(
            "experiment.module", module, f"an importable module ({said(error)}){meant}"
        ) from error
    for name in ("trial", "VERSION"):
        if not hasattr(found, name):
            raise SettingError("experiment.module", module, f"a module with `{name}`")
    return found


@functools.cache
def measures(module: str) -> dict[str, Measure]:
    """What the experiment declares of its metrics; one it does not name is a mean without bounds, or a share."""
    return dict(getattr(experiment(module), "MEASURES", {}))


@functools.cache
def arguments(module: str) -> dict[str, Any]:
    """The settings a trial uses, with their annotations, in the order of its signature."""
    trial = experiment(module).trial
    hints = typing.get_type_hints(trial, include_extras=True)
    return {
        name: hints.get(name, Any) for name in inspect.signature(trial).parameters if name not in RESERVED
    }


def _content(path: Json) -> Json:
    """A data file by its content; null stays null."""
    return path if path is None else {"content": source.content(path)}


def flat(config: Mapping[str, Json], choices: Mapping[str, str]) -> dict[str, Json]:
    """One flat column per setting: `inputs`, `inputs.n`, ..., scalars as they are."""
    columns: dict[str, Json] = {}
    for name, value in config.items():
        if is_part(value):
            columns[name] = choices[name]
            columns |= {f"{name}.{leaf}": v for leaf, v in value.items() if leaf != "_target_"}
        else:
            columns[name] = value
    return columns


def in_words(settings: Mapping[str, Json]) -> str:
    """Settings in one line, as they would be typed."""
    return " ".join(f"{name}={value}" for name, value in settings.items())


@dataclass(frozen=True)
class Cell:
    """One setting of one experiment.

    config: all that makes its numbers (groups with their `_target_` and leaves, scalars, seed, repeats);
    choices: the name each group was chosen by, which labels the rows and is no part of the identity.
    """

    study: str
    module: str
    config: Mapping[str, Json]
    choices: Mapping[str, str]

    @functools.cached_property
    def key(self) -> str:
        """The identity: a hash of the schema, of what makes the numbers, and of the code they come from.

        The experiment is known by its own name, wherever it is installed; code inside attnlab by its version,
        code of the user's own by its content.
        """
        identity = {
            "schema": SCHEMA,
            "experiment": self.module.rpartition(".")[2],
            "config": self.science,
            "versions": self.versions,
            "code": self.code,
        }
        return hashlib.blake2b(json.dumps(identity, sort_keys=True).encode(), digest_size=12).hexdigest()

    @functools.cached_property
    def science(self) -> Mapping[str, Json]:
        """The config, each data file known by its content and not by its path."""
        hints = arguments(self.module)
        known = dict(self.config)
        for name, value in self.config.items():
            if is_part(value):
                kind: Any = type(part(name, value))
                named = file_settings(kind)
                known[name] = {k: _content(v) if k in named else v for k, v in value.items()}
            elif names_file(hints.get(name)):
                known[name] = _content(value)
        return self.config if known == self.config else known

    @functools.cached_property
    def code(self) -> dict[str, str]:
        """A hash of the code of the experiment and of every part that is the user's own."""
        parts = {name: source.code_of(type(part(name, value))) for name, value in self._groups()}
        every = {"experiment": source.code(experiment(self.module)), **parts}
        return {name: found for name, found in every.items() if found is not None}

    @functools.cached_property
    def versions(self) -> dict[str, int]:
        """The version of every part, and of the experiment itself."""
        parts = {name: part(name, value).version for name, value in self._groups()}
        return {"experiment": int(experiment(self.module).VERSION), **parts}

    def _groups(self) -> list[tuple[str, Mapping[str, Json]]]:
        return [(name, value) for name, value in self.config.items() if is_part(value)]

    def problems(self) -> list[SettingError]:
        """Every setting of the cell that is refused."""
        found = []
        for name, kind in {**arguments(self.module), **ALWAYS}.items():
            value = self.config.get(name, 1)
            if not is_part(value):
                allowed = making.described(kind) or refusal(kind, value)
                if allowed is not None:
                    found.append(SettingError(name, value, allowed))
                continue
            try:
                made = part(name, value)
                facts_of(made)
            except SettingError as error:
                found.append(error)
                continue
            if kind is not Any and isinstance(kind, type) and not isinstance(made, kind):
                found.append(SettingError(name, value["_target_"], f"a {kind.__name__}"))
        return found

    def settings(self) -> dict[str, Json]:
        """One flat column per setting: `inputs`, `inputs.n`, ..., scalars as they are."""
        return flat(self.config, self.choices)

    def facts(self) -> dict[str, Json]:
        """One column per fact that a part declares of itself: `inputs:says`, `decoder:knows`, ...

        A part that does not say what it is, is called by its choice: `inputs mine`.
        """
        return {
            f"{group}:{name}": fact
            for group, config in self._groups()
            for name, fact in {"says": self._called(group), **facts_of(part(group, config))}.items()
            if fact
        }

    def _called(self, group: str) -> str:
        """The words for a part that has none of its own."""
        return f"{group} {self.choices[group]}" if group in self.choices else ""

    @property
    def words(self) -> str:
        """The settings in one line, as they would be typed."""
        return in_words(self.settings())

    @functools.cached_property
    def measures(self) -> dict[str, Measure]:
        """What is known of each metric, the facts of the cell's parts being what they are."""
        facts = self.facts()
        return {name: measure.given(facts) for name, measure in measures(self.module).items()}

    def measure(self) -> dict[str, dict[str, Json]]:
        """Run the trials of every repeat and summarise each metric.

        Raises whatever the trial raises, and what `summaries` does.
        """
        return self.summaries(self.rows())

    def rows(self) -> list[dict[str, np.ndarray]]:
        """What the trials of every repeat returned, as arrays. Raises whatever the trial raises."""
        trial = experiment(self.module).trial
        made = {name: self._argument(name, kind) for name, kind in arguments(self.module).items()}
        return [
            self.row(trial(**made, rng=Streams(self.config["seed"], repeat, self.science)))
            for repeat in range(self.config["repeats"])
        ]

    def exhibit(self) -> dict[str, Json]:
        """What the experiment shows of this cell beside its numbers, plain data of its `exhibit`, by that name."""
        made = getattr(experiment(self.module), "exhibit", None)
        if made is None:
            return {}
        hints = arguments(self.module)
        used = {name: self._argument(name, hints[name]) for name in inspect.signature(made).parameters}
        return {"exhibit": made(**used)}

    def row(self, found: object) -> dict[str, np.ndarray]:
        """What a trial returned, as arrays. Raises ValueError for what a trial must not return."""
        trials = self.config["trials"] if "trials" in arguments(self.module) else None
        columns = COLUMNS | self.settings().keys()
        return returned(f"{self.module}.trial", found, self.measures, trials, columns)

    def summaries(self, rows: list[dict[str, np.ndarray]]) -> dict[str, dict[str, Json]]:
        """The record of each metric of these rows, one a repeat.

        Raises ValueError or FloatingPointError for rows that cannot be summarised.
        """
        rates = [
            {name: values.dtype == np.bool_ for name, values in row.items() if name not in NO_METRICS}
            for row in rows
        ]
        if any(kinds != rates[0] for kinds in rates):
            raise ValueError(f"expected the same metrics of the same kind in every repeat, got {rates}")
        groups = labels(rows, any(map(lasting, self.facts())))
        positions = most_visible(rows)
        known = {name: measure.among(positions) for name, measure in self.measures.items()}
        with np.errstate(over="raise"):  # a mean beyond all floats is none
            return {
                name: summary(name, known.get(name, ANY), [row[name] for row in rows], groups)
                for name in rates[0]
            }

    def _argument(self, name: str, kind: Any) -> Any:
        """What the trial gets for one of its argument names: the part, or the plain value."""
        value = self.config[name]
        return part(name, value) if is_part(value) else declared(kind, value)
