"""How a sentence prints its numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from attnlab.verdicts.bracket import Bracket, Number

ROUNDING = 1e-9
"""Ends that differ by no more than this, relatively, are those of a constant."""
TINY = 1e-6
"""Shares below this are told in words: their digits say nothing to a reader."""


def listed(items: Sequence[str]) -> str:
    """`one, two and three`."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def certainly(number: Bracket) -> str:
    """A bracket in a sentence: `certainly in 12.0 % [9.0, 15.8] (possibly in 85.0 % [80.6, 88.6])`."""
    kept, *most = (end.percent for end in number.ends)
    return f"certainly in {kept}" + "".join(f" (possibly in {end})" for end in most)


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
