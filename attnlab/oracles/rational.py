"""Exact elimination in rational arithmetic, for certificates that rest on no tolerance."""

from __future__ import annotations

from fractions import Fraction


def eliminate(rows: list[list[Fraction]], at: int, column: int) -> None:
    """Make `column` the unit vector of row `at`, in place (Gauss-Jordan). rows[at][column] must not be 0."""
    scale = rows[at][column]
    rows[at] = [x / scale for x in rows[at]]
    for i, row in enumerate(rows):
        if i != at and row[column] != 0:
            factor = row[column]
            rows[i] = [x - factor * y for x, y in zip(row, rows[at], strict=True)]
