"""A file of weights and values, without queries and keys: what can be asked is, what needs the keys is skipped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Answer

from attnlab.shapes import NO_KEYS

TINY = ("trials=4", "repeats=1", "exec=serial")
ASKED = {
    "recovery": {"least_squares", "max_entropy", "nearest_value", "simplex"},
    "ladder": {"max_entropy", "simplex"},
}
"""The decoders of a study that have what they need."""


def statuses(
    command: Callable[..., Answer], folder: Path, experiment: str, *words: str
) -> list[tuple[str, str, str]]:
    """Status, reason and decoder of every cell of a study on such a file."""
    draw = np.random.default_rng(0)
    path = folder / "mine.npz"
    np.savez(path, weights=draw.dirichlet(np.ones(7), (2, 7)), values=draw.normal(size=(2, 7, 3)))
    told = command(
        f"experiment={experiment}", f"results={folder / 'results'}", "inputs=arrays", f"inputs.path={path}",
        *TINY, *words,
    )  # fmt: skip
    assert told.code == 0, told.err
    found = [json.loads(p.read_text()) for p in (folder / "results" / experiment / "cells").glob("*/*.json")]
    assert found
    return [(one["status"], one.get("reason") or "", str(one["config"].get("decoder"))) for one in found]


@pytest.mark.parametrize(
    "experiment",
    ["recovery", "spare", "four_questions", "alignment", "collision", "fibre", "heads", "ladder", "probing"],
)
def test_no_cell_fails_for_want_of_keys(
    experiment: str, tmp_path: Path, command: Callable[..., Answer]
) -> None:
    found = statuses(command, tmp_path, experiment, "weights=given")
    assert {status for status, _, _ in found} <= {"done", "skipped"}
    if experiment in ("spare", "alignment"):
        assert {reason for _, reason, _ in found} == {NO_KEYS}
    for decoder in ASKED.get(experiment, ()):
        assert any(status == "done" and decoder in name for status, _, name in found), decoder
    declined = {reason for _, reason, name in found if "softmax_inverse" in name}
    assert declined == ({NO_KEYS} if experiment in ASKED else set())
    if experiment == "collision":
        assert [reason for _, reason, _ in found].count(NO_KEYS) == 2, (
            "another query, and keys that change places"
        )


def test_three_of_four_questions_are_answered_and_the_page_says_why_one_is_not(
    tmp_path: Path, command: Callable[..., Answer]
) -> None:
    found = statuses(command, tmp_path, "four_questions", "weights=given", "asks=weights,words", "samples=20")
    assert {status for status, _, _ in found} == {"done"} and len(found) == 2
    folder = tmp_path / "results" / "four_questions"
    page = (folder / "report.md").read_text()
    (row,) = (
        line
        for line in page.splitlines()
        if "the model's own weights, a linear reader" in line and "|" in line
    )
    answers = [cell.strip() for cell in row.strip("|").split("|")][1:]
    assert [cell == "no value" for cell in answers] == [False, False, False, True, False]
    assert "Q3 needs the keys" in page and "no other softmax weights" not in page
    for path in (folder / "cells").glob("*/*.json"):
        measured = json.loads(path.read_text())["metrics"]
        told = {name for name, number in measured.items() if number["value"] is not None}
        assert {"q1", "q2"} <= told and not {name for name in told if name.startswith("q3")}


def test_weights_of_scores_and_positions_without_keys(tmp_path: Path, command: Callable[..., Answer]) -> None:
    asker = statuses(command, tmp_path, "asker")
    assert {status for status, _, _ in asker} == {"done"}, "any weights: the keys are not asked for"
    scored = statuses(command, tmp_path, "fibre")
    assert {status for status, _, _ in scored} == {"skipped"}
    assert any("weights=given" in reason for _, reason, _ in scored)
