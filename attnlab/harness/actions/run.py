"""Run: the main path, from what is asked for to pages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from attnlab.harness import launch
from attnlab.harness.command import Asked
from attnlab.harness.drawn import unmeasured
from attnlab.harness.sweeps import asked_for, remember
from attnlab.harness.terminal import main_metrics

if TYPE_CHECKING:
    from attnlab.harness.publish import Page

HEEDS = ("experiment", "study", "grid", "figures", "exec", "keep_trials", "force")
log = logging.getLogger("attnlab")


def act(asked: Asked) -> int:
    """Plan the cells, measure those that have no record yet, tabulate all of them, publish the pages."""
    pages = published(asked)
    from attnlab.harness.terminal import tell

    tell(pages, asked.results)
    return max(launch.exit_code(page.study.counts) for page in pages)


def published(asked: Asked) -> list[Page]:
    """The pages of every study that is asked for, each of its cells measured; nothing is printed."""
    plans = asked.plans()
    launch.require_own(plans, asked.results)
    asked.execution.require_ready()
    asked.require_writable(plan.name for plan in plans)
    for plan in plans:
        for words in plan.left:
            log.info("%s: left out: %s", plan.name, words)
    sweeps = [remember(asked.results, asked_for(plan, asked.words)) for plan in plans]
    records, jobs = launch.run(
        plans, asked.results, asked.execution, asked.folders, asked.words, asked.keep_trials
    )
    sweeps = [sweep.with_records(records[sweep.name], jobs[sweep.name]) for sweep in sweeps]
    for sweep in sweeps:
        drawn = {str(spec.get("name", "")): main_metrics([spec]) for spec in sweep.figures}
        for words in unmeasured(drawn, sweep.module, records[sweep.name].values()):
            log.warning("%s: %s", sweep.name, words)
    from attnlab.harness.publish import publish, tabulate  # draw: imported when there is something to draw

    tables = tabulate(sweeps, asked.results)
    return publish(sweeps, tables, asked.results)
