"""From a command to cells: Hydra composes, this module expands the grid.

The study is the union of its blocks (`attnlab.harness.blocks`). One compose per distinct choice of groups, then
leaves are set on plain dictionaries: 10,000 cells take about a second.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from omegaconf import DictConfig, ListConfig

from attnlab.harness.blocks import Block, Expansion, Written, chosen, told, written
from attnlab.harness.cells import Cell, arguments
from attnlab.harness.choices import Choices
from attnlab.harness.configs import Configs, leaves
from attnlab.harness.keys import in_file, require_keys
from attnlab.harness.overrides import FIGURES, LAUNCH, SHORT, Axis, Command
from attnlab.parts import SettingError, SettingErrors, among, nearest
from attnlab.tidy import BOOKKEEPING, TAIL

log = logging.getLogger("attnlab")


@dataclass(frozen=True)
class Plan:
    """One study: its composed config, its cells in the order of the grid, and the axes the command line set.

    left: what of the grid or of the command line is in no cell, or in some cells only, each with its reason.
    """

    name: str
    config: DictConfig
    cells: tuple[Cell, ...]
    blocks: tuple[Block, ...]
    left: tuple[str, ...]
    used: frozenset[str]
    problems: tuple[SettingError, ...]


def plans(command: Command, configs: Configs) -> list[Plan]:
    """Every study of a command, expanded and checked.

    Raises SettingErrors with every refused setting of every cell, and for a key that no cell of any study has.
    """
    drafts = list(_readable(command, configs))
    total = sum(draft.total for draft in drafts)
    if total > MOST_CELLS and not all(draft.base.force is True for draft in drafts):
        many = f"{total:,} cells of {', '.join(draft.study for draft in drafts)}"
        raise SettingError(
            "force", drafts[0].base.force, f"true for the {many}, or fewer than {MOST_CELLS:,}"
        )
    made = [draft.expanded() for draft in drafts]
    names = [plan.name for plan in made]
    unused = [axis for axis in command.axes if not any(axis.key in plan.used for plan in made)]
    problems = [_unknown(axis, made, configs) for axis in unused]
    problems += [
        SettingError("study", name, "one experiment; several cannot share a folder")
        for name in names
        if names.count(name) > 1
    ]
    problems += [problem for plan in made for problem in plan.problems]
    if problems:
        raise SettingErrors(problems)
    return made


MOST_CELLS = 100_000
"""Cells of a command that are planned without being asked twice."""
SPEAK = 2.0
"""Seconds between two words about a plan that takes long."""


@dataclass(frozen=True)
class _Draft:
    """One study whose cells are counted and not made yet."""

    study: str
    base: DictConfig
    blocks: tuple[Block, ...]
    left: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many cells it has, those that two blocks share counted twice."""
        return sum(block.count for block in self.blocks)

    def expanded(self) -> Plan:
        """The study with its cells, each checked."""
        cells: dict[str, Cell] = {}
        problems: list[SettingError] = []
        for cell in _told(self.study, (cell for block in self.blocks for cell in block.cells()), self.total):
            refused = cell.problems()
            problems += refused
            if not refused:
                cells.setdefault(cell.key, cell)
        used = frozenset[str]().union(*(block.used for block in self.blocks))
        left = dict.fromkeys(words for block in self.blocks for words in block.left)
        left |= dict.fromkeys(self.left)
        return Plan(
            self.study, self.base, tuple(cells.values()), self.blocks, tuple(left), used, tuple(problems)
        )


def _readable(command: Command, configs: Configs) -> Iterator[_Draft]:
    """The studies; of an unnamed many, those whose yaml can be read."""
    named = command.experiments != configs.options("experiment")
    for name in command.experiments:
        try:
            yield _draft(name, command, configs)
        except yaml.YAMLError as error:
            if named:
                raise
            log.warning("%s is left out: its yaml cannot be read\n%s", name, error)
        except (SettingError, SettingErrors) as error:
            raise in_file(error, command.composed, name) from error


def _draft(name: str, command: Command, configs: Configs) -> _Draft:
    composed = (*command.composed, f"experiment={name}")
    base = configs.compose(*composed)
    if not isinstance(base.experiment, DictConfig):
        raise SettingError("experiment", base.experiment, "module, title, grids and figures")
    require_keys(base)
    figures: Any = base.experiment.figures
    if not (isinstance(figures, ListConfig) and all(isinstance(figure, DictConfig) for figure in figures)):
        raise SettingError("experiment.figures", figures, FIGURES)
    module = base.experiment.module
    study = study_name(str(base.study or name))
    names = (*arguments(module), "seed", "repeats")
    _require_free(module, names)
    _require_kept(command, names)
    expansion = Expansion(study, Choices(module, composed, names, configs), command.axes)
    every = written(base, configs)
    groups = [axis for axis in command.axes if axis.group and axis.key in names]
    taken = chosen(every, groups, base.hydra.runtime.choices)
    found = tuple(map(expansion.block, taken))
    unused = (axis for axis in command.axes if axis.group and axis.key not in names)
    left = (
        *_without(every, taken, groups),
        *(f"{told(axis)}: no setting of this experiment" for axis in unused),
    )
    return _Draft(study, base, found, left)


def _without(every: Sequence[Written], taken: Sequence[Written], groups: Sequence[Axis]) -> Iterator[str]:
    """The blocks of the grid that the choices of the command line leave out, in words."""
    gone = [block.name for block in every if block.name not in {one.name for one in taken}]
    if gone:
        yield f"{'blocks' if len(gone) > 1 else 'block'} {', '.join(gone)}: not with {' '.join(map(told, groups))}"


def _require_free(module: str, names: Sequence[str]) -> None:
    """Raise SettingError for arguments of a trial that are called like a launch setting or a table's column."""
    taken = {*LAUNCH, *SHORT, "hydra"} | (BOOKKEEPING - set(TAIL))
    refused = [name for name in names if name in taken]
    if refused:
        which = ", ".join(f"`{name}`" for name in refused)
        allowed = (
            f"a trial without arguments named {which}: the table of results and the command line use the name"
        )
        raise SettingError("experiment.module", module, f"{allowed} for something else")


def _require_kept(command: Command, names: Sequence[str]) -> None:
    """Raise SettingError for a deletion of what a trial uses."""
    for word in command.composed:
        key = word.removeprefix("~").partition("=")[0]
        if word.startswith("~") and key in names:
            raise SettingError(f"~{key}", None, f"{key} to stay, which the trial uses; {key}=... replaces it")


def _told(study: str, cells: Iterator[Cell], total: int) -> Iterator[Cell]:
    """Pass the cells on; say how far planning is, if it takes long."""
    spoke = time.monotonic()
    for done, cell in enumerate(cells):
        if time.monotonic() - spoke >= SPEAK:
            spoke = time.monotonic()
            log.info("planning %s: %s of %s cells", study, f"{done:,}", f"{total:,}")
        yield cell


REFERENCE = "reference"
"""The folder of the committed reference run, which `make reference` makes and nothing else."""
COMPARISONS = "compare"
"""The folder of the pages of action=compare."""
TAKEN = {
    REFERENCE: "is made by `make reference` alone",
    COMPARISONS: "holds what action=compare makes",
    **dict.fromkeys(("index.html", "index.md"), "lists all studies"),
}
LONGEST = 120
"""Bytes of a study's name: the folder of a comparison, whose name may have 255, has two of them in its."""


def study_name(study: str) -> str:
    """The name of a study, which is that of its folder in the results. Raises SettingError if it cannot be."""
    if not study.strip():
        raise SettingError("study", study, "a name (study=null is the experiment's own)")
    if len(study.encode()) > LONGEST:
        raise SettingError("study", study, f"a name of at most {LONGEST} bytes, got {len(study.encode())}")
    if "/" in study or study.startswith("."):
        raise SettingError("study", study, "the name of a folder: no slash, no leading dot")
    if study in TAKEN:
        raise SettingError("study", study, f"another name: results/{study} {TAKEN[study]}")
    return study


def _unknown(axis: Axis, made: Sequence[Plan], configs: Configs) -> SettingError:
    """The refusal of a key that no cell has, with the settings that are nearest to it."""
    key, value = axis.key, axis.values[0]
    group, dot, _ = key.partition(".")
    used = sorted({name for plan in made for cell in plan.cells[:1] for name in cell.settings()})
    tops = [name for name in used if "." not in name]
    others = configs.settings(group) if dot else {}
    if group not in tops and (group in configs.groups() or key in _leaves(made)):
        which = f", which uses {', '.join(tops)}" if tops else ""  # nothing, where every cell is refused
        return SettingError(key, value, f"a setting of this run{which}")
    if not others:
        close = nearest(key, [*used, *LAUNCH]) or nearest(key, _settings(made))
        uses = f"; it uses {', '.join(tops)}" if tops else ""
        asked = f"; did you mean {' or '.join(close)}?" if close else uses
        return SettingError(key, value, f"a setting of this run{asked}")
    ours = [name for name in used if name.startswith(f"{group}.")]
    elsewhere = [f"{group}.{leaf} ({name})" for name, found in others.items() for leaf in found]
    elsewhere = [place for place in elsewhere if place.partition(" ")[0] not in ours]
    allowed = among(key, ours, f"a setting of this run's {group}")
    if elsewhere:
        allowed += f"\nother choices of {group} have {', '.join(elsewhere)}"
    return SettingError(key, value, allowed)


def _settings(made: Sequence[Plan]) -> list[str]:
    """`group.leaf` for the groups of the composed configs, whether they are used or not."""
    return [leaf for plan in made for top in sorted(_leaves(made)) for leaf in leaves(plan.config, top)]


def _leaves(made: Sequence[Plan]) -> set[str]:
    """The top-level settings of the composed configs that say what is measured."""
    return {str(name) for plan in made for name in plan.config} - {"hydra", *LAUNCH}
