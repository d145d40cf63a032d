"""Report: the pages again, from the records there are; nothing is measured."""

from __future__ import annotations

from attnlab.harness import launch
from attnlab.harness.command import Asked
from attnlab.harness.drawn import are_asked
from attnlab.harness.sweeps import remember
from attnlab.parts import SettingError


def act(asked: Asked) -> int:
    """Tabulate and publish each study's grid as it was last asked for, or the grid that is asked for now."""
    sweeps = asked.sweeps()
    if not sweeps:
        raise SettingError("action", "report", f"something to report: {asked.results} holds no record of it")
    asked.require_writable(sweep.name for sweep in sweeps)
    if asked.grid or are_asked(asked.words):
        sweeps = [remember(asked.results, sweep) for sweep in sweeps]
    from attnlab.harness.publish import publish, tabulate
    from attnlab.harness.terminal import tell

    tables = tabulate(sweeps, asked.results)
    pages = publish(sweeps, tables, asked.results)
    tell(pages, asked.results)
    return max(launch.exit_code(page.study.counts) for page in pages)
