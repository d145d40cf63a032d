"""Tables as csv that may be opened in a spreadsheet: no text in them is run as a formula there."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pandas as pd

_LINE_ENDS = re.compile(r"\r\n?")
"""What a reader of csv takes for the end of a row where no quotes stand around it, and writers set none."""
_FORMULA, _GUARDED = re.compile(r"'*[=+\-@\t\n]"), re.compile(r"'+[=+\-@\t\n]")
"""Texts that a spreadsheet takes for a formula, and those that stand behind a quote so that it does not."""


def as_csv(table: pd.DataFrame) -> str:
    """A table as csv. Text that a spreadsheet would run stands behind a quote, which `read_csv` takes away.

    Lines inside a text end with a line feed alone, and a NUL, at which readers end a text, is spelt `\\x00`.
    """
    whole = _each_text(
        table,
        re.compile(".*[\r\0]", re.DOTALL),
        lambda text: _LINE_ENDS.sub("\n", text).replace("\0", r"\x00"),
    )
    return str(_each_text(whole, _FORMULA, lambda text: f"'{text}").to_csv(index=False, lineterminator="\n"))


def from_csv(source: io.BytesIO | io.StringIO) -> pd.DataFrame:
    """The table that `as_csv` wrote; only the empty text is a missing value."""
    table = pd.read_csv(source, keep_default_na=False, na_values=[""])
    return _each_text(table, _GUARDED, lambda text: text[1:])


def _each_text(table: pd.DataFrame, which: re.Pattern[str], change: Callable[[str], str]) -> pd.DataFrame:
    """The table with those of its texts changed that match."""
    changed: dict[str, pd.Series] = {}
    for place, column in enumerate(map(str, table)):
        values = table.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(values):
            found = {one for one in values.unique() if isinstance(one, str) and which.match(one)}
            if found:
                changed[column] = values.map(lambda one, found=found: change(one) if one in found else one)
    return table.assign(**changed) if changed else table
