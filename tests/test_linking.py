"""What only kernels call is optimised once, translated with them, and kept for the next kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

from attnlab.solvers import compiling, linking

OWN = """
from attnlab.solvers.compiling import inner, kernel
@inner
def part(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
    return total
@inner
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


def library(dispatcher: Any) -> Any:
    """That of the only overload."""
    (compiled,) = dispatcher.overloads.values()
    return compiled.library


def instructions(library: Any) -> int:
    """Bytes of machine code in a library's object code."""
    sections = llvm.ObjectFileRef.from_data(library._get_compiled_object()).sections()
    return sum(section.size() for section in sections if section.is_text())


@pytest.mark.parametrize(
    ("within", "outermost"),
    [(compiling.inner, compiling.kernel), (compiling.exact_inner, compiling.exact)],
    ids=["fast", "exact"],
)
def test_each_function_is_optimised_once_and_translated_in_the_kernel(
    within: Any, outermost: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    optimised: dict[str, set[str]] = {}
    numbas: Any = JITCodeLibrary._optimize_final_module

    def noted(library: Any) -> None:
        defined = (f.name for f in library._final_module.functions if not f.is_declaration)
        optimised[library.name.split(".")[-1]] = {
            name for f in defined for name in ("leaf", "middle", "top") if name in f
        }
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
    own = {name: optimised[name] for name in ("leaf", "middle", "top")}
    assert own == {"leaf": {"leaf"}, "middle": {"middle"}, "top": {"top"}}
    assert instructions(library(leaf)) == instructions(library(middle)) == 0 < instructions(library(top))


def test_another_kernel_takes_what_was_kept(tmp_path: Path) -> None:
    """In another process: inner functions compiled for the first kernel are those of the second."""
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
    assert asked("other") == [3 * squares, 0, 0]


def test_a_numba_without_a_name_that_is_needed_compiles_as_it_would() -> None:
    assert linking.pipelines() == (linking.KERNEL, linking.INNER) != (Compiler, Compiler)
    assert linking.pipelines((*linking.NEEDED, "no_name_of_numbas")) == (Compiler, Compiler)
