"""The tidy table's own columns and the statuses of a cell: each listed here and nowhere else.

The table is long: one row per cell and metric. Between HEAD and TAIL stands one column per setting (`inputs`,
`inputs.n`, `weights.temperature` ...) and, with a colon, what a part declares of itself (`inputs:says`).
"""

from __future__ import annotations

from typing import Literal, get_args

import pandas as pd

HEAD = ("study", "key", "status", "reason")
TAIL = ("trials", "repeats", "seed")
METRIC = "metric"
MEASURED = (METRIC, "kind", "value", "low", "high", "count", "effective", "nonfinite")
"""kind is rate or mean; count is trials with a finite value, effective what they are worth if independent."""
OF_TRIALS = ("repeat", "trial")
"""The columns that tell the rows of a cell apart in a table of trials."""
FEW_VISIBLE = "few_visible"
"""The metric that says in how many trials of a cell at most d + 1 positions are visible."""
FULL_SUPPORT = "full_support"
"""The metric that says in how many trials every visible position has weight, underflow counted as none."""
OF_KEYS = "of_keys"
"""The metric that says in how many trials the weights are a softmax of the keys: some query gives them."""
Q3_LOST = "q3_lost"
"""The metric that says in how many trials other softmax weights certainly have the output."""
BOOKKEEPING = frozenset({*HEAD, *TAIL, *MEASURED})
"""The columns that are neither settings nor facts."""

Status = Literal["done", "failed", "skipped", "unavailable", "timeout", "queued", "missing"]
Unit = Literal["trial", "row"]
STATUSES: tuple[Status, ...] = get_args(Status)
USUAL: tuple[Status, ...] = ("done", "failed", "skipped", "missing")
"""The statuses a page names even where there are none of them."""
FINAL: tuple[Status, ...] = ("done", "skipped")
"""The statuses of cells that do not run again."""

LASTING = "lasting"
"""The fact of inputs whose groups are the same in every repeat and at every seed: rows of a file, not draws."""


def lasting(column: str) -> bool:
    """Whether a column holds that fact of some part."""
    return column.endswith(f":{LASTING}")


def unit_of(table: pd.DataFrame) -> Unit:
    """What the counts of these rows count: trials; or rows of a file, where every one of them counts once."""
    facts = [column for column in map(str, table.columns) if lasting(column)]
    drawn = "trials" not in table or bool(table["trials"].notna().any())
    outside = bool(facts) and bool(table[facts].isin([True, "True"]).any(axis=1).all())
    return "row" if len(table) and outside and not drawn else "trial"


def settings_of(table: pd.DataFrame) -> list[str]:
    """The columns that are settings, in the table's order."""
    return [column for column in map(str, table.columns) if column not in BOOKKEEPING and ":" not in column]


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """The table with all its own columns, even when no cell is there yet."""
    absent = [column for column in (*HEAD, *TAIL, *MEASURED) if column not in table]
    return table.assign(**dict.fromkeys(absent, None)) if absent else table
