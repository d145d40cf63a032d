"""Cells are filed by the positions that can be seen, whatever n says, skipped ones too."""

from __future__ import annotations

import dataclasses
import inspect
import re
from dataclasses import dataclass

import numpy as np
import pytest
from conftest import Lab

from attnlab.collisions.extreme import Extreme
from attnlab.harness.table import read_csv
from attnlab.identifiability import unique_probability
from attnlab.inputs.gaussian import Gaussian
from attnlab.metrics import by_visible
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import Sample
from attnlab.theory.antipodal import collision_probability
from attnlab.tidy import FEW_VISIBLE, METRIC
from attnlab.verdicts import beyond
from attnlab.weights.uniform_support import UniformSupport
from experiments import asker, phase


@dataclass(frozen=True)
class Masked(Gaussian):
    """Gaussian inputs of which only the first positions can be seen."""

    seen: Count = 6

    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        mask = np.broadcast_to(np.arange(self.n) < self.seen, (trials, self.n))
        return dataclasses.replace(super().__call__(trials, rng), mask=mask)


OWN = """
from __future__ import annotations
import dataclasses
from dataclasses import dataclass
import numpy as np
from attnlab.inputs.gaussian import Gaussian
from attnlab.parts import Count
from attnlab.shapes import Sample
"""
SMALL = (
    "inputs=masked",
    "inputs.n=12",
    "inputs.d=8",
    "inputs.seen=6,11",
    "exec=serial",
    "repeats=1",
    "experiment.figures=[]",
)


@pytest.fixture
def masked(lab: Lab) -> Lab:
    """12 positions in 8 dimensions, of which 6 or 11 are visible: once at most d + 1, once more."""
    folder = lab.folder / "mine"
    (folder / "masked_inputs.py").write_text(f"{OWN}\n{inspect.getsource(Masked)}")
    (folder / "inputs").mkdir()
    (folder / "inputs" / "masked.yaml").write_text(
        "_target_: masked_inputs.Masked\nn: 12\nd: 8\ne: 8\nseen: 6\n"
    )
    return lab


@pytest.mark.parametrize(
    ("study", "words"),
    [
        ("recovery", ("decoder=least_squares", "channel=exact", "weights=softmax", "trials=8")),
        ("fibre", ("weights=softmax", "trials=8")),
        ("collision", ("collision=null_step,radon", "weights=softmax", "weights.temperature=1", "trials=8")),
        (
            "four_questions",
            (
                "weights=softmax",
                "weights.temperature=1",
                "inputs.e=8",
                "asks=weights",
                "trials=8",
                "samples=60",
            ),
        ),
    ],
)
def test_a_study_of_masked_inputs_is_filed_by_what_is_visible(
    masked: Lab, study: str, words: tuple[str, ...]
) -> None:
    answer = masked(f"experiment={study}", *SMALL, *words)
    assert answer.code == 0, answer.err
    table = read_csv(masked.results / study / "results.csv")
    few, many = beyond(table, few=True), beyond(table)
    assert set(few["inputs.seen"]) == {6} and set(many["inputs.seen"]) == {11}
    assert len(few) + len(many) == len(table)
    told = table[table[METRIC] == FEW_VISIBLE]
    assert set(told["key"]) == set(table["key"]), "every cell says so, whatever became of it"
    page = (masked.results / study / "report.md").read_text()
    if study == "collision":
        skipped = few[few["status"] == "skipped"]
        cells = skipped.groupby("collision")["key"].nunique()
        assert set(cells.index) == {"null_step", "radon"}
        assert "With no more than d + 1 positions 2 constructions decline, and say why" in page
        assert all(re.search(rf"\| {number} \|$", page, re.M) for number in cells)
    if study == "four_questions":
        asked = table[table[METRIC].isin(["q1", "q2"]) & (table["asks"] == "weights")]
        few, many = (
            rows[rows["key"].isin(asked["key"]) & rows[METRIC].isin(["q1", "q2"])] for rows in (few, many)
        )
        assert len(few) and len(many) and (few["value"] == 1).all() and (many["value"] == 0).all()


@pytest.mark.parametrize("seen", [6, 11])
def test_exact_laws_are_those_of_the_visible_positions(seen: int) -> None:
    """As if the hidden ones were not there: 6 or 11 Gaussian values, never 12."""
    inputs, trials = Masked(n=12, d=8, e=8, seen=seen), 300
    certified = phase.trial(inputs, UniformSupport(support=2), trials, Streams(0))
    possible = asker.trial(inputs, Extreme(), 1, 1, trials, Streams(0)) if seen == 11 else None
    for row, metric, exact in (
        (certified, "unique", unique_probability(seen, 8, 2)),
        (possible, "possible", collision_probability(seen, 8)),
    ):
        if row is not None:
            np.testing.assert_allclose(row["exact"], exact, atol=1e-12)
            rate = row[metric].mean()
            assert abs(rate - exact) <= 4 * np.sqrt(exact * (1 - exact) / trials) + 1e-12


def test_a_law_by_visible_positions() -> None:
    mask = np.arange(5) < np.array([5, 2, 5, 1])[:, None]
    asked: list[int] = []

    def law(visible: int) -> float:
        asked.append(visible)
        return float(visible**2)

    assert by_visible(law, mask).tolist() == [25, 4, 25, 1]
    assert asked == [1, 2, 5], "each number once"
