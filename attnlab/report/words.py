"""Numbers, settings and formulas as a reader wants them printed."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

from attnlab.verdicts import Number

NO_VALUE = "no value"

TERMS = {
    "n": "positions n",
    "d": "value dimension d",
    "e": "key dimension e",
    "k": "attended positions k",
    "support": "attended positions k",
    "m": "token dimension m",
    "h": "heads h",
    "temperature": "temperature τ",
    "top1": "top-1 accuracy",
    "jsd_bits": "Jensen-Shannon divergence (bits)",
    "tv": "total variation",
}
"""How an axis with one of the project's letters or measures is labelled when the figure does not say."""

FORMULA = (
    ("V^T", "Vᵀ"),
    ("K^T", "Kᵀ"),
    (">=", "≥"),
    ("<=", "≤"),
    ("!=", "≠"),
    ("+-", "±"),
)
GREEK = {"tau": "τ", "sigma": "σ", "lambda": "λ", "delta": "δ", "rho": "ρ"}


def typeset(text: str) -> str:
    """Plain-text formulas with their signs: V^T a >= 0 becomes Vᵀ a ≥ 0."""
    for plain, sign in FORMULA:
        text = text.replace(plain, sign)
    return re.sub(r"\b(" + "|".join(GREEK) + r")\b", lambda found: GREEK[found.group()], text)


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
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def spoken(value: object) -> str:
    """A setting's value or a metric's name in a figure: `least_squares` reads `least squares`."""
    return setting(value).replace("_", " ")


def label(column: str) -> str:
    """The default label of a setting or metric: its leaf name, spelled out if it is one of the letters."""
    for sign, word in (("/", " / "), ("-", " − ")):
        if sign in column:
            return word.join(leaf(part) for part in column.split(sign))
    return TERMS.get(leaf(column), spoken(leaf(column)))


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
