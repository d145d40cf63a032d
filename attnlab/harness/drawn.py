"""Figures that a command asks for: refused before anything runs where they name what the cells do not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attnlab.harness.cells import measures
from attnlab.harness.keys import own_key
from attnlab.harness.overrides import SHORT
from attnlab.parts import SettingErrors, among
from attnlab.verdicts.pooling import KEPT, LOST

FIGURE = SHORT["figures"] + "[{place}]."
"""Begins the key of what a figure of an experiment has."""


def are_asked(words: Iterable[str]) -> bool:
    """Whether the words of a command line ask for figures of their own."""
    return any(word.lstrip("+").partition("=")[0] in ("figures", SHORT["figures"]) for word in words)


def require_drawable(
    study: str,
    specs: Sequence[Mapping[str, Any]],
    module: str | None,
    cells: Sequence[Mapping[str, Any]],
    records: Iterable[Mapping[str, Any]],
) -> None:
    """Raise SettingErrors for kinds, keys, columns and metrics that the figures of a study cannot have.

    cells: the columns of each, settings and facts; records: what is stored of them. Metrics are those that the
    experiment declares or a record has; where there are none yet, any name will do.
    """
    from attnlab.report.asked import columns_of, refused  # draws: imported where figures are asked for

    problems = refused(specs, columns_of(cells), _known(module, records) or None, study, FIGURE)
    if problems:
        raise SettingErrors(problems)


def require_named(
    study: str,
    specs: Sequence[Mapping[str, Any]],
    module: str,
    experiment: str,
    cells: Sequence[Mapping[str, Any]],
    others: Iterable[str],
) -> None:
    """Raise SettingErrors for kinds, keys, settings and metrics that no grid of an experiment of one's own has.

    Its yaml is read for a part of its grid as well: settings of other choices (others) and levels may be missing
    from these cells. Metrics are those that the experiment declares; where it declares none, `unmeasured` tells.
    """
    from attnlab.report.asked import columns_of, refused

    known = _known(module, ()) or None
    problems = refused(specs, columns_of(cells), known, study, FIGURE, set(others))
    if problems:
        raise SettingErrors([own_key(problem, experiment) for problem in problems])


def unmeasured(
    drawn: Mapping[str, Sequence[str]], module: str | None, records: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    """What is wrong with each metric that figures draw and the experiment, now that cells are done, does not have.

    drawn: the metrics of each figure, by its name.
    """
    done = [record for record in records if record["status"] == "done"]
    known = sorted(_known(module, done)) if done else []
    for figure, metrics in drawn.items() if known else ():
        for metric in metrics:
            if metric not in known:
                here = among(metric, known, "a metric of the experiment")
                yield f"figure {figure}: {metric}: expected {here}"


def _known(module: str | None, records: Iterable[Mapping[str, Any]]) -> set[str]:
    """The metrics that an experiment declares or a record has, and those that stand for a pair of them."""
    known = {metric for record in records for metric in record.get("metrics") or {}}
    known |= set(measures(module)) if module is not None else set()
    halves = (metric.removesuffix(KEPT) for metric in known if metric.endswith(KEPT))
    return known | {metric for metric in halves if metric + LOST in known}
