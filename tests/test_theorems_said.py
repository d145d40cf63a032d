"""No study says "by theorem" where the same cells, or other draws of the same parts, bear a witness against it.

Over the studies that lean on theorems, every way in which weights arise, and temperatures at which they underflow.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from members import drawn_weights, member
from small_tables import table_of
from test_claims import renamed, renaming

from attnlab.identifiability import is_unique
from attnlab.metrics import full_support
from attnlab.seeds import Streams
from attnlab.verdicts import Claim, Verdict
from attnlab.verdicts.finding import Place
from attnlab.verdicts.situation import SITUATION, situations

SIZES = ("inputs.n=4,10", "inputs.d=4", "inputs.e=4")
STUDIES = {
    "recovery": ("decoder=max_entropy,softmax_inverse", "channel=exact", *SIZES),
    "collision": ("collision=null_step,farthest,reachable", *SIZES),
    "fibre": SIZES,
    "alignment": ("inputs.n=8", "inputs.d=2", "inputs.e=2", "inputs.noise=0,1"),
    "four_questions": ("samples=40", "probe=output_ridge", "values=given", "asks=weights", *SIZES),
}
KINDS = {
    "alignment": "inputs=tied",
    "recovery": "inputs=gaussian,tied",
    "four_questions": "inputs=gaussian,tied",
}
"""Where it is not all three."""
ALWAYS, NEVER = re.compile("always|100 %"), re.compile("never")


def words(study: str, weights: str, temperature: float) -> tuple[str, ...]:
    """A small grid of a study with these weights."""
    part = member("weights", weights)
    set_to = {"temperature": temperature, "support": 2, "effective": 3.0}
    asked = (
        f"experiment={study}",
        *STUDIES[study],
        KINDS.get(study, "inputs=gaussian,duplicated,tied"),
        f"weights={weights}",
    )
    return (*asked, *(f"weights.{name}={value}" for name, value in set_to.items() if hasattr(part, name)))


GRID = [
    (study, weights, temperature)
    for study in STUDIES
    for weights in drawn_weights()
    for temperature in ((1e-3, 1.0) if hasattr(member("weights", weights), "temperature") else (1.0,))
]


def theorems(study: str, table: pd.DataFrame) -> Iterator[tuple[Claim, Place]]:
    """The places at which a verdict says that something is so by theorem."""
    for claim in importlib.import_module(f"attnlab.experiments.{study}").CLAIMS:
        if not isinstance(claim, Claim):
            continue
        told = table.assign(**{SITUATION: table["key"].map(situations(table))})
        found = claim.found(told if claim.over == SITUATION else table)
        for place in found.places if found else ():
            if "by theorem" in place.theorem:
                yield claim, place


def drawn(row: Any) -> tuple[np.ndarray, Any]:
    """Other draws of the parts of a row: weights, and the sample they are of."""
    parts = {}
    for group in ("inputs", "weights"):
        leaves = {name.partition(".")[2]: row[name] for name in row.index if name.startswith(f"{group}.")}
        plain = {name: value for name, value in leaves.items() if not pd.isna(value)}
        exact = {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in plain.items()}
        parts[group] = member(group, row[group], **exact)
    sample = parts["inputs"](40, Streams(5)("inputs"))
    return parts["weights"](sample, Streams(5)("weights")), sample


@pytest.mark.parametrize(("study", "weights", "temperature"), GRID)
def test_no_theorem_is_said_against_the_witness_of_its_cells(
    study: str, weights: str, temperature: float
) -> None:
    table = table_of(*words(study, weights, temperature))
    for claim, place in theorems(study, table):
        share = place.number
        if not re.match("exact|rival", claim.metric):  # what one search finds is a lower bound
            assert not ALWAYS.search(place.theorem) or share.high == 1, place
            assert not NEVER.search(place.theorem) or share.low == 0, place
        for _, row in place.rows.iterrows():
            a, sample = drawn(row)
            unique = is_unique(a, sample.values, sample.mask).unique
            if "every visible position has weight" in place.theorem:
                assert full_support(a, sample.mask).all() and not unique.any()
            if "have a density" in place.theorem:
                assert unique.all()
            if "determine the keys" in place.theorem:
                cell = table[table["key"] == row["key"]].set_index("metric")["value"]
                assert cell["of_keys"] == 1 and cell["q3_lost"] == 0


@pytest.mark.parametrize("study", STUDIES)
def test_theorems_are_said_where_they_hold(study: str) -> None:
    """Or the law above would hold of silence."""
    assert list(theorems(study, table_of(*words(study, "softmax", 1.0))))


@pytest.mark.parametrize(("study", "weights"), [(s, w) for s in STUDIES for w in ("hard", "sparsemax")])
def test_weights_that_no_query_gives_have_no_query_alone(study: str, weights: str) -> None:
    table = table_of(*words(study, weights, 1.0))
    verdict: Verdict = importlib.import_module(f"attnlab.experiments.{study}").verdict(table)
    told = [*verdict.sentences, *(answer.counts for answer in verdict.answers)]
    assert told and not any(re.search("no other softmax|one query alone|second query", text) for text in told)
    assert not any(answer.question == "Q3" for answer in verdict.answers)


@pytest.mark.parametrize(("study", "weights", "temperature"), GRID[::4])
def test_renaming_changes_nothing_off_the_shipped_grid(study: str, weights: str, temperature: float) -> None:
    table = table_of(*words(study, weights, temperature))
    module = importlib.import_module(f"attnlab.experiments.{study}")
    back = {new: old for told in renaming(table).values() for old, new in told.items()}
    pattern = re.compile("|".join(map(re.escape, back)))
    before, after = module.verdict(table), module.verdict(renamed(table))
    assert len(before.sentences) == len(after.sentences) >= 1
    for old, new in zip(before.sentences, after.sentences, strict=True):
        assert pattern.sub(lambda found: back[found[0]], new).lower() == old.lower()
        assert re.search(r"[\d,]+ trials|\(\d+ cells?\)", old) and "nan" not in old and "None" not in old
