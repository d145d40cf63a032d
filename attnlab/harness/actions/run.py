"""Run: the main path, from what is asked for to pages."""

from __future__ import annotations

from attnlab.harness import launch
from attnlab.harness.command import Asked


def act(asked: Asked) -> int:
    """Plan the cells, measure those that have no record yet, tabulate all of them, publish the pages."""
    plans = asked.plans()
    records = launch.run(plans, asked.results, asked.execution, asked.folders, asked.words)
    from attnlab.harness.publish import publish, tabulate  # draw: imported when there is something to draw

    tables = tabulate(plans, records, asked.results)
    return publish(plans, records, tables, asked.results, asked.words)
