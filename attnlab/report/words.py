"""Numbers, settings and formulas as a reader wants them printed."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from attnlab.verdicts import Number

NO_VALUE = "no value"
NOTHING = "–"
"""How a setting is printed that a cell does not have."""

SYMBOLS = {"support": "k"}
"""Settings with a letter of the project that their own name does not show, in formulas such as k / d."""

FORMULA = (
    ("V^T", "Vᵀ"),
    ("K^T", "Kᵀ"),
    (">=", "≥"),
    ("<=", "≤"),
    ("!=", "≠"),
    ("+-", "±"),
)
_POWER = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?)e([-+]\d+)\b")
GREEK = {"tau": "τ", "sigma": "σ", "lambda": "λ", "delta": "δ", "rho": "ρ"}


def typeset(text: str) -> str:
    """Plain-text formulas with their signs: V^T a >= 0 becomes Vᵀ a ≥ 0; a setting's name stays: channel.sigma."""
    for plain, sign in FORMULA:
        text = text.replace(plain, sign)
    text = re.sub(r"(?<![\w.])(" + "|".join(GREEK) + r")\b", lambda found: GREEK[found.group()], text)
    return re.sub(r"(?<=\b[a-z\d]) - (?=[a-z\d]\b)", " \N{MINUS SIGN} ", text)


def powers(text: str) -> str:
    """Numbers as Python prints small and large ones with their power of ten: 1.85e-07 becomes 1.85·10⁻⁷."""
    return _POWER.sub(lambda found: f"{found[1]}·10{raised(int(found[2]))}", text)


def raised(exponent: int) -> str:
    """An exponent in small raised figures: ⁻³."""
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def missing(value: object) -> bool:
    """True for None and NaN: the cell has no such setting."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def plain(value: object) -> object:
    """A table's entry as Python holds it: None for no value, int and float instead of numpy's."""
    if missing(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def setting(value: object) -> str:
    """One setting's value: whole numbers without a point, no value as a dash."""
    value = plain(value)
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def spoken(value: object) -> str:
    """A setting's value or a metric's name in a figure: `least_squares` reads `least squares`."""
    return setting(value).replace("_", " ").strip()


@functools.cache
def _labels() -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(Path(__file__).with_name("labels.yaml").read_text(encoding="utf-8")))


def label(column: str) -> str:
    """The default label of a setting or metric; a quotient or difference of settings is a formula."""
    for sign, word in (("/", " / "), ("-", " − ")):
        if sign in column:
            return word.join(SYMBOLS.get(leaf(part), leaf(part)) for part in column.split(sign))
    return str(_labels()["columns"].get(column, spoken(leaf(column))))


def kind_of_reference(metric: str) -> int | None:
    """Which kind of reference a metric is, one sign for each kind; None for one of its own."""
    for place, names in enumerate(_labels()["references"].values()):
        if metric in names:
            return place
    return None


def places_of_references(metrics: Sequence[str]) -> list[int]:
    """Which sign each reference of a figure has: that of its kind (chance, a law), else the next that is free."""
    free = itertools.count(len(_labels()["references"]))
    kinds = map(kind_of_reference, metrics)
    return [next(free) if kind is None else kind for kind in kinds]


def leaf(column: str) -> str:
    """The last name of a dotted setting."""
    return column.strip().rsplit(".", 1)[-1]


def number(value: float) -> str:
    """A number as intervals print theirs, or `no value`."""
    return NO_VALUE if not math.isfinite(value) else f"{value:.3g}"


def measured(interval: Number | None) -> str:
    """A number with its interval, or `no value`."""
    return NO_VALUE if interval is None or not math.isfinite(interval.value) else str(interval)


def counted(count: int, noun: str) -> str:
    """`1 cell`, `1,200 cells`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(items: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""


def across(low: int, high: int) -> str:
    """A range of counts: `200` or `100 to 200`."""
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


MOST_SAID = 2000
"""Characters of a message that is kept, printed or shown."""


def short(text: str, most: int = MOST_SAID) -> str:
    """A text of at most so many characters: the beginning and the end of a longer one."""
    if len(text) <= most:
        return text
    left = f" ... ({len(text):,} characters in all) ... "
    half = (most - len(left)) // 2
    return text[:half] + left + text[-half:]


MOST_GIST = 240
"""Characters of a reason that stand in a table or a sentence."""
TRACE = "Traceback (most recent call last):"


def gist(reason: str) -> str:
    """What a reason says, in one line: all lines of a message; of a traceback its error and what that says."""
    lines = reason.strip().splitlines()
    traces = [place for place, line in enumerate(lines) if line.strip() == TRACE]
    if traces:
        after = range(traces[-1] + 1, len(lines))
        lines = lines[next((place for place in after if not lines[place].startswith(" ")), len(lines) - 1) :]
    return short(" ".join(" ".join(lines).split()), MOST_GIST)
