"""Cells one after another in this process: for debuggers and very small studies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attnlab.harness.execution.base import Execution, Outcome, Task, perform


@dataclass(frozen=True)
class Serial(Execution):
    """No processes: breakpoints work. A cell that kills its process kills the run (its cell runs next time)."""

    def __call__(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        return (perform(task, self.timeout) for task in tasks)
