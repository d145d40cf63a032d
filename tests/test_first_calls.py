"""The benchmark of first calls leaves no public call out."""

from __future__ import annotations

import contextlib
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from attnlab import identifiability
from attnlab.parts import Declined

ROOT = Path(__file__).parents[1]
THEORY = {"expected_rivals", "orthant_probability", "unique_probability", "weak_threshold"}
"""Formulas: nothing of them is compiled."""


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.delitem(sys.modules, "first_calls", raising=False)
    return importlib.import_module("first_calls")


def test_every_call_is_one_that_can_be_made(benchmark: Any) -> None:
    scope: dict[str, Any] = {}
    exec(benchmark.ARRAYS, scope)
    for call in benchmark.CALLS.values():
        with contextlib.suppress(Declined):
            exec(call, scope)


def test_every_public_call_is_timed_cold(benchmark: Any) -> None:
    calls = list(benchmark.CALLS.values())
    questions = {name for name in identifiability.__all__ if name.islower()} - THEORY
    parts = {
        f"{path.stem!r}"
        for group in ("decoder", "collision")
        for path in (ROOT / "conf" / group).glob("*.yaml")
    }
    assert not [name for name in questions | parts if not any(name in call for call in calls)]
