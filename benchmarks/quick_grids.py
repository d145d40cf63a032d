"""What the quick grids of the Q3 studies cost: CPU seconds of their cells, one process, pages not counted.

On one thread, as the command `attnlab` runs: others would spin while they wait. One repeat of every cell is
measured and told for all repeats of the grid. What is compiled once on a machine is compiled before. Exits with
1 if a study costs more than was promised.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import dataclasses
import sys
import time

from ledger import Ledger, say

from attnlab.harness.command import ask

PROMISES = {"alignment": 55.0, "four_questions": 45.0}
DEAR = 1.0
"""CPU seconds from which a cell is named."""


def cost(study: str) -> float:
    """CPU seconds of all cells of a study."""
    (plan,) = ask([f"experiment={study}"]).plans()
    total = 0.0
    for compiled in (False, True):
        for cell in plan.cells:
            config = {**cell.config, "repeats": 1, **({} if compiled else {"trials": 4})}
            before = time.process_time()
            dataclasses.replace(cell, config=config).measure()
            took = (time.process_time() - before) * cell.config["repeats"]
            total += took if compiled else 0.0
            if compiled and took > DEAR:
                say(f"  {took:.1f} s: {cell.words}")
    return total


def main() -> int:
    """Measure; returns the exit code."""
    ledger = Ledger("quick_grids")
    for study, bound in PROMISES.items():
        ledger.at_most(f"{study}, CPU seconds", cost(study), bound)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
