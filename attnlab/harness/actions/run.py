"""Run: the main path, from what is asked for to pages."""

from __future__ import annotations

from attnlab.harness import launch
from attnlab.harness.command import Asked
from attnlab.harness.sweeps import asked_for, remember


def act(asked: Asked) -> int:
    """Plan the cells, measure those that have no record yet, tabulate all of them, publish the pages."""
    plans = asked.plans()
    asked.require_writable(plan.name for plan in plans)
    sweeps = [remember(asked.results, asked_for(plan, asked.words)) for plan in plans]
    records = launch.run(plans, asked.results, asked.execution, asked.folders, asked.words)
    sweeps = [sweep.with_records(records[sweep.name]) for sweep in sweeps]
    from attnlab.harness.publish import publish, tabulate  # draw: imported when there is something to draw
    from attnlab.harness.terminal import tell

    tables = tabulate(sweeps, asked.results)
    pages = publish(sweeps, tables, asked.results)
    tell(pages, asked.results)
    return max(launch.exit_code(page.study.counts) for page in pages)
