"""What a claim is about, and how its sentence prints its numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from attnlab.verdicts.answers import Question, Way
from attnlab.verdicts.bracket import Number, ends_of
from attnlab.verdicts.scene import Choice

ROUNDING = 1e-9
"""Ends that differ by no more than this, relatively, are those of a constant."""
TINY = 1e-6
"""Shares below this are told in words: their digits say nothing to a reader."""


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What a claim is about, and its words.

    metric: whose number it is, or the stem of a pair `_kept`, `_lost`. says: the sentence up to the number.
    form: the number in it, {} in per cent or, of a unit, plain. over: the setting whose levels are compared.
    only: which rows of the table it is about, by facts and sizes, never by names. but: settings the metric does
    not depend on. beside: words for other metrics of the same cells, with {} for the value in the claim's unit,
    {!s} for it as a plain number. compares: it says nothing unless there are two levels to compare. theorem: what
    makes the number no measurement, in words, where the rows say so. tail: a further remark on its rows.
    spread: whether to tell the range over all cells. least: settings of which a smaller value is the better
    example, where the rows leave a choice. free: settings that may differ between the levels. at: how a level is
    told, with {} for its value, where its own words will not do. apart: whether the levels are whole situations,
    that differ in anything and are told by what they differ in. names: settings that the condition names even
    where all rows have one value of them. figure: where the number is drawn. question,
    counts, way: the answer it gives to one of the four questions. limit: what it does not show.
    """

    metric: str
    says: str
    form: str = "in {}"
    unit: Literal["percent", "plain"] = "percent"
    over: str = ""
    compares: bool = False
    only: Choice = field(default=lambda table: table)
    but: Sequence[str] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    theorem: Callable[[pd.DataFrame], str] = field(default=lambda rows: "")
    tail: Callable[[pd.DataFrame], str] = field(default=lambda rows: "")
    spread: bool = False
    least: Sequence[str] = ()
    free: Sequence[str] = ()
    at: str = ""
    apart: bool = False
    names: Sequence[str] = ()
    figure: str = ""
    question: Question | None = None
    counts: str = ""
    way: Way = "kept"
    limit: str = ""

    def printed(self, number: Number) -> str:
        """The number as the sentence prints it."""
        return number.percent if self.unit == "percent" else str(number)


def listed(items: Sequence[str]) -> str:
    """`one, two and three`."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def certainly(number: Number) -> str:
    """An open share in a sentence: `certainly in 12.0 % [9.0, 15.8] (possibly in 85.0 % [80.6, 88.6])`."""
    kept, possible = (end.percent for end in ends_of(number))
    return f"certainly in {kept} (possibly in {possible})"


def header(words: str) -> str:
    """What a column of such numbers is called: `chance` for `chance {}`; dots stand for a number within words."""
    return re.sub(r"^[ ,:…]+|[ ,:…]+$", "", re.sub(r"{(!s)?}", "…", words))


def width(number: Number) -> float:
    """How wide the interval of a number is; infinite where there is none."""
    return number.high - number.low if number.low <= number.high else math.inf


def noted(theorem: str, beside: Mapping[str, str]) -> str:
    """What stands in brackets after a number: the theorem about it, then words for other metrics.

    A theorem that begins with the name of such a metric takes its value: `chance by symmetry: 3.12 %`.
    """
    about = next((metric for metric in beside if theorem.startswith(f"{metric} ")), "")
    if about:
        theorem = f"{theorem}: {beside[about].removeprefix(about).strip()}"
    return ", ".join(filter(None, (theorem, *(words for name, words in beside.items() if name != about))))


def short(number: Number, unit: str, constant: bool = False) -> str:
    """A number beside others; one that is the same in every trial, or constant for sure, without an interval."""
    if not constant and number.high - number.low > ROUNDING * abs(number.value):
        return number.percent if unit == "percent" else str(number)
    if unit != "percent":  # the same in every trial, or too little known for an interval
        return f"{number.value:.3g}"
    return "less than one in a million" if 0 < number.value < TINY else f"{100 * number.value:.3g} %"
