"""Tables of small grids that no study ships, made in this process as a command would make them."""

from __future__ import annotations

import functools
from typing import Any

import pandas as pd

from attnlab.harness.command import ask
from attnlab.harness.table import Entry, as_read, tidy
from attnlab.parts import Declined
from attnlab.shapes import GROUP

FEW = ("trials=10", "repeats=1")


@functools.cache
def table_of(*words: str, few: tuple[str, ...] = FEW) -> pd.DataFrame:
    """The table that a command with these words would write to results.csv."""
    (plan,) = ask([*words, *few, "exec=serial"]).plans()
    entries = [Entry(cell.key, cell.settings(), _record(cell)) for cell in plan.cells]
    return as_read(tidy("small", entries))


def _record(cell: Any) -> dict[str, Any]:
    facts = cell.facts()
    try:
        return {"status": "done", "facts": facts, "metrics": cell.measure()}
    except Declined as reason:
        told = {name: value for name, value in reason.measured.items() if name != GROUP}
        metrics = {name: {"value": float(value.mean())} for name, value in told.items()}
        return {"status": "skipped", "reason": str(reason), "facts": facts, "metrics": metrics}
