"""What is said while cells run: how far they are, and each failure, until there are many of one kind."""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator

from tqdm import tqdm

from attnlab.harness.execution.base import Outcome
from attnlab.harness.store import Store
from attnlab.report.words import counted

log = logging.getLogger("attnlab")
BAD = ("failed", "timeout", "missing")
MOST_TOLD = 10
"""Failures of one kind that are printed; further ones are counted. The log of the run has them all."""
QUIET = 30.0
"""Seconds between two lines of progress where there is no terminal."""


def shown(outcomes: Iterator[Outcome], total: int) -> Generator[Outcome, None, None]:
    """Pass the outcomes on, showing progress and failures at once."""
    terminal = sys.stderr.isatty()
    bar = tqdm(total=total, unit="cell", disable=not terminal or total == 0, smoothing=0.1)
    spoke = first = time.monotonic()
    bad: Counter[str] = Counter()
    lacking: set[str | None] = set()
    with bar:
        for done, outcome in enumerate(outcomes, start=1):
            if outcome.status == "unavailable" and outcome.reason not in lacking:
                lacking.add(outcome.reason)
                with bar.external_write_mode(file=sys.stderr):
                    log.warning("unavailable: %s", outcome.reason)
            if outcome.status in BAD:
                kind = _kind(outcome)
                bad[kind] += 1
                with bar.external_write_mode(file=sys.stderr):
                    _tell(outcome, kind, bad[kind])
            bar.update()
            bar.set_postfix_str(f"{bad.total()} failed" if bad else "", refresh=False)
            now = time.monotonic()
            first = now if done == 1 else first
            if not terminal and now - spoke >= QUIET:
                spoke = now
                left = _left(now - first, done - 1, total - done)
                log.info("%d of %s, %d failed%s", done, counted(total, "cell"), bad.total(), left)
            yield outcome
    for kind, count in bad.items():
        if count > MOST_TOLD:
            log.error("%s: %s in all, the first %d of them above", kind, counted(count, "cell"), MOST_TOLD)


def _left(seconds: float, done: int, more: int) -> str:
    """How long more cells take, by those that came in so many seconds after the first; nothing by too little.

    The first may have waited a minute for kernels: as if each did, a study of a hundred would take hours.
    """
    return f", about {seconds / done * more:.0f} s left" if done and seconds >= QUIET else ""


def _kind(outcome: Outcome) -> str:
    """What failures have in common that are told together: the status, and the name of the error."""
    name = (outcome.reason or "").partition(":")[0].split()
    return f"{outcome.status}, {name[0]}" if outcome.status == "failed" and len(name) == 1 else outcome.status


def _tell(outcome: Outcome, kind: str, times: int) -> None:
    """Print a failure, or count it: from then on the log of the run alone has it."""
    level = logging.ERROR if times <= MOST_TOLD else logging.DEBUG
    cell = outcome.task.cell
    log.log(level, "%s: %s %s", outcome.status, cell.study, cell.words)
    log.log(level, "  %s", outcome.reason)
    log.log(level, "  %s", Store(outcome.task.folder).path(cell.key))
    log.debug("%s", outcome.traceback or "")
    if times == MOST_TOLD:
        log.error("%s: further ones are counted, and told in the log of the run alone", kind)
