"""Sentences count a measurement once, and take no cell as an example in which the answer holds by definition."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from attnlab.harness.table import read_csv
from attnlab.verdicts import Claim, stated
from attnlab.verdicts.claim import BY_DEFINITION
from attnlab.verdicts.facts import by_definition
from attnlab.verdicts.pooling import agreement, once, with_law

REFERENCE = Path(__file__).parents[1] / "results" / "reference"


def table(cells: list[dict[str, object]]) -> pd.DataFrame:
    """A study of these cells: their settings, and what they measured under the names in capitals."""
    lines = []
    for place, cell in enumerate(cells):
        settings = {name: value for name, value in cell.items() if not name.isupper()}
        for name, value in cell.items():
            if name.isupper():
                number = float(str(value))
                lines.append(
                    {"study": "s", "key": f"k{place}", "status": "done", "reason": None, **settings}
                    | {"trials": 100, "seed": 0, "repeats": 1, "metric": name.lower(), "kind": "rate"}
                    | {"value": number, "low": max(0.0, number - 0.1), "high": min(1.0, number + 0.1)}
                    | {"count": 100, "effective": 100.0, "nonfinite": 0}
                )
    return pd.DataFrame(lines)


def test_a_part_that_has_no_say_in_a_measurement_gives_no_second_one() -> None:
    """The law is missed at one of two sizes: not at three of six, since the decoder has no say in it."""
    cells: list[dict[str, object]] = [
        {"inputs.n": n, "decoder": name, "decoder:says": name, "SHARE": share, "LAW": law}
        for n, share, law in ((8, 0.5, 0.55), (16, 0.5, 0.9))
        for name in ("one", "two", "three")
    ]
    told = agreement(table(cells), "share", "law")
    assert "in 1 of the 2 cells" in told[0] and "count once" in told[0]
    cells[-1]["SHARE"] = 0.6  # it has a say after all: six measurements
    assert "in 3 of the 6 cells" in agreement(table(cells), "share", "law")[0]
    assert "count once" not in agreement(table(cells), "share", "law")[0]


def test_sizes_with_one_number_are_measurements_of_their_own() -> None:
    """What two settings measure may be the same, as where both are certain; they were measured all the same."""
    cells: list[dict[str, object]] = [
        {"inputs": "a", "inputs:says": "a", "inputs.n": n, "SHARE": 1.0, "LAW": 1.0} for n in (4, 8, 16)
    ]
    assert len(once(table(cells).query("metric == 'share'"))) == 3


@pytest.mark.parametrize(
    ("study", "metric", "law"), [("channel", "matched_top1", "exact"), ("heads", "q2", "exact")]
)
def test_studies_of_several_decoders_count_what_they_measured(study: str, metric: str, law: str) -> None:
    """In the reference run: no two rows of one number that differ in a decoder or a mixing alone."""
    both = with_law(read_csv(REFERENCE / study / "results.csv"), metric, law)
    settings = [name for name in both if str(name).startswith("inputs.") or name in ("trials", "heads")]
    settings += [
        name for name in both if str(name).startswith(("weights", "channel")) and ":" not in str(name)
    ]
    assert len(both) > 5 and not both.duplicated([*settings, "value", "low", "law"]).any()


def claim(**more: object) -> Claim:
    return Claim(metric="named", says="It is named", over="inputs.n", beside={"chance": "chance {}"}, **more)  # type: ignore[arg-type]


def test_a_level_where_the_answer_holds_by_definition_wins_no_headline() -> None:
    cells: list[dict[str, object]] = [
        {"inputs.n": 1, "inputs.d": 4, "NAMED": 1.0, "CHANCE": 1.0},
        {"inputs.n": 4, "inputs.d": 4, "NAMED": 0.8, "CHANCE": 0.25},
        {"inputs.n": 8, "inputs.d": 4, "NAMED": 0.4, "CHANCE": 0.125},
    ]
    verdict = stated(table(cells), (claim(),))
    assert "80.0 %" in verdict.sentences[0] and "100.0 %" not in verdict.sentences[0]
    assert BY_DEFINITION in verdict.limits
    assert BY_DEFINITION not in stated(table(cells[1:]), (claim(),)).limits
    alone = stated(table(cells[:1]), (claim(),))  # there is nothing else to say
    assert "100.0 %" in alone.sentences[0] and BY_DEFINITION not in alone.limits


def test_what_holds_by_definition() -> None:
    """One position; or a guess that is always right, for a sentence that stands beside it."""
    rows = table(
        [
            {"inputs.n": 1, "NAMED": 1.0, "CHANCE": 1.0},
            {"inputs.n": 4, "NAMED": 1.0, "CHANCE": 1.0},
            {"inputs.n": 4, "NAMED": 1.0, "CHANCE": 0.5},
        ]
    )
    named = rows["metric"] == "named"
    assert by_definition(rows)[named].tolist() == [True, False, False]
    assert by_definition(rows, ["chance"])[named].tolist() == [True, True, False]
