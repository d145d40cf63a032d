"""attnlab from Python: quick to import, its names documented by examples that run, typed by a stub that agrees."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import attnlab

ROOT = Path(__file__).parents[1]
PUBLIC = [name for name in attnlab.__all__ if name != "__version__"]


def test_importing_it_is_quick_and_loads_no_library() -> None:
    code = (
        "import sys, time; began = time.process_time(); import attnlab; took = time.process_time() - began\n"
        "heavy = {'numpy', 'scipy', 'pandas', 'hydra', 'matplotlib', 'numba'} & set(sys.modules)\n"
        "print(took, sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    took, _, heavy = done.stdout.strip().partition(" ")
    assert heavy == "[]" and float(took) < 0.1


def test_a_name_of_the_science_does_not_load_the_harness() -> None:
    code = (
        "import sys, attnlab; attnlab.is_unique([0.5, 0.5], [[0.0], [1.0]]); attnlab.attend([1], [[1]], [[2]])\n"
        "print(sorted({'hydra', 'matplotlib', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_found_listed_and_shadowed_by_no_module(name: str) -> None:
    found = getattr(attnlab, name)
    assert callable(found) and found.__name__ == name
    assert name in dir(attnlab)
    assert not (ROOT / "attnlab" / f"{name}.py").exists() and not (ROOT / "attnlab" / name).is_dir()
    importlib.import_module(found.__module__)
    assert getattr(attnlab, name) is found


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_an_example_that_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = getattr(attnlab, name)
    text = inspect.getdoc(found) or ""
    examples = doctest.DocTestParser().get_doctest(text, {}, name, found.__module__, 0)
    assert examples.examples, f"{name} has no example in its docstring"
    if "import torch" in text:
        pytest.importorskip("torch")
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    told: list[str] = []
    runner.run(examples, out=told.append)
    assert not runner.failures, "".join(told)


def test_the_stub_and_the_table_of_homes_agree() -> None:
    tree = ast.parse((ROOT / "attnlab" / "__init__.pyi").read_text())
    stub = {
        alias.asname: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert stub == attnlab._HOMES


def test_another_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="no attribute 'atend'"):
        attnlab.atend  # type: ignore[attr-defined]  # noqa: B018


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert attnlab.__version__ in (version("attnlab"), "(not installed)")


def test_what_is_listed_is_what_is_public() -> None:
    """Whatever has been imported: rooms of the package and names it needs itself are not offered."""
    code = "import attnlab, attnlab.report.asked; attnlab.is_unique; print(*dir(attnlab))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == sorted(attnlab.__all__) == dir(attnlab)
