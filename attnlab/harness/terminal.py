"""What a command says in the terminal: a study's numbers, or its verdict; how far studies are; where pages lie."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attnlab.report.words import NO_VALUE, counted, gist
from attnlab.tidy import FINAL, STATUSES

if TYPE_CHECKING:
    from attnlab.harness.publish import Page
    from attnlab.report.cell_table import CellTable
    from attnlab.report.study import Study

FEW = 12
"""Cells whose numbers fit a screen; of more, the verdict is told."""
SENTENCES = 4
WIDE = 160
"""Columns of a table where there is no terminal to ask."""


def tell(pages: Sequence[Page], results: Path) -> None:
    """Print what was found, study by study, then the paths of the pages."""
    for page in pages:
        print(f"{page.study.name}: {_tally(page.study.counts)}")
        print(summary(page, brief=len(pages) > 1))
        print(f"  {page.path}\n")
    for line in lacking([page.study for page in pages]):
        print(line)
    print(results / "index.html")


def lacking(studies: Sequence[Study]) -> list[str]:
    """How many of several studies ran, where others need what is not installed, and what would add those."""
    out = {one.name: one for one in studies if set(_some(one.counts)) == {"unavailable"}}
    if not out or len(studies) == 1:
        return []
    needs = dict.fromkeys(reason for one in out.values() for _, _, reason, _ in one.problems)
    told = f"{len(studies) - len(out)} of {len(studies)} studies ran"
    return [f"{told}; not {', '.join(out)}: {'; '.join(needs)}"]


def _some(counts: Mapping[str, int]) -> list[str]:
    return [status for status, number in counts.items() if number]


def summary(page: Page, brief: bool = False) -> str:
    """The numbers of a few cells, or the verdict over many; brief: its first sentence."""
    from attnlab.report.cell_table import cell_table

    cells = cell_table(page.table, main_metrics(page.study.figures))
    if 0 < cells.total <= FEW and not brief:
        return numbers(cells, len(main_metrics(page.study.figures)))
    told = page.verdict.sentences[: 1 if brief else SENTENCES]
    without = page.study.unanswered
    if not page.verdict.drawn:
        without = "No verdict: the experiment draws none. Its figures and its table are on the page."
    return "\n".join(f"  {sentence}" for sentence in told or (without,))


def main_metrics(figures: Sequence[Mapping[str, object]]) -> list[str]:
    """The metrics an experiment's figures draw, in their order."""
    drawn = [spec.get("y") if spec.get("value") is None else spec["value"] for spec in figures]
    listed = [names if isinstance(names, list | tuple) else [names] for names in drawn]
    return list(dict.fromkeys(str(name) for names in listed for name in names if name is not None))


def numbers(cells: CellTable, main: int) -> str:
    """The cells as a plain table: the settings that vary, then as many of the main metrics as fit."""
    columns = _shown(cells, main)
    lines: list[tuple[str, ...]] = [(*cells.settings, *(cells.metrics[column] for column in columns))]
    notes = [""]
    for row in cells.rows:
        told = row.numbers or ("",) * len(cells.metrics)
        lines.append((*row.settings, *(told[column] for column in columns)))
        notes.append("" if row.status == "done" else f"{row.status}: {gist(row.note)}")
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    room, used, kept = shutil.get_terminal_size((WIDE, 24)).columns - 2, 0, 0
    for width in widths:
        used += width + 2
        kept += used <= room or kept <= len(cells.settings)
    text = [
        "  "
        + "  ".join(f"{word:<{width}}" for word, width in zip(line[:kept], widths, strict=False)).rstrip()
        for line in lines
    ]
    left = "" if kept == len(widths) else f"\n  (and {', '.join(lines[0][kept:])}: on the page)"
    return "\n".join(f"{line}  {note}".rstrip() for line, note in zip(text, notes, strict=True)) + left


def _shown(cells: CellTable, main: int) -> list[int]:
    """The places of the metrics shown: the main ones; for cells with none of these, what most of them have."""
    shown = list(range(len(cells.metrics[: main or None])))
    measured = [row.numbers for row in cells.rows if row.numbers]
    for _ in cells.metrics:
        without = [row for row in measured if all(row[column] == NO_VALUE for column in shown)]
        held = [sum(row[column] != NO_VALUE for row in without) for column in range(len(cells.metrics))]
        if not any(held):
            break
        shown.append(held.index(max(held)))
    return shown


def progress(tallies: Mapping[str, Mapping[str, int]], others: Mapping[str, int]) -> str:
    """Study by study, the cells by status, how many would run, and how many records are of other grids."""
    wide = max([18, *(len(name) + 2 for name in tallies)])
    lines = [
        f"{'study':<{wide}}" + "".join(f"{name:>12}" for name in ("cells", *STATUSES, "to run", "others"))
    ]
    cells = waiting = 0
    for name, tally in tallies.items():
        total = sum(tally.values())
        left = total - sum(tally[status] for status in (*FINAL, "queued"))
        told = (total, *(tally[status] for status in STATUSES), left, others[name])
        lines.append(f"{name:<{wide}}" + "".join(f"{number:>12}" for number in told))
        cells, waiting = cells + total, waiting + left
    lines.append(
        f"{counted(cells, 'cell')} in all, {waiting:,} to run; `others` are records of other grids or versions"
    )
    return "\n".join(lines)


def in_jobs(study: str, jobs: Sequence[str]) -> list[str]:
    """How many cells of a study are queued in which jobs of a cluster; the jobs of an array are told as one."""
    arrays = Counter(job.partition("_")[0] for job in jobs)
    return [f"{study}: {counted(cells, 'cell')} queued in job {job}" for job, cells in arrays.items()]


def _tally(tally: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in tally.items() if number)
