"""A record as the harness writes it, for tests that need one without a run."""

from __future__ import annotations

from typing import Any

METRIC: dict[str, Any] = {
    "kind": "mean", "value": 0.1, "low": 0.0, "high": 0.2, "count": 8, "effective": 8.0, "nonfinite": 0,
    "by_repeat": [0.1, None],
}  # fmt: skip


def record(key: str = "abcd", **other: Any) -> dict[str, Any]:
    """One that is done; `other` replaces or adds facts."""
    return {
        "schema": 3,
        "key": key,
        "study": "noop",
        "module": "noop",
        "versions": {"experiment": 1},
        "sources": {},
        "config": {"level": 1, "inputs": {"_target_": "attnlab.inputs.gaussian.Gaussian", "n": 4}},
        "choices": {"inputs": "gaussian"},
        "facts": {"inputs:says": "normal draws"},
        "status": "done",
        "metrics": {"draw": dict(METRIC)},
        "started": "2026-01-01T00:00:00+00:00",
        "duration": 0.1,
        "host": "here",
        "run_id": "20260101T000000Z-abcdef",
        "code": "unknown",
        **other,
    }
