"""A fixed seed counts the same events everywhere: other threads, other kernels, other instruction sets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_grid import AT_INFINITY, SEARCHED

HERE = Path(__file__).parent
ONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
OTHER = {
    "OPENBLAS_NUM_THREADS": "2",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_CORETYPE": "Nehalem",  # sums in another order than on any machine of the last decade
}
"""What stands for another machine: other kernels of BLAS and LAPACK, which sum in another order."""


def answers(settings: dict[str, str]) -> Any:
    """What the small grid counts and measures in a process with these settings."""
    environment = {**os.environ, **settings, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
    script = [sys.executable, str(HERE / "small_grid.py")]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_rates_are_the_same_and_means_nearly() -> None:
    here, there = answers(ONE), answers(OTHER)
    assert here.keys() == there.keys() and len(here) > 50
    kinds = []
    for cell, metrics in here.items():
        for metric, (kind, value, count) in metrics.items():
            kinds.append(kind)
            other = there[cell][metric]
            assert other[2] == count, (cell, metric)
            if kind == "rate":
                assert other[1] == value, (cell, metric)
            elif value is not None:
                apart = SEARCHED.get(metric, AT_INFINITY.get(cell, 1e-9))
                assert other[1] == pytest.approx(value, rel=1e-6, abs=apart), (cell, metric)
    assert kinds.count("rate") > 100 and kinds.count("mean") > 100
