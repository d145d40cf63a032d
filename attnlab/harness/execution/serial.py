"""Cells one after another in this process: for debuggers and very small studies."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from attnlab import interruption
from attnlab.harness.execution.base import Execution, Outcome, Task, perform

log = logging.getLogger("attnlab")


@dataclass(frozen=True)
class Serial(Execution):
    """No processes: breakpoints work. A cell that kills its process kills the run (its cell runs next time).

    Nobody is there to end a cell from outside: a timeout reaches one that is in Python code, not one inside
    compiled code or one that keeps even signals to itself.
    """

    def __call__(self, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        if self.timeout is not None and tasks:
            log.info(
                "exec=serial: a timeout ends no cell that is inside compiled code; exec=local ends every one"
            )
        with interruption.noted():
            for task in tasks:
                yield perform(task, self.timeout)
