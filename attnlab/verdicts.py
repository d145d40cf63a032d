"""What an experiment concludes from its tidy table: plain words, each number with its interval.

The table is long: one row per cell and metric, with the columns
`study key status reason`, one column per setting (`inputs`, `inputs.n`, `weights.temperature` ...),
`trials repeats seed`, and `metric kind value low high count effective nonfinite`
(`kind` is rate or mean; count is trials with a finite value).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from attnlab.intervals import Interval, pool_means, pool_rates

Question = Literal["Q1", "Q2", "Q3", "Q4"]
QUESTIONS: dict[Question, tuple[str, str, str]] = {
    "Q1": ("linear", "is a the only vector with V^T a = o and sum a = 1?", "V"),
    "Q2": ("simplex", "is it the only one that also has a >= 0?", "V"),
    "Q3": ("softmax", "is it the only one of the form softmax(K q'/tau)?", "V and K"),
    "Q4": ("readable", "can a learned map that never sees V read the position?", "o, or o and the tokens"),
}
"""Name, question, and what the observer knows."""


@dataclass(frozen=True)
class Answer:
    """One number for one of the four questions: under which condition, and what it counts.

    says: which way the number points. `kept` is the share of trials in which the output keeps the position,
    `lost` the share in which it does not, `read` the share in which a learned observer reads it, `bits` an
    amount of information.
    """

    question: Question
    condition: str
    counts: str
    interval: Interval
    says: Literal["kept", "lost", "read", "bits"] = "kept"

    @property
    def text(self) -> str:
        """The number with its interval, as the index prints it."""
        return f"{self.interval} bits" if self.says == "bits" else f"{self.says} in {self.interval.percent}"


@dataclass(frozen=True)
class Verdict:
    """The answer of one study. sentences: plain words with numbers; limits: what it does not show."""

    sentences: tuple[str, ...]
    answers: tuple[Answer, ...] = ()
    limits: tuple[str, ...] = ()


def rows(table: pd.DataFrame, metric: str, where: dict[str, object] | None = None) -> pd.DataFrame:
    """The finished rows of one metric whose settings equal `where` (a list or tuple: any of them)."""
    kept = table[(table["metric"] == metric) & (table["status"] == "done") & table["value"].notna()]
    for column, wanted in (where or {}).items():
        if column not in kept:
            return kept.iloc[:0]
        options = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
        kept = kept[kept[column].isin(options)]
    return kept


def interval(table: pd.DataFrame, metric: str, where: dict[str, object] | None = None) -> Interval | None:
    """The metric pooled over the matching cells, or None if there are none."""
    kept = rows(table, metric, where)
    numbers = kept[["value", "low", "high", "count", "effective"]].to_numpy(dtype=float)
    parts = [Interval(value, low, high, int(count), worth) for value, low, high, count, worth in numbers]
    if not parts:
        return None
    return pool_rates(parts) if (kept["kind"] == "rate").all() else pool_means(parts)
