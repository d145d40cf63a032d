"""Whether something leaves a share open is asked at one door, and words, figures and tiles follow its answer."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import report_table

from attnlab.intervals import SHARE, Interval, interval
from attnlab.report.specs import build
from attnlab.verdicts import Average, Bracket, Claim, Number, ends_of, is_open, stated
from attnlab.verdicts.bracket import MEET

ROOT = Path(__file__).parents[1]
OTHERWISE = re.compile(
    r"isinstance\([^)]*Bracket|len\((ends|ends_of\(.*\)|\w+\.ends)\) *[<>=]|, \*\w+ = .*ends"
)
ALLOWED = {"bracket.py", "answers.py", "pooling.py"}
"""The door itself; what turns a bracket into its loss; what makes brackets of halves that are none."""


def share(value: float) -> Interval:
    return Interval(value, max(0.0, value - 0.1), min(1.0, value + 0.1), 100, 100.0)


NUMBERS: list[Number] = [
    share(0.3),
    Average(0.3, 0.1, 0.5, 200, 2),
    Bracket(share(0.3), share(0.7)),
    Bracket(share(0.3), share(0.7 - MEET / 2)),
    Bracket(share(0.3), share(0.69)),
    Bracket(share(0.0), share(0.0)),
]


@pytest.mark.parametrize("number", NUMBERS)
def test_an_open_share_is_one_with_two_ends(number: Number) -> None:
    assert is_open(number) == (len(ends_of(number)) == 2)
    assert is_open(number) == (
        isinstance(number, Bracket) and number.kept.value + number.lost.value < 1 - MEET
    )


def test_nobody_asks_in_another_way() -> None:
    asked = {
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("attnlab", "experiments")
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if OTHERWISE.search(line) and path.name not in ALLOWED
    }
    assert asked == set()


def table(*lost: int) -> pd.DataFrame:
    """Cells in whose 20 trials 8 are kept, and these many lost."""
    rows = []
    for place, count in enumerate(lost):
        own = {"study": "open", "key": str(place), "status": "done", "reason": None, "inputs.n": 4 + place}
        own |= {"trials": 20, "repeats": 1, "seed": 0}
        for ending, hits in (("_kept", 8), ("_lost", count)):
            number = interval((np.arange(20) < hits).astype(float), SHARE)
            rows.append(own | report_table.measured(f"q3{ending}", "rate", number))
    return pd.DataFrame(rows)


CLAIM = Claim(metric="q3", says="No other weights give it,", over="inputs.n")
LINES = {"name": "one", "kind": "lines", "x": "inputs.n", "y": "q3"}
TILES = {**LINES, "kind": "tiles"}


@pytest.mark.parametrize("lost", [(12, 12), (12, 12, 12, 12), (12, 4), (12, 4, 12, 12)])
def test_words_bands_and_tiles_follow_it(lost: tuple[int, ...]) -> None:
    rows, is_left = table(*lost), 4 in lost
    verdict = stated(rows, [CLAIM])
    (sentence,), (told,) = verdict.sentences, verdict.told
    named = lost if len(lost) == 2 else (lost[0], lost[-1])
    assert ("possibly" in sentence) == ("certainly" in sentence) == (4 in named)
    assert sentence.count("certainly") == sentence.count("possibly")
    if told.levels is not None:
        assert ("from certain to possible" in told.levels.heads[1]) == is_left
    lines, tiles = (build(spec).fitted(rows).render(rows, "figures", "one") for spec in (LINES, TILES))
    assert ("A band reaches" in lines.caption) == is_left
    assert tiles.html.count('class="tile bracket"') == lost.count(4)
