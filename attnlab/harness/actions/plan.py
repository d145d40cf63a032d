"""Plan: what would run, and about how long it would take; writes nothing."""

from __future__ import annotations

import itertools
from statistics import fmean

from attnlab.harness import launch
from attnlab.harness.alike import alike
from attnlab.harness.blocks import told
from attnlab.harness.command import Asked
from attnlab.harness.grid import Plan
from attnlab.harness.room import require_room
from attnlab.harness.store import Store, counts
from attnlab.harness.terminal import progress
from attnlab.report.words import counted
from attnlab.tidy import FINAL

TIMED = 300
"""Stored cells of a study that tell how long one takes."""

HEEDS = ("experiment", "study", "grid", "figures", "exec", "keep_trials", "force")


def act(asked: Asked) -> int:
    """Print how many cells of each study have which status and would run, then its blocks, axes and ends."""
    plans = asked.plans()
    asked.require_figures(plans)
    launch.require_own(plans, asked.results)
    require_room(plans, asked.results, asked.execution)
    known = launch.stored(plans, asked.results, asked.keep_trials)
    jobs = launch.queued(plans, asked.results, known)
    tallies = {
        plan.name: counts(launch.statuses(plan.cells, known[plan.name], jobs[plan.name])) for plan in plans
    }
    print(
        progress(tallies, {name: Store(asked.results / name).count() - len(known[name]) for name in tallies})
    )
    for plan in plans:
        left = len(plan.cells) - sum(tallies[plan.name][status] for status in (*FINAL, "queued"))
        print(f"\n{plan.name}: {counted(len(plan.cells), 'cell')} in {counted(len(plan.blocks), 'block')}")
        for block in plan.blocks:
            for count, axes in block.products():
                print(f"  {block.name}: {count} = {' x '.join(map(told, axes)) or 'one setting'}")
        shared = sum(block.count for block in plan.blocks) - len(plan.cells)
        if shared:
            print(f"  {counted(shared, 'cell')} more than once: asked for by several blocks, or twice")
        for words in plan.left:
            print(f"  left out: {words}")
        for words in alike(plan.cells, plan.config.experiment.figures):
            print(f"  alike: {words}")
        ends = dict.fromkeys(cell.words for cell in (plan.cells[:1] + plan.cells[-1:]))
        for name, words in zip(("first", "last"), ends, strict=False):
            print(f"  {name}: {words}")
        print(f"  {_time(plan, left, asked.execution.at_once, Store(asked.results / plan.name))}")
    return 0


def _time(plan: Plan, left: int, workers: int | None, store: Store) -> str:
    """How long the cells that would run take, by those that are stored under the study's name."""
    if not left:
        return "nothing to run"
    stored = itertools.islice(store.all(), TIMED)
    took = [float(record["duration"]) for record in stored if record["status"] == "done"]
    if not took:
        return f"{left} to run; no cell of {plan.name} is stored that would tell how long one takes"
    seconds = fmean(took) * left / min(workers or 1, left)
    told = f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"
    going_by = counted(len(took), "stored cell")
    on = counted(workers, "worker") if workers else "one worker (the cluster decides how many there are)"
    return f"{left:,} to run, about {told} on {on}, going by {going_by}"
