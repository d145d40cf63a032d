"""What is needed and is None, or no number at all: a ValueError that names it, from every public function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnlab

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
GOOD: dict[str, Any] = {
    "weights": [0.5, 0.5, 0.0, 0.0],
    "values": SQUARE,
    "keys": SQUARE,
    "queries": [[1.0, 0.0]],
    "query": [1.0, 0.0],
    "output": [0.5, 0.5],
    "outputs": [0.5, 0.5],
    "n": 8,
    "d": 4,
    "k": 2,
    "delta": 0.5,
}
"""An argument that is right, by its name."""


def functions() -> dict[str, Callable[..., Any]]:
    """The functions of the science, by name: those whose needed arguments are arrays and numbers."""
    found = {name: getattr(attnlab, name) for name in attnlab.__all__}
    return {
        name: function
        for name, function in found.items()
        if inspect.isfunction(function) and needed(function) and set(needed(function)) <= set(GOOD)
    }


def needed(function: Callable[..., Any]) -> list[str]:
    """The arguments without which it cannot be called."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = inspect.signature(function).parameters.values()
    return [one.name for one in found if one.default is one.empty and one.kind in kinds]


def test_most_of_the_public_names_are_looked_at() -> None:
    assert len(functions()) >= 15


@pytest.mark.parametrize("name", functions())
def test_it_is_refused_by_its_name(name: str) -> None:
    function = functions()[name]
    good = {argument: GOOD[argument] for argument in needed(function)}
    function(**good)
    for argument in good:
        for wrong in (None, "text", [[1.0], [1.0, 2.0]], object()):
            with pytest.raises(ValueError, match=argument.removesuffix("s")):
                function(**{**good, argument: wrong})


def test_a_folder_that_is_no_study_names_the_one_most_like_it(tmp_path: Path) -> None:
    for study in ("mean", "scales"):
        attnlab.run(
            "recovery", "inputs.n=4", weights="hard", decoder="simplex", trials=2, exec="serial",
            study=study, results=tmp_path / "results",
        )  # fmt: skip
    with pytest.raises(ValueError, match=r"in .*results: mean, scales; did you mean mean\?\); got"):
        attnlab.load(tmp_path / "results" / "meen")
    with pytest.raises(ValueError, match=r"in .*results: mean, scales\); got"):
        attnlab.load(tmp_path / "results")
