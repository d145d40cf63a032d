"""One number for one situation: what four pages print of Q3 for the same inputs and weights is one bracket."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from members import CONF

from attnlab.harness.table import read_csv
from attnlab.report.specs import build

SITUATIONS = {
    "sharp": ("inputs.noise=1", "weights.temperature=0.1"),
    "diffuse": ("inputs.noise=1", "weights.temperature=1.0"),
    "tied": ("inputs.noise=0", "weights.temperature=1.0"),
}
STUDIES = ("four_questions", "collision", "alignment", "recovery")
COMMON = (
    f"experiment={','.join(STUDIES)}",
    "inputs=tied",
    "inputs.n=12",
    "inputs.d=2",
    "inputs.e=2",
    "weights=softmax",
    "trials=20",
    "repeats=2",
    "exec=serial",
    "experiment.figures=[]",
    *("asks=weights", "values=given", "probe=output_linear", "samples=60"),
    *("collision=reachable", "decoder=softmax_inverse"),
)


TILES = yaml.safe_load((CONF / "experiment" / "four_questions.yaml").read_text())["experiment"]["figures"][0]


def answers(page: str) -> set[str]:
    """The numbers that the page's table of answers prints for Q3, whatever theorem stands beside."""
    lines = [line.split(" | ")[1] for line in page.splitlines() if line.startswith("| Q3 softmax |")]
    return {re.sub(r"^.*\(measured: (.*)\)$", r"\1", line) for line in lines}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_four_pages_print_one_bracket(situation: str, command: Callable[..., Any], tmp_path: Path) -> None:
    answer = command(*SITUATIONS[situation], *COMMON, f"results={tmp_path}")
    assert answer.code == 0, answer.err
    counted: set[tuple[float, ...]] = set()
    printed: set[str] = set()
    for study in STUDIES:
        table = read_csv(tmp_path / study / "results.csv")
        assert table["key"].nunique() == 1
        halves = table.set_index("metric").loc[["q3_kept", "q3_lost"], ["value", "low", "high", "count"]]
        counted.add(tuple(halves.to_numpy().ravel()))
        page = (tmp_path / study / "report.md").read_text()
        printed |= answers(page)
        (first, *_) = re.findall(r"\d+\.\d %", max(answers(page)))
        assert first in page.split("## Which of")[0], "the sentences print it, too"
    assert len(counted) == len(printed) == 1, (counted, printed)
    (told,) = printed
    tiles = build(TILES)
    row = tiles.kept(read_csv(tmp_path / "four_questions" / "results.csv"))
    ((mark, _),) = [dict(tiles.lines(row))[(row[tiles.x].iloc[0],)][tiles.metrics.index("q3")]]  # type: ignore[attr-defined]
    assert mark.interval.percent in told
