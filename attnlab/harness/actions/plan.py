"""Plan: what would run; writes nothing."""

from __future__ import annotations

from attnlab.harness import launch
from attnlab.harness.command import Asked
from attnlab.harness.store import FINAL, Store, counts
from attnlab.tidy import STATUSES


def act(asked: Asked) -> int:
    """Print, study by study, how many cells have which status and how many would run."""
    plans = asked.plans()
    stored = launch.stored(plans, asked.results)
    print(f"{'study':<18}" + "".join(f"{name:>12}" for name in ("cells", *STATUSES, "to run", "others")))
    total = {"cells": 0, "to run": 0}
    for plan in plans:
        tally = counts(launch.statuses(plan.cells, stored[plan.name]))
        waiting = len(plan.cells) - sum(tally[status] for status in FINAL)
        others = Store(asked.results / plan.name).count() - (len(plan.cells) - tally["missing"])
        numbers = (len(plan.cells), *(tally[status] for status in STATUSES), waiting, others)
        print(f"{plan.name:<18}" + "".join(f"{number:>12}" for number in numbers))
        total["cells"] += len(plan.cells)
        total["to run"] += waiting
    print(f"{total['cells']} cells in all, {total['to run']} to run; `others` are records of other grids")
    return 0
