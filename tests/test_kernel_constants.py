"""No kernel is compiled twice for a number that begins as a constant.

numba types a variable that was given a whole constant as that constant, until it sees what else it becomes: a
kernel to which it is passed is compiled once for the constant and once more for any number.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from attnlab.solvers import compiling

FOLDER = Path(compiling.__file__).parent
FILES = [path for path in sorted(FOLDER.glob("*.py")) if "solvers.compiling import" in path.read_text()]
WRITTEN_OUT = {"inlined", "exact_inlined"}
APART = "nnls_kernels"
"""Here each of the two is written in a kernel that Python calls for itself: a first call compiles one of them."""


def _given(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]]:
    """What each name of an assignment is given; part by part where a tuple is written."""
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    if isinstance(target, ast.Tuple):
        parts = value.elts if isinstance(value, ast.Tuple) else [value] * len(target.elts)
        return [pair for one, part in zip(target.elts, parts, strict=True) for pair in _given(one, part)]
    return []


def _constant(value: ast.expr) -> bool:
    """Is this a whole number, as it is written?"""
    if isinstance(value, ast.UnaryOp):
        value = value.operand
    return isinstance(value, ast.Constant) and type(value.value) is int


def _twice(source: str) -> list[str]:
    """The variables of kernels that begin as a whole constant, change, and are passed to another kernel."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    called = {
        function.name
        for function in functions
        if not {name.id for name in function.decorator_list if isinstance(name, ast.Name)} & WRITTEN_OUT
    }
    found = []
    for function in functions:
        given: dict[str, list[ast.expr]] = {}
        passed = set()
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    for name, value in _given(target, node.value):
                        given.setdefault(name, []).append(value)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                given.setdefault(node.target.id, []).append(node.target)  # itself, changed
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in called:
                passed |= {part.id for part in node.args if isinstance(part, ast.Name)}
        found += [
            f"{function.name}: {name}"
            for name, values in given.items()
            if name in passed and len(values) > 1 and any(_constant(value) for value in values)
        ]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_begins_as_a_constant_is_whole(path: Path) -> None:
    assert not _twice(path.read_text())


def test_a_constant_that_changes_is_found() -> None:
    kernel = "@inner\ndef _f(k):\n    pass\n@inner\ndef g(m):\n    k, t = {}, 1.0\n    k += m\n    _f(k)\n"
    assert _twice(kernel.format("0")) == _twice(kernel.format("-1")) == ["g: k"]
    assert not _twice(kernel.format("whole(0)"))
    assert not _twice(kernel.format("0").replace("    k += m\n", ""))


@pytest.mark.parametrize("path", [path for path in FILES if path.stem != APART], ids=lambda path: path.stem)
def test_no_kernel_is_passed_a_written_yes_or_no(path: Path) -> None:
    """It would be compiled for True and again for False; `np.bool_` makes either a yes or no like any other."""
    tree = ast.parse(path.read_text())
    kernels = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list}
    written = [
        f"{node.func.id}, line {node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kernels
        for part in node.args
        if isinstance(part, ast.Constant) and isinstance(part.value, bool)
    ]
    assert not written
