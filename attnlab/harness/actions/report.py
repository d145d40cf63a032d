"""Report: the pages again, from the records there are."""

from __future__ import annotations

from attnlab.harness import launch
from attnlab.harness.command import Asked


def act(asked: Asked) -> int:
    """Tabulate and publish what is stored of the planned cells; nothing is measured."""
    plans = asked.plans()
    records = launch.stored(plans, asked.results)
    from attnlab.harness.publish import publish, tabulate

    tables = tabulate(plans, records, asked.results)
    return publish(plans, records, tables, asked.results, asked.words)
