"""Masks of somebody's file: hiding everything or one row, or of a kind there is none of, in one sentence each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Lab

from attnlab.inputs.arrays import Arrays
from attnlab.inputs.heads import Heads
from attnlab.parts import SettingError

N = 7
SEEN = np.ones((N, N), dtype=bool)


def arrays() -> dict[str, Any]:
    draw = np.random.default_rng(0).standard_normal
    return {name: draw((1, 2, N, 3)) for name in ("queries", "keys", "values")}


def audit(lab: Lab, mask: Any, kind: str = "keep") -> Any:
    path = lab.folder / "mine.npz"
    np.savez(path, **arrays(), mask=mask, mask_kind=kind)
    return lab("experiment=audit", f"inputs.path={path}", "exec=serial", "searched=1")


def test_a_mask_that_hides_everything_is_told_once_with_its_rows(lab: Lab) -> None:
    audit(lab, ~SEEN)
    cells = [json.loads(p.read_text()) for p in (lab.results / "audit" / "cells").glob("*/*.json")]
    (reason,) = {cell["reason"] for cell in cells if cell["status"] == "skipped"}
    assert reason.startswith("mine.npz: expected a mask that shows a position to some row, got mask (7, 7)")
    assert "from rows 0 to 6 (mask_kind=keep" in reason
    assert len(cells) == 2


@pytest.mark.parametrize("kind", ["keep", "additive"])
def test_the_page_says_how_many_rows_see_nothing(lab: Lab, kind: str) -> None:
    mask = SEEN.copy()
    mask[3] = False
    assert audit(lab, mask if kind == "keep" else np.where(mask, 0.0, -np.inf), kind).code == 0
    page = (lab.results / "audit" / "report.md").read_text()
    assert "Of 12 rows in 2 heads" in page and "2 further rows of these heads" in page


def test_rows_at_padding_are_not_told_as_rows_that_see_nothing(lab: Lab) -> None:
    assert audit(lab, np.arange(N) >= 5, "pad").code == 0
    assert "further row" not in (lab.results / "audit" / "report.md").read_text()


def test_a_kind_of_mask_there_is_not_is_shown_with_those_there_are(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays(), mask=SEEN, mask_kind="kepp")
    with pytest.raises(
        SettingError, match="mask_kind to be one of keep, pad, additive, causal, none, got kepp"
    ):
        Arrays(path=str(path))


def test_shapes_and_types_that_are_expected_are_said_once() -> None:
    found = {name: array[0] for name, array in arrays().items()}
    with pytest.raises(ValueError, match=r"^expected tokens \(7,\), got \(2,\)$"):
        Heads(**found, tokens=["a", "b"])
    with pytest.raises(ValueError, match=r"tokens \(7,\), or \(1, 7\), got \(2,\)$"):
        Heads(**arrays(), tokens=["a", "b"])
    with pytest.raises(ValueError, match=r"got int64 \(2, 7, 3\): whole numbers\? save them as float64"):
        Heads(**{**found, "values": found["values"].astype(np.int64)})
