"""What only kernels call is optimised in the kernel that Python calls, and kept for the next one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.codegen import JITCodeLibrary

from attnlab.solvers import compiling

OWN = """
from attnlab.solvers.compiling import enclosed, kernel
@enclosed
def part(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
    return total
@enclosed
def whole(x):
    return 2.0 * part(x)
@kernel
def one(x):
    return whole(x)
@kernel
def other(x):
    return whole(x) + part(x)
"""
ASK = """
import sys
import numpy as np
import own
found = getattr(own, sys.argv[1])(np.arange(5.0))
print(found, *(sum(f.stats.cache_hits.values()) for f in (own.part, own.whole)))
"""


@pytest.mark.parametrize(
    ("within", "outermost"),
    [(compiling.enclosed, compiling.kernel), (compiling.exact_enclosed, compiling.exact)],
    ids=["fast", "exact"],
)
def test_only_the_outermost_function_is_optimised(
    within: Any, outermost: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If numba no longer asks a library for it by this name, kernels work and first calls take longer."""
    optimised: list[str] = []
    numbas: Any = JITCodeLibrary._optimize_final_module

    def noted(library: Any) -> None:
        optimised.append(library.name)
        numbas(library)

    monkeypatch.setattr(compiling.SETTINGS, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(JITCodeLibrary, "_optimize_final_module", noted)

    @within  # type: ignore[untyped-decorator]
    def leaf(x: float) -> float:
        return x + 1.0

    @within  # type: ignore[untyped-decorator]
    def middle(x: float) -> Any:
        return 2.0 * leaf(x)

    @outermost  # type: ignore[untyped-decorator]
    def top(x: float) -> Any:
        return middle(x) + leaf(x)

    assert top(2.0) == 9.0
    own = [name for name in (name.split(".")[-1] for name in optimised) if name in ("leaf", "middle", "top")]
    assert own == ["top"]


def test_another_kernel_takes_what_was_kept(tmp_path: Path) -> None:
    """In another process: parts compiled for the first kernel are those of the second."""
    (tmp_path / "own.py").write_text(OWN)
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "kept"),
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[1]}",
    }

    def asked(name: str) -> list[float]:
        run = [sys.executable, "-c", ASK, name]
        told = subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout
        return [float(word) for word in told.split()]

    squares = float((np.arange(5.0) ** 2).sum())
    assert asked("one") == [2 * squares, 0, 0]
    assert asked("other") == [3 * squares, 1, 1]
    assert asked("other")[0] == 3 * squares
