"""Cells that no memory here can hold: refused before anything runs, with the number that is too large."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attnlab.harness import source
from attnlab.harness.cells import Cell, arguments, experiment
from attnlab.harness.execution.base import Execution
from attnlab.harness.grid import Plan
from attnlab.harness.making import is_part, part
from attnlab.harness.store import Store
from attnlab.inputs.base import Inputs
from attnlab.parts import SettingError, SettingErrors
from attnlab.tidy import FINAL

ADDRESSES = 2**47
"""Bytes that a process can have at all: what is certain of machines that are not this one."""
RECORD = 64
"""Bytes that what a repeat returned takes beside one byte for every trial: an empty dict is as large."""
SIZES = ("n", "d", "e", "m")
"""Settings of inputs that are lengths of arrays."""


def require_room(plans: Sequence[Plan], results: Path, execution: Execution) -> None:
    """Raise SettingErrors for cells to be run that take more than all memory of this machine, or of any.

    What a cell takes at least is what its inputs say they do, and what its trials return; where nothing is said,
    nothing is refused.
    """
    memory = ADDRESSES if execution.at_once is None else total_memory()
    worst: dict[tuple[str, object], tuple[int, SettingError]] = {}
    for fits, problem in _too_large(plans, results, memory):
        named = problem.setting, problem.value
        if named not in worst or fits < worst[named][0]:
            worst[named] = fits, problem
    if worst:
        raise SettingErrors([problem for _, problem in worst.values()])


def total_memory() -> int:
    """The bytes of memory and swap of this machine; where they are not told, all that a process can address."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        told = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
        return 1024 * (told["MemTotal"] + told["SwapTotal"])
    except (OSError, KeyError, ValueError, IndexError):
        return ADDRESSES


def _too_large(plans: Sequence[Plan], results: Path, memory: int) -> Iterator[tuple[int, SettingError]]:
    for plan in plans:
        large = [cell for cell in plan.cells if least_bytes(cell.module, cell.config) > memory]
        stored = Store(results / plan.name).records(cell.key for cell in large) if large else {}
        for cell in large:
            if cell.key not in stored or stored[cell.key]["status"] not in FINAL:
                yield _refusal(cell, memory)


def least_bytes(module: str, config: Mapping[str, Any]) -> int:
    """What a cell surely allocates at one time: its inputs, or what its trials have returned."""
    trials = int(config["trials"]) if "trials" in arguments(module) else 0
    return max(int(config.get("repeats", 1)) * (trials + RECORD), _of_inputs(module, config, trials))


def _of_inputs(module: str, config: Mapping[str, Any], trials: int) -> int:
    """What its inputs take; an experiment of the user's own may draw them in any way, or not at all."""
    described: Any = config.get("inputs")
    if not is_part(described) or source.code(experiment(module)) is not None:
        return 0
    made: Any = part("inputs", described)
    kind = type(made)
    says = "least_bytes" in vars(kind) or source.code_of(kind) is None
    return int(made.least_bytes(trials)) if isinstance(made, Inputs) and says else 0


def _refusal(cell: Cell, memory: int) -> tuple[int, SettingError]:
    """The largest number that would fit in the place of its largest, and the refusal of that."""
    numbers = {name: cell.config[name] for name in ("trials", "repeats") if name in cell.config}
    described: Any = cell.config.get("inputs")
    if is_part(described):
        numbers |= {f"inputs.{name}": described[name] for name in SIZES if name in described}
    key = max(numbers, key=lambda name: numbers[name])
    least = _told(least_bytes(cell.module, cell.config))
    fits = _fitting(cell.module, json.dumps(cell.config), key, int(numbers[key]), memory)
    where = "no process can have" if memory == ADDRESSES else "this machine has"
    lead = f"at most {fits:,}" if fits else "smaller numbers here and beside it"
    allowed = f"{lead}: a cell takes at least {least} of memory, and {where} {_told(memory)}"
    return fits, SettingError(key, numbers[key], allowed + " in all" * (memory != ADDRESSES))


@functools.lru_cache(maxsize=64)
def _fitting(module: str, frozen: str, key: str, value: int, memory: int) -> int:
    """The largest value of a number that could fit, to two digits, downwards; 0 where none does."""
    low, high = 0, value
    while high - low > 1:  # ends: the gap halves
        middle = (low + high) // 2
        config = json.loads(frozen)
        group, dot, _ = key.partition(".")
        settings = config[group] if dot else config
        names = [name for name in SIZES if settings.get(name) == value] if dot else [key]
        settings.update(dict.fromkeys(names, middle))  # e that is set to d follows it
        low, high = (middle, high) if least_bytes(module, config) <= memory else (low, middle)
    step = 10 ** max(0, int(math.log10(low)) - 1) if low else 1
    return low // step * step


def _told(size: float) -> str:
    """Bytes in words: `5.1 TB`."""
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if size < 1000:
            break
        size /= 1000 if unit != "PB" else 1
    return f"{size:,.3g} {unit}"
