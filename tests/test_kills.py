"""Twenty of the kills of benchmarks/kills.py, which does two hundred."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from kills import besiege


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_that_is_killed_at_random_moments_loses_nothing(tmp_path: Path, workers: int) -> None:
    """kill -9 of the driver, of a worker, of all: the same bytes in the end, nothing run again, nothing left."""
    assert besiege(tmp_path, (f"exec.workers={workers}",), 10, random.Random(workers)) == []
