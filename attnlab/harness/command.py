"""One command: its words become what it asks for, checked; free of the process it runs in."""

from __future__ import annotations

import dataclasses
import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from hydra import initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from attnlab.files import require_reachable, require_writable, somewhere
from attnlab.harness import own, store
from attnlab.harness.actions import ACTIONS
from attnlab.harness.cells import arguments, renew
from attnlab.harness.choices import every_setting
from attnlab.harness.configs import BASE, Configs, conf
from attnlab.harness.drawn import are_asked, require_drawable, require_named
from attnlab.harness.execution.base import Execution
from attnlab.harness.grid import REFERENCE, Plan, plans, study_name
from attnlab.harness.heeded import kind, require_heeded
from attnlab.harness.keys import as_typed
from attnlab.harness.launch import queued, stored
from attnlab.harness.making import part
from attnlab.harness.overrides import Command, parse
from attnlab.harness.store import Store
from attnlab.harness.sweeps import Sweep, asked_for, names, remembered
from attnlab.parts import SettingError, among, nearest, refusal

FLAGS = ("--config-dir", "--help", "--version", "--cfg", "--info", "--multirun")

log = logging.getLogger("attnlab")


@dataclass(frozen=True)
class Asked:
    """What a command asks for: how and where it runs is checked, its grid is planned by the actions that need it.

    words: the command line; folders: those of --config-dir; config: the launch settings; results: where everything
    is written, wherever a cell may go meanwhile.
    """

    words: tuple[str, ...]
    folders: tuple[str, ...]
    configs: Configs
    command: Command
    config: DictConfig
    results: Path
    execution: Execution

    @property
    def action(self) -> str:
        """What is to be done."""
        return str(self.config.action)

    @property
    def keep_trials(self) -> bool:
        """Whether the values of every trial are to be stored."""
        return bool(self.config.keep_trials)

    @property
    def study(self) -> str | None:
        """The study that is named, None if none is."""
        return None if self.config.study is None else study_name(str(self.config.study))

    @property
    def grid(self) -> bool:
        """Whether the words ask for a grid: an axis, a size, settings of the experiment."""
        return bool(self.command.axes) or any(kind(word) == "grid" for word in self.command.composed)

    @property
    def experiments(self) -> tuple[str, ...] | None:
        """The experiments that are named, None if none is."""
        named = any(word.startswith("experiment=") for word in self.words)
        return self.command.experiments if named else None

    def plans(self, experiments: Sequence[str] | None = None) -> list[Plan]:
        """Every study, expanded and checked; those of these experiments, if they are given.

        Raises SettingErrors, SettingError or Hydra's own errors for what is refused.
        """
        chosen = self.command.experiments if experiments is None else tuple(experiments)
        with reachable(self.folders), as_typed(self.words):
            made = plans(dataclasses.replace(self.command, experiments=chosen), self.configs)
            for plan in made if are_asked(self.words) else ():
                self._require_drawable(plan)
        return made

    def _require_drawable(self, plan: Plan) -> None:
        """Raise SettingErrors for figures that the cells of a plan cannot have."""
        sweep = asked_for(plan, self.words)
        cells = [{**cell.settings(), **cell.facts()} for cell in plan.cells]
        keys = [cell.key for cell in plan.cells]
        kept = Store(self.results / plan.name)
        require_drawable(plan.name, sweep.figures, sweep.module, cells, kept.records(keys).values())

    def require_figures(self, plans: Sequence[Plan]) -> None:
        """Raise SettingErrors for figures of experiments of the user's own that none of their grids can have.

        Nothing is asked of a study all of whose cells have a record: nothing runs, and what draws is not loaded.
        """
        for plan in () if are_asked(self.words) else plans:
            sweep = asked_for(plan, self.words)
            if not (self.configs.is_own("experiment", sweep.experiment) and sweep.module and sweep.figures):
                continue
            kept = Store(self.results / plan.name)
            if not all(kept.path(cell.key).exists() for cell in plan.cells):
                cells = [{**cell.settings(), **cell.facts()} for cell in plan.cells]
                others = every_setting(arguments(sweep.module), self.configs)
                require_named(plan.name, sweep.figures, sweep.module, sweep.experiment, cells, others)

    def sweeps(self) -> list[Sweep]:
        """The studies a look at the results is about: never one without records.

        Words that ask for a grid: that grid. Otherwise what each folder remembers: the study that is named, those
        of the experiments that are named, or all. None where nothing is stored at all; raises SettingError where
        something is, and nothing of what is named.
        """
        known = names(self.results)
        if known and self.study is not None and self.study not in known:
            here = among(self.study, known, f"a study with records in {self.results}")
            raise SettingError("study", self.study, here)
        found = self._sweeps(known) if known else []
        if known and not found:
            raise self._nothing_of(known)
        return found

    def _nothing_of(self, known: Sequence[str]) -> SettingError:
        """The refusal of words that mean nothing of what is stored."""
        if self.grid:
            words = [f"{axis.key}={axis.first}" for axis in self.command.axes]
            words += [word for word in self.command.composed if kind(word) == "grid"]
            key, _, value = words[0].partition("=")
            allowed = f"a grid of which cells are stored in {self.results}; action=plan says what would run"
            return SettingError(key, value, allowed)
        stored = dict.fromkeys(self.sweep(name).experiment for name in known)
        asked = ",".join(self.experiments or ())
        here = self.results if self.study is None else self.results / self.study
        return SettingError(
            "experiment", asked, among(asked, stored, f"an experiment with records in {here}")
        )

    def _sweeps(self, known: Sequence[str]) -> list[Sweep]:
        """What of the studies that have records is asked for."""
        if self.grid:
            alone = None if self.study is None else self.sweep(self.study)
            plans = self.plans(self.experiments or ([alone.experiment] if alone else None))
            there = stored(plans, self.results)
            held = queued(plans, self.results, there)
            return [
                asked_for(plan, self.words).with_records(there[plan.name], held[plan.name])
                for plan in plans
                if there[plan.name] or held[plan.name]
            ]
        folders = [name for name in known if self.study in (None, name)]
        sweeps = [self.sweep(name) for name in folders]
        sweeps = [
            sweep for sweep in sweeps if self.experiments is None or sweep.experiment in self.experiments
        ]
        for sweep in sweeps if are_asked(self.words) else ():
            records = [entry.record for entry in sweep.entries if entry.record is not None]
            cells = [
                {**entry.settings, **((entry.record or {}).get("facts") or {})} for entry in sweep.entries
            ]
            with as_typed(self.words):
                require_drawable(sweep.name, sweep.figures, sweep.module, cells, records)
        return sweeps

    def sweep(self, study: str) -> Sweep:
        """The grid that a study's folder remembers, with its records."""
        figures = [word for word in self.words if are_asked([word])]
        return remembered(self.results / study, self.experiment, figures)

    def experiment(self, name: str) -> DictConfig | None:
        """The composed config of an experiment, None if there is none of that name in reach, or a broken one."""
        with reachable(self.folders):
            if name not in self.configs.options("experiment"):
                return None
            try:
                return self.configs.compose(*self.command.composed, f"experiment={name}")
            except Exception as error:  # a yaml of the user's own may break in any way
                log.warning(
                    "experiment=%s cannot be composed (%s): what is remembered of it is shown", name, error
                )
                return None

    def require_writable(self, studies: Iterable[str]) -> None:
        """Raise SettingError if these studies cannot be written, or lie in the reference run."""
        place = self.results.parts
        if ("results", REFERENCE) in itertools.pairwise(place):
            raise SettingError(
                "results", str(self.results), "another folder: this one is made by `make reference` alone"
            )
        for study in studies:
            require_reachable("results", str(self.config.results), self.results / study / "cells")
            try:
                require_writable(self.results / study)
            except SettingError as error:
                raise SettingError("results", str(self.config.results), error.allowed) from error


def ask(words: Sequence[str]) -> Asked:
    """Parse a command line. Raises SettingError or Hydra's own errors for what is refused."""
    renew()
    store.renew()
    overrides, folders = split_arguments(words)
    configs = Configs(tuple(folders))
    configs.require_apart()
    with reachable(folders):
        command = parse(overrides, configs, ACTIONS)
        alone = (
            [f"experiment={name}" for name in command.experiments] if len(command.experiments) == 1 else []
        )
        config = configs.compose(*command.composed, *alone)
    for name, fits in (("action", Literal[ACTIONS]), ("results", str), ("keep_trials", bool)):
        allowed = refusal(fits, config[name])
        if allowed is not None:
            raise SettingError(name, config[name], allowed)
    if not config.results.strip():
        raise SettingError("results", config.results, "a folder (results=. is the one you are in)")
    if config.study is not None:
        study_name(str(config.study))
    require_heeded(config.action, overrides)
    results = _absolute("results", config.results)
    if results.is_file():
        raise SettingError("results", config.results, "a folder: this is a file")
    require_reachable("results", config.results, results)
    execution = part("exec", cast(dict[str, Any], OmegaConf.to_container(config.exec, resolve=True)))
    if not isinstance(execution, Execution):
        raise SettingError("exec._target_", config.exec._target_, "a way to run cells")
    return Asked(tuple(words), tuple(folders), configs, command, config, results, execution)


@contextmanager
def reachable(folders: Sequence[str]) -> Iterator[None]:
    """Hydra finds the configs, and Python the modules of the user's own folders (from then on)."""
    own.reach(folders)
    with somewhere(conf()), initialize_config_dir(str(conf()), job_name="attnlab", **BASE):
        yield


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Overrides and the folders of --config-dir; Hydra's --multirun is allowed and changes nothing."""
    overrides, folders, words = [], [], iter(arguments)
    for word in words:
        flag, given, value = word.partition("=")
        if flag in ("--config-dir", "-cd"):
            folders.append(_folder(value if given else next(words, "")))
        elif word in ("--multirun", "-m"):
            continue
        elif word.startswith("-"):
            close = nearest(word, FLAGS, 1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise SettingError(word, None, f"key=value or one of {', '.join(FLAGS)}{meant}")
        else:
            overrides.append(word)
    return overrides, folders


def _absolute(setting: str, text: str) -> Path:
    """A path that no change of the working directory moves. Raises SettingError if there is none to begin with."""
    try:
        return Path(text).expanduser().absolute()
    except FileNotFoundError as error:
        allowed = "an absolute path: the folder that this command was called from is gone"
        raise SettingError(setting, text, allowed) from error


def _folder(text: str) -> str:
    folder = _absolute("--config-dir", text)
    if not text or not folder.is_dir():
        raise SettingError("--config-dir", text, "a folder that exists")
    return str(folder)
