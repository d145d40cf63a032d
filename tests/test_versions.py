"""Versions: no word of deprecation reaches a user, and the oldest of everything is what is declared."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def versions() -> ModuleType:
    """The script of `make test-versions`."""
    spec = importlib.util.spec_from_file_location("versions", ROOT / ".ci" / "versions.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.mark.parametrize("words", ["action=plan", "--cfg job", "--help decoder"])
def test_no_word_of_deprecation_reaches_a_user(tmp_path: Path, words: str) -> None:
    """Of whichever Hydra is installed; `make test-versions` installs each that is allowed."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}
    command = [sys.executable, "-m", "attnlab", "experiment=recovery", f"results={tmp_path}", *words.split()]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_oldest_is_the_lower_bound(versions: ModuleType) -> None:
    assert versions.oldest("hydra-core>=1.3.5,<1.5") == "hydra-core==1.3.5"
    assert versions.oldest("pandas-stubs") == "pandas-stubs"
    project = versions.project()
    for extra in ("", "slurm", "dask", "torch"):
        assert all("==" in versions.oldest(one) for one in project[extra]), (
            "a dependency without a lower bound"
        )


def test_every_test_that_is_run_on_other_versions_is_there(versions: ModuleType) -> None:
    assert all((ROOT / "tests" / f"test_{name}.py").is_file() for name in versions.TESTS)
    assert set(versions.EXTRAS) <= set(versions.project())


def test_an_interpreter_is_found_or_told_absent(versions: ModuleType) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert versions.interpreter(here) == sys.executable and versions.interpreter("2.0") is None
