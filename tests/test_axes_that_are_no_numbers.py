"""A figure over what is no number is refused in words: by ValueError, on the page, and without a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Lab

import attnlab

RUN = (
    "experiment=recovery",
    "inputs.n=4",
    "weights=hard",
    "decoder=simplex",
    "trials=4",
    "repeats=1",
    "exec=serial",
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> attnlab.Study:
    """One cell with numbers, names and truths among its settings."""
    folder: Path = tmp_path_factory.mktemp("results")
    return attnlab.run(
        "recovery",
        "inputs.n=4",
        weights="hard",
        decoder="simplex",
        trials=4,
        repeats=1,
        exec="serial",
        results=folder,
    )


@pytest.mark.parametrize("column", ["weights", "metric", "inputs:density", "decoder:knows"])
def test_lines_over_a_name_are_referred_to_points(study: attnlab.Study, column: str) -> None:
    with pytest.raises(ValueError, match=f"{column} is not a number in every cell; use kind points"):
        study.figure(column, "top1", kind="lines")
    assert study.figure(column, "top1").caption


@pytest.mark.parametrize("column", ["inputs.n/weights", "decoder-inputs.n", "weights/decoder"])
@pytest.mark.parametrize("kind", ["lines", "points", "table", "tiles", "heat"])
@pytest.mark.parametrize("key", ["x", "hue"])
def test_nothing_is_divided_by_a_name(study: attnlab.Study, kind: str, column: str, key: str) -> None:
    if kind in ("heat", "tiles") and key == "hue":
        pytest.skip("this kind has no series")
    asked: dict[str, Any] = {"x": "inputs.n", "y": "top1", key: column}
    if kind == "heat":
        asked |= {"y": "inputs.d", "value": "top1"}
    with pytest.raises(ValueError, match="is not a number in every cell"):
        study.figure(**asked, kind=kind)


@pytest.mark.parametrize("x", ["decoder", "inputs.n/weights"])
def test_a_command_tells_it_without_a_traceback(lab: Lab, x: str) -> None:
    answer = lab(*RUN, f"figures=[{{name: mine, kind: lines, x: {x}, y: top1}}]")
    assert answer.code == 0 and "Traceback" not in answer.err + answer.out, answer.err
    page = (lab.results / "recovery" / "report.md").read_text(encoding="utf-8")
    assert "is not a number in every cell" in page
