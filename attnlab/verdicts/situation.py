"""What a row of a table is about, in words taken from the row itself: its settings, and what its parts declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from attnlab.tidy import settings_of
from attnlab.verdicts import beyond, holds, named
from attnlab.verdicts.scene import part_of, said
from attnlab.verdicts.settings import valued

SITUATION = "cell:situation"
"""The column that holds these words."""
TOLD = ("temperature", "support")
"""Settings that a row names even where they are the usual ones."""
NONE: Mapping[str, Sequence[str]] = {}
NOTHING_AROUND: Mapping[str, str] = {}


def situations(
    table: pd.DataFrame,
    silent: Mapping[str, Sequence[str]] = NONE,
    labels: Mapping[str, str] | None = None,
    framed: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The words for each cell by its key, the usual cells first.

    A cell is told by what is not usual in it, the usual being what most cells of the table have: by the words of
    its parts, by its settings with their values, and by n <= d + 1 where that is so in all its trials and not in
    all cells. silent: for a level the parts that play no role beside it; labels: other words for some of these;
    framed: words around those of a part, with {}, which is told even where it is usual, unless it may go unsaid.
    Two cells with the same words differ in the seed alone, or in parts that are silent.
    """
    if not len(table):
        return {}
    around = framed or NOTHING_AROUND
    cells = table.drop_duplicates("key")
    columns = [column for column in settings_of(cells) if cells[column].notna().any()]
    parts = [column for column in columns if _is_part(cells, column)]
    columns.sort(key=lambda column: part_of(column) in parts)  # what is no setting of a part comes first
    usual = {column: most_common(cells[column]) for column in columns}
    says = {part: named(cells[cells[part] == usual[part]], part) for part in parts}
    few = set(beyond(table, few=True)["key"])
    spoken = [column for column in columns if part_of(column) in parts and _told(cells, column)]
    told: dict[str, tuple[list[bool], str]] = {}
    for place, key in enumerate(cells["key"]):
        row = cells.iloc[[place]]
        entry = row.iloc[0]
        odd = {column: not pd.isna(entry[column]) and entry[column] != usual[column] for column in columns}
        odd |= dict.fromkeys(spoken, False)
        quiet = silenced(entry[columns], silent)
        words = ["at most d + 1 positions"] if key in few and len(few) < len(cells) else []
        own = [part for part in parts if part not in quiet]
        words += _of_parts(row, [part for part in own if part not in around], columns, odd, says)
        plain = [column for column in columns if odd[column] and part_of(column) not in (*parts, *quiet)]
        words += [valued(column, entry[column]) for column in plain]
        words = [(labels or {}).get(word, word) for word in words if word]
        words = words or [_whole(row, [part for part in parts if part not in around])]
        last = [part for part in own if part in around and not holds(row, f"{part}:unsaid")]
        words += _of_parts(row, last, columns, odd, says, around)
        told[key] = ([odd[column] for column in columns], ", ".join(filter(None, words)))
    return {key: words for key, (_, words) in sorted(told.items(), key=lambda item: item[1][0])}


def in_role(table: pd.DataFrame, silent: Mapping[str, Sequence[str]], columns: Sequence[str]) -> pd.DataFrame:
    """The table without cells in which one of these columns plays no role: its level says nothing of them."""
    if not silent or not len(table):
        return table
    cells = table.drop_duplicates("key").set_index("key")[settings_of(table)]
    parts = {part_of(column) for column in columns}
    role = pd.Series({key: parts.isdisjoint(silenced(cell, silent)) for key, cell in cells.iterrows()})
    return table[table["key"].map(role)]


def distinct(table: pd.DataFrame, silent: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """The table without cells that differ from an earlier one in silent parts alone: those have its numbers."""
    if not silent or not len(table):
        return table
    columns = ["seed", "repeats", "trials", *settings_of(table)]
    cells = table.drop_duplicates("key")[[column for column in dict.fromkeys(columns) if column in table]]
    told = []
    for _, cell in cells.iterrows():
        quiet = silenced(cell, silent)
        told.append(
            tuple(
                "" if pd.isna(value) or part_of(str(name)) in quiet else str(value)
                for name, value in cell.items()
            )
        )
    first = ~pd.Series(told, index=table.drop_duplicates("key")["key"]).duplicated()
    return table[table["key"].map(first)]


def silenced(levels: Iterable[object], silent: Mapping[str, Iterable[str]]) -> set[str]:
    """The parts and settings that play no role in a cell of these levels. silent: which do not, by a level."""
    return {part for level in levels for part in silent.get(str(level), ())}


def most_common(values: pd.Series) -> object:
    """The value that most rows have; of several the least, numbers before words."""
    counts = values.value_counts()
    return min(counts.index[counts == counts.max()], key=lambda value: (isinstance(value, str), value))


def _of_parts(
    row: pd.DataFrame,
    parts: Sequence[str],
    columns: Sequence[str],
    odd: Mapping[str, bool],
    says: Mapping[str, str],
    around: Mapping[str, str] = NOTHING_AROUND,
) -> list[str]:
    """The parts of a row that are not the usual ones, and their settings that are not or are always told."""
    words = []
    for part in parts:
        own = [column for column in columns if part_of(column) == part and column != part]
        own = [column for column in own if row[column].notna().all()]
        always = [column for column in own if column.rpartition(".")[2] in TOLD]
        here = named(row, part)
        if odd[part] or here != says[part] or always or part in around:
            words.append(around.get(part, "{}").format(here))
        words += [valued(column, row[column].iloc[0]) for column in own if odd[column] or column in always]
    return words


def _told(cells: pd.DataFrame, column: str) -> bool:
    """Whether the words of a part tell the value of its setting, in every choice of the part."""
    part = part_of(column)
    own = cells[cells[column].notna()]
    return column != part and all(said(some, part, column) for _, some in own.groupby(part))


def _whole(row: pd.DataFrame, parts: Sequence[str]) -> str:
    """A row that has nothing unusual: its parts, but for those that may go unsaid."""
    return ", ".join(named(row, part) for part in parts if not holds(row, f"{part}:unsaid"))


def _is_part(cells: pd.DataFrame, column: str) -> bool:
    return any(str(other).startswith((f"{column}.", f"{column}:")) for other in cells.columns)
