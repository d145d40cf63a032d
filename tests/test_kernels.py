"""Compiled kernels: what their arithmetic may do, how they are kept, and the allowance their certificates make."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from numba.core.registry import CPUDispatcher
from numpy.typing import NDArray

from attnlab.solvers import nnls_kernels
from attnlab.solvers.arithmetic import FAST

ROOT = Path(__file__).parents[1]
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.glob("attnlab/**/*.py"))
}


def top_imports(tree: ast.Module) -> dict[str, set[str]]:
    """The modules a file imports as it is imported itself, with the names it takes from each."""
    found: dict[str, set[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                module, taken = (whole, set[str]()) if whole in FILES else (node.module, {name.name})
                found.setdefault(module, set()).update(taken)
        elif isinstance(node, ast.Import):
            found.update({name.name: set() for name in node.names})
    return found


COMPILERS = {"numba", "attnlab.solvers.compiling"}
COMPILED = sorted(name for name, tree in FILES.items() if COMPILERS & set(top_imports(tree)))
KERNEL_FILES = [name for name in COMPILED if name.endswith("_kernels")]


def kernels(module: str) -> dict[str, CPUDispatcher]:
    found = vars(importlib.import_module(module))
    return {name: value for name, value in found.items() if isinstance(value, CPUDispatcher)}


@pytest.mark.parametrize("module", COMPILED)
def test_a_kernel_takes_the_stated_liberties_or_none(module: str) -> None:
    for name, kernel in kernels(module).items():
        assert kernel.targetoptions.get("fastmath", False) in (FAST, False), name


def test_numba_is_spoken_to_in_one_place() -> None:
    """So that every kernel is kept where a folder can be written, and heard of while it is compiled."""
    spoken = [name for name, tree in FILES.items() if "numba" in top_imports(tree)]
    assert spoken == ["attnlab.solvers.compiling"]


def test_pairs_of_doubles_are_compiled_without_liberties() -> None:
    for name, kernel in kernels("attnlab.solvers.nnls_doubled").items():
        assert not kernel.targetoptions.get("fastmath", False), name


@pytest.mark.parametrize("module", COMPILED)
def test_kernels_that_call_one_another_live_in_one_file(module: str) -> None:
    for name, kernel in kernels(module).items():
        assert kernel.py_func.__module__ == module, name


def test_numba_is_loaded_by_what_needs_it() -> None:
    """From the command line's module no chain of imports outside functions reaches a file that compiles."""
    reached, waiting = (
        set[str](),
        ["attnlab.app", *(name for name in FILES if name.startswith("attnlab.harness"))],
    )
    while waiting:
        module = waiting.pop()
        if module in reached or module not in FILES:
            continue
        reached.add(module)
        waiting += top_imports(FILES[module])
    assert not reached & set(COMPILED)


@pytest.mark.parametrize(("n", "d", "k", "near"), [(24, 6, 3, 1.0), (24, 12, 8, 1e-3), (30, 10, 6, 1e-4)])
def test_directions_are_as_near_as_the_certificate_allows(n: int, d: int, k: int, near: float) -> None:
    """Against directions in extended precision: a nearly dependent support, and a value close to it."""
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(20):
        values = rng.normal(size=(n, d))
        values[1:k] = values[0] + near ** rng.uniform(size=(k - 1, 1)) * (values[1:k] - values[0])
        values[k - 1] = values[:2].mean(axis=0) + near * (values[k - 1] - values[0])
        values[k] = values[:2].mean(axis=0) + near * (
            values[k] - values[0]
        )  # leaves the support by a short step
        support = np.arange(n) < k
        face = nnls_kernels._face_room.py_func(n, d)
        nnls_kernels._face_test(values, support, np.ones(n, bool), face, nnls_kernels._room.py_func(d + 1, n))
        found = face.U[: d - k + 1, : n - k].astype(np.longdouble)
        exact, loss, smallest = directions(values, k, face.scales)
        error = np.abs(found.T @ found - exact.T @ exact).max()
        eps = np.finfo(np.float64).eps
        ratios.append(float(error / (2 * nnls_kernels._DIRECTIONS * 8 * eps * loss / smallest)))
    assert 0 < max(ratios) < 0.1


def directions(
    values: NDArray[np.float64], k: int, scales: NDArray[np.float64]
) -> tuple[NDArray[np.longdouble], float, float]:
    """Unit directions (d, n - k) in which the other values leave the first k, the loss, the least remainder."""
    v = values.astype(np.longdouble) * scales
    basis: list[NDArray[np.longdouble]] = []
    own = v[1:k] - v[0]
    rest = own / np.sqrt((own**2).sum(axis=1, keepdims=True))
    smallest = 1.0
    for _ in range(k - 1):
        sizes = np.sqrt((rest**2).sum(axis=1))
        smallest = min(smallest, float(sizes.max()))
        at = int(sizes.argmax())
        basis.append(rest[at] / sizes[at])
        rest = np.delete(rest, at, axis=0)
        for _again in range(2):
            rest = rest - np.outer(rest @ basis[-1], basis[-1])
    steps = v[k:] - v[0]
    across = steps
    for _again in range(2):
        for b in basis:
            across = across - np.outer(across @ b, b)
    lengths = np.sqrt((across**2).sum(axis=1))
    loss = float((np.sqrt((steps**2).sum(axis=1)) / lengths).max())
    return (across / lengths[:, None]).T, max(loss, 1.0), smallest


def described(tree: ast.Module, kernel: ast.FunctionDef) -> set[str]:
    """The words in the docstrings of a kernel and of its file."""
    said = f"{ast.get_docstring(tree)} {ast.get_docstring(kernel)}"
    return set(re.findall(r"\w+", said))


@pytest.mark.parametrize("module", KERNEL_FILES)
def test_a_kernel_says_what_its_arguments_are(module: str) -> None:
    """Each is named in the kernel's docstring or among the letters of the file, where arrays have their shapes."""
    tree = FILES[module]
    for kernel in tree.body:
        if isinstance(kernel, ast.FunctionDef):
            assert ast.get_docstring(kernel), kernel.name
            assert not {arg.arg for arg in kernel.args.args} - described(tree, kernel), kernel.name


PACKS = {"room", "dictionary", "face", "fit"}
"""What a compiled function is handed as one."""


@pytest.mark.parametrize("module", KERNEL_FILES)
def test_no_part_of_a_pack_is_taken_by_its_number(module: str) -> None:
    for node in ast.walk(FILES[module]):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            assert node.value.id not in PACKS, ast.unparse(node)
