"""Versions follow the numbers of experiments, too: the trials of a tiny cell are kept beside its VERSION."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import pytest
from numbers_of import experiments, measured, problem_with, stored

from attnlab.parts import Unavailable

BEFORE = stored()


@pytest.mark.parametrize("name", experiments())
def test_changed_numbers_have_a_raised_version(name: str) -> None:
    try:
        found = measured(name)
    except Unavailable as reason:
        pytest.skip(str(reason))
    told = problem_with(name, found, BEFORE)
    assert told is None, told
    module = importlib.import_module(f"attnlab.experiments.{name.partition('=')[2]}")
    assert found["versions"]["experiment"] == module.VERSION and len(found["numbers"]) > 10


def test_a_trial_that_returns_another_number_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one metric of one trial; with a raised VERSION the file is to be written anew."""
    module = importlib.import_module("attnlab.experiments.recovery")
    asked = module.trial

    @functools.wraps(asked)
    def changed(*args: Any, **settings: Any) -> Any:
        row = asked(*args, **settings)
        moved = row["total_variation"].copy()
        moved[1] += 1e-4
        return {**row, "total_variation": moved}

    monkeypatch.setattr(module, "trial", changed)
    told = problem_with("experiment=recovery", measured("experiment=recovery"), BEFORE)
    assert told is not None and "raise the version, VERSION of experiments/recovery.py" in told
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    told = problem_with("experiment=recovery", measured("experiment=recovery"), BEFORE)
    assert told is not None and "other versions" in told
