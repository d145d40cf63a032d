"""Run: the main path, from what is asked for to pages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attnlab.harness import launch
from attnlab.harness.alike import alike
from attnlab.harness.command import Asked
from attnlab.harness.drawn import unmeasured
from attnlab.harness.room import require_room
from attnlab.harness.sweeps import Sweep, asked_for, remember, remember_again
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
    asked.require_figures(plans)
    launch.require_own(plans, asked.results)
    require_room(plans, asked.results, asked.execution)
    asked.execution.require_ready()
    asked.require_writable(plan.name for plan in plans)
    for plan in plans:
        for words in plan.left:
            log.info("%s: left out: %s", plan.name, words)
        for words in alike(plan.cells, plan.config.experiment.figures):
            log.info("%s: alike: %s", plan.name, words)
    sweeps = [remember(asked.results, asked_for(plan, asked.words)) for plan in plans]
    where = (asked.results, asked.execution, asked.folders)
    records, jobs = launch.run(plans, *where, asked.words, asked.keep_trials, _first_cells(sweeps))
    sweeps = [sweep.with_records(records[sweep.name], jobs[sweep.name]) for sweep in sweeps]
    for sweep in sweeps:
        remember_again(asked.results, sweep)
        for words in _undrawn(sweep, records[sweep.name].values()):
            log.warning("%s: not drawn: %s", sweep.name, words)
    from attnlab.harness.publish import publish, tabulate  # draw: imported when there is something to draw

    tables = tabulate(sweeps, asked.results)
    return publish(sweeps, tables, asked.results)


def _undrawn(sweep: Sweep, records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A sentence for each metric that the sweep's figures draw and these records do not have."""
    drawn = {str(spec.get("name", "")): main_metrics([spec]) for spec in sweep.figures}
    return unmeasured(drawn, sweep.module, records)


def _first_cells(sweeps: Sequence[Sweep]) -> Callable[[str, Mapping[str, Any]], None]:
    """Says of each study, once its first cell is done and others are to come, what its figures will not find."""
    waiting = {sweep.name: sweep for sweep in sweeps}

    def hear(study: str, record: Mapping[str, Any]) -> None:
        if record["status"] == "done" and study in waiting:
            for words in _undrawn(waiting.pop(study), [record]):
                log.warning("%s: not in the first cell: %s", study, words)
                log.warning(
                    "  what is measured stays; action=report draws the figure once its name is mended"
                )

    return hear
