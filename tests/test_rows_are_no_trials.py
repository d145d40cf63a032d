"""What is counted is called what it is: an audit counts rows of a file, every one once, and draws no trials."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from conftest import Lab
from members import heads_file

from attnlab.tidy import unit_of


@pytest.mark.parametrize(
    ("columns", "unit"),
    [
        ({"trials": [None], "inputs:lasting": [True]}, "row"),
        ({"trials": [None], "inputs:lasting": ["True"]}, "row"),
        ({"trials": [20], "inputs:lasting": [True]}, "trial"),
        ({"trials": [None], "inputs:lasting": [None]}, "trial"),
        ({"trials": [None]}, "trial"),
        ({}, "trial"),
    ],
)
def test_rows_of_a_file_that_are_not_drawn_are_rows(columns: dict[str, list[object]], unit: str) -> None:
    assert unit_of(pd.DataFrame(columns)) == unit


def test_the_page_of_an_audit_speaks_of_no_trials(lab: Lab) -> None:
    words = (
        "experiment=audit",
        "inputs=arrays",
        f"inputs.path={heads_file(n=9)}",
        "inputs.layer=0",
        "exec=serial",
    )
    assert lab(*words).code == 0
    folder = lab.results / "audit"
    for name in ("report.md", "report.html"):
        said = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", (folder / name).read_text(), flags=re.DOTALL)
        assert not re.search(r"\btrials?\b", said), re.findall(r".{60}\btrials?\b.{40}", said)
        assert "rows a value" in said and re.search(r"\d rows(?: each)?\)", said)
