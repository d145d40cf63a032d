"""No verb of a sentence is about the name of a part: `the linear equations alone` is many, `a pointer` is one.

Only a part could say which it is, and a stored record of it, or a user's own, need not. So sentences name parts as
what something is done by, from or with, never as who does it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from attnlab.harness.cells import experiment
from attnlab.harness.table import read_csv
from attnlab.verdicts import Claim

ROOT = Path(__file__).parents[1]
GROUPS = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()} - {"exec", "experiment", "size"}
OBJECT = re.compile(r"\b(by|from|of|for|with|through|in|to) $")
STUDIES = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))
NAME = "these very readers"


def texts(claim: Claim) -> Iterator[str]:
    """All words of a claim."""
    for field in dataclasses.fields(claim):
        value = getattr(claim, field.name)
        yield from [value] if isinstance(value, str) else value.values() if isinstance(value, dict) else ()


@pytest.mark.parametrize("name", STUDIES)
def test_a_part_is_nobody_who_does(name: str) -> None:
    """Beside a part's name stands what governs it, or no word that a number of its could change."""
    claims = [
        claim
        for claim in getattr(experiment(f"attnlab.experiments.{name}"), "CLAIMS", ())
        if isinstance(claim, Claim)
    ]
    for text in (text for claim in claims for text in texts(claim)):
        for found in re.finditer(r"{([a-z]+)}", text):
            governed = found[1] not in GROUPS or OBJECT.search(text[: found.start()])
            assert governed or not re.match(r" \w", text[found.end() :]), text


@pytest.mark.parametrize("name", ["collision", "ladder", "probing", "training"])
def test_sentences_read_well_of_a_name_that_is_many(name: str) -> None:
    """The reference run's tables, with parts that are called by a word of many: no verb of one stands after it."""
    table = read_csv(ROOT / "results" / "reference" / name / "results.csv")
    own = [f"{part}:says" for part in ("decoder", "probe", "collision") if f"{part}:says" in table]
    called = table.assign(**{column: NAME for column in own}) if own else table
    assert isinstance(called, pd.DataFrame) and own
    sentences = experiment(f"attnlab.experiments.{name}").verdict(called).sentences
    assert any(NAME in sentence.lower() for sentence in sentences), "a test of nothing"
    for sentence in sentences:
        assert not re.search(
            rf"(?<!by )(?<!from )(?<!of )(?<!for ){NAME}(, [^,]*,)? \w+s\b", sentence, re.IGNORECASE
        )
