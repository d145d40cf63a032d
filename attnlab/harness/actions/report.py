"""Report: the pages again, from the records there are; nothing is measured."""

from __future__ import annotations

from attnlab.harness import launch
from attnlab.harness.command import Asked
from attnlab.parts import SettingError

HEEDS = ("experiment", "study", "figures")


def act(asked: Asked) -> int:
    """Tabulate and publish each study's grid as it was last asked for, with other figures if some are asked for.

    What is remembered of a study (`grid.json`) stays: a run alone changes it.
    """
    sweeps = asked.sweeps()
    if not sweeps:
        raise SettingError("results", str(asked.results), "a folder with studies: this one holds no record")
    asked.require_writable(sweep.name for sweep in sweeps)
    from attnlab.harness.publish import publish, tabulate
    from attnlab.harness.terminal import tell

    tables = tabulate(sweeps, asked.results)
    pages = publish(sweeps, tables, asked.results)
    tell(pages, asked.results)
    return max(launch.exit_code(page.study.counts) for page in pages)
