"""Plan: what would run; writes nothing."""

from __future__ import annotations

from attnlab.harness import launch
from attnlab.harness.command import Asked
from attnlab.harness.store import Store, counts
from attnlab.harness.terminal import progress


def act(asked: Asked) -> int:
    """Print, study by study, how many cells have which status and how many would run."""
    plans = asked.plans()
    known = launch.stored(plans, asked.results)
    tallies = {plan.name: counts(launch.statuses(plan.cells, known[plan.name])) for plan in plans}
    print(progress(tallies, {name: Store(asked.results / name).count() for name in tallies}))
    return 0
