"""The benchmark of first calls leaves no public call out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from attnlab import identifiability

ROOT = Path(__file__).parents[1]
THEORY = {"expected_rivals", "orthant_probability", "unique_probability", "weak_threshold"}
"""Formulas: nothing of them is compiled."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.delitem(sys.modules, "first_calls", raising=False)
    import first_calls

    return list(first_calls.CALLS.values())


def test_every_public_call_is_timed_cold(calls: list[str]) -> None:
    questions = {name for name in identifiability.__all__ if name.islower()} - THEORY
    parts = {
        f"{path.stem!r}"
        for group in ("decoder", "collision")
        for path in (ROOT / "conf" / group).glob("*.yaml")
    }
    assert not [name for name in questions | parts if not any(name in call for call in calls)]
