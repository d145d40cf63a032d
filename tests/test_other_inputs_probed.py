"""Probing with others' inputs, decoders and probes: nothing is said of what is not there, and all is English."""

from __future__ import annotations

import itertools
import re

import pandas as pd
import pytest
import yaml
from members import CONF, member, members
from small_tables import table_of

from attnlab.report.specs import build
from experiments import probing

SMALL = ("experiment=probing", "inputs.n=5", "inputs.d=5", "samples=60")
TABLES = {
    "shapes": ("inputs=duplicated,sphere", "probe=output_linear,output_ridge", "weights.temperature=0.3"),
    "decoder": ("inputs=tokens", "inputs.values=fresh", "decoder=max_entropy", "probe=pointer"),
    "weights": (
        "inputs=gaussian",
        "weights=hard,softmax",
        "decoder=least_squares",
        "probe=output_neighbours",
    ),
}
ELSEWHERE = {
    "shapes": ("token", "Gaussian", "pointer", "maximum entropy", "By sharpness", "By training"),
    "decoder": ("simplex", "Gaussian", "ridge", "chance by symmetry", "By training"),
    "weights": ("token", "simplex", "pointer", "ridge", "By training"),
}
"""What no sentence about the table may name: it is not in it, or has one level alone and compares nothing."""


def table(name: str) -> pd.DataFrame:
    return table_of(*SMALL, *TABLES[name])


@pytest.mark.parametrize("name", TABLES)
def test_sentences_name_what_is_there(name: str) -> None:
    found = probing.verdict(table(name))
    assert len(found.sentences) >= 3
    for sentence in (*found.sentences, *(answer.text for answer in found.answers)):
        for word in ELSEWHERE[name]:
            assert word not in sentence, (word, sentence)
        assert not re.search(r"\bwhich knows\b|[a-z]:[a-z]|\bnan\b|None", sentence), sentence


def test_a_probe_is_one_thing_that_names() -> None:
    """ "The nearest outputs names": what a probe says of itself has to go with the verbs of all sentences."""
    for name in members("probe"):
        assert re.match(r"(a|an|one) |ridge regression", member("probe", name).says), name


@pytest.mark.parametrize("name", TABLES)
def test_limits_are_true_of_any_inputs(name: str) -> None:
    for limit in probing.verdict(table(name)).limits:
        assert "Gaussian" not in limit
        assert "rojection" not in limit or limit.startswith("Where the values are projections of tokens")


def test_the_levels_of_a_comparison_are_two_at_least() -> None:
    rows = table("weights")
    more = pd.concat([rows, rows.assign(samples=120, key=rows["key"] + "x")])
    assert any("By training examples" in sentence for sentence in probing.verdict(more).sentences)


def test_cells_without_a_temperature_leave_its_figure_to_the_others() -> None:
    """Hard weights have none: the figure over the temperature once failed where some cells were of these."""
    specs = yaml.safe_load((CONF / "experiment" / "probing.yaml").read_text())["experiment"]["figures"]
    (figure,) = (build(spec) for spec in specs if spec["name"] == "temperature")
    rows = table("weights")
    assert rows["weights.temperature"].isna().any()
    drawn = figure.render(rows, "figures", "fig")
    kept = figure.kept(rows)
    assert drawn.files and kept["weights.temperature"].notna().all()
    assert set(kept["status"]) <= set(itertools.chain(rows["status"]))
